/** Builds the program once for a machine, from the official module. */
import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { copyFile, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { cachedFolder } from '../../kubernetes/build/cache.ts'

const run = promisify(execFile)

const MODULE = 'github.com/prometheus/prometheus'
export const VERSION = 'v0.316.0'
const SOURCE = new URL('./main.go', import.meta.url).pathname

/** The folder of the module's source. */
export async function moduleFolder(): Promise<string> {
  const { Dir } = await download()
  return Dir
}

async function download(): Promise<{ GoMod: string; Dir: string }> {
  const { stdout } = await run('go', ['mod', 'download', '-json', `${MODULE}@${VERSION}`], {
    env: { ...process.env, GOFLAGS: '-mod=mod' },
  })
  return JSON.parse(stdout) as { GoMod: string; Dir: string }
}

/** Path of the program. Changing its source builds it anew. */
export async function oracle(): Promise<string> {
  const digest = createHash('sha256')
    .update(await readFile(SOURCE))
    .digest('hex')
    .slice(0, 12)
  const folder = await cachedFolder(`promql-oracle-${VERSION}-${digest}`, async target => {
    const { GoMod, Dir } = await download()
    const own = (await readFile(GoMod, 'utf8')).replace(
      /^module .*$/m,
      `module wattline.test/oracle\n\nrequire ${MODULE} ${VERSION}`,
    )
    await writeFile(join(target, 'go.mod'), own)
    await copyFile(join(Dir, 'go.sum'), join(target, 'go.sum'))
    await copyFile(SOURCE, join(target, 'main.go'))
    process.stderr.write('building the oracle ...\n')
    await run(
      'nice',
      ['-n', '15', 'go', 'build', '-mod=mod', '-trimpath', '-ldflags=-s -w', '-o', 'oracle', '.'],
      {
        cwd: target,
        env: { ...process.env, CGO_ENABLED: '0', GOFLAGS: '-buildvcs=false' },
        maxBuffer: 2 ** 26,
      },
    )
  })
  return join(folder, 'oracle')
}
