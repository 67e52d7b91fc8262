/** Programs of a Go module whose `go.mod` replaces or excludes modules, which `go install MODULE@VERSION` refuses. */
import { execFile } from 'node:child_process'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { cachedFolder } from './cache.ts'

const run = promisify(execFile)

/** A Go module, and the programs to build from it. */
export interface GoPrograms {
  readonly module: string
  readonly version: string
  /** Folders of the programs below the module, `cmd/...`. */
  readonly programs: readonly string[]
  /** Version of the modules that the module has as folders of its own, `./staging/...`. */
  readonly staging?: string
  /** Values of variables, as `-ldflags -X` takes them. */
  readonly variables?: Readonly<Record<string, string>>
}

/** The folder of the built programs, and the folder of the module's source. */
export interface Built {
  readonly bin: string
  readonly source: string
}

/**
 * Builds the programs with the versions of everything that the module itself asks for. Go keeps what it compiles in its own cache,
 * so a build that was stopped goes on where it was.
 */
export async function goPrograms(wanted: GoPrograms): Promise<Built> {
  const { module, version } = wanted
  const { GoMod, Dir } = await downloaded(module, version)
  const names = wanted.programs.map(program => program.split('/').at(-1) ?? program)
  const bin = await cachedFolder(
    `${module.replaceAll('/', '-')}-${version}-${names.join('-')}`,
    async folder => {
      const own = await goModOf(await readFile(GoMod, 'utf8'), wanted)
      await writeFile(join(folder, 'go.mod'), own)
      for (const program of wanted.programs)
        await build(folder, `${module}/${program}`, wanted.variables ?? {})
    },
  )
  return { bin, source: Dir }
}

async function downloaded(module: string, version: string): Promise<{ GoMod: string; Dir: string }> {
  const { stdout } = await run('go', ['mod', 'download', '-json', `${module}@${version}`], {
    env: { ...process.env, GOFLAGS: '-mod=mod' },
  })
  return JSON.parse(stdout) as { GoMod: string; Dir: string }
}

/** The module's own `go.mod` under another name, requiring the module, with published modules in place of its folders. */
async function goModOf(text: string, { module, version, staging }: GoPrograms): Promise<string> {
  return text
    .replace(/^module .*$/m, `module wattline.test/programs\n\nrequire ${module} ${version}`)
    .replaceAll(/^(\s*(?:replace )?)(\S+) => \.\/\S+$/gm, (_line, before: string, name: string) => {
      if (staging === undefined) throw new Error(`${module} replaces ${name} with a folder: give 'staging'`)
      return `${before}${name} => ${name} ${staging}`
    })
}

async function build(folder: string, program: string, variables: Readonly<Record<string, string>>) {
  const started = performance.now()
  const set = Object.entries(variables).map(([name, value]) => `-X ${name}=${value}`)
  const flags = ['-mod=mod', '-trimpath', `-ldflags=-s -w ${set.join(' ')}`]
  process.stderr.write(`building ${program} ...\n`)
  await run('nice', ['-n', '15', 'go', 'build', ...flags, '-o', `${folder}/`, program], {
    cwd: folder,
    env: { ...process.env, CGO_ENABLED: '0', GOFLAGS: '-buildvcs=false' },
    maxBuffer: 2 ** 26,
  })
  process.stderr.write(`built ${program} in ${Math.round((performance.now() - started) / 1_000)} s\n`)
}
