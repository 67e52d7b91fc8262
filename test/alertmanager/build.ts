/** An Alertmanager, built once for a machine from its Go module. */
import { execFile } from 'node:child_process'
import { cp, mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { cachedFolder } from '../kubernetes/build/cache.ts'

const run = promisify(execFile)
const MODULE = 'github.com/prometheus/alertmanager'
const VERSION = 'v0.34.1'

/** Path of the program. A first build takes some minutes of CPU. */
export async function alertmanagerProgram(): Promise<string> {
  const folder = await cachedFolder(`alertmanager-${VERSION}`, async home => {
    const { stdout } = await run('go', ['mod', 'download', '-json', `${MODULE}@${VERSION}`])
    const { Dir } = JSON.parse(stdout) as { readonly Dir: string }
    const source = join(home, 'source')
    await cp(Dir, source, { recursive: true })
    await run('chmod', ['-R', 'u+w', source])
    // The module does not contain its built pages, without which it does not compile.
    await mkdir(join(source, 'ui/app/dist'), { recursive: true })
    await writeFile(join(source, 'ui/app/dist/index.html'), '<!doctype html>')
    process.stderr.write(`building Alertmanager ${VERSION} ...\n`)
    const flags = ['-trimpath', '-ldflags=-s -w', '-o', join(home, 'alertmanager'), './cmd/alertmanager']
    await run('nice', ['-n', '15', 'go', 'build', ...flags], {
      cwd: source,
      env: { ...process.env, CGO_ENABLED: '0', GOFLAGS: '-buildvcs=false' },
      maxBuffer: 2 ** 26,
    })
  })
  return join(folder, 'alertmanager')
}
