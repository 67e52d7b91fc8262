/** Programs in Go, built once from the module proxy into a cache beside the packages. */
import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, rename, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'

const CACHE = join(import.meta.dirname, '../../node_modules/.cache')

const run = promisify(execFile)
const exists = (path: string): Promise<boolean> =>
  stat(path).then(
    () => true,
    () => false,
  )

/**
 * Path of the program `name`, which `build` writes into the given folder: created in one step, also with concurrent
 * builders. `cache` names it with its version.
 */
export async function builtOnce(
  cache: string,
  name: string,
  build: (folder: string) => Promise<void>,
): Promise<string> {
  const home = join(CACHE, cache)
  const path = join(home, name)
  if (await exists(path)) return path
  await mkdir(home, { recursive: true })
  const folder = await mkdtemp(join(home, 'making-'))
  try {
    await build(folder)
    await rename(join(folder, name), path)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
  return path
}

/** `go install` into the folder. Rejects with the output of Go. */
export const goInstall = (folder: string, target: string, options: readonly string[] = []): Promise<void> =>
  go(folder, 'go', ['install', ...options, target], { GOBIN: folder })

/** Runs a command of Go, or one that runs Go. Rejects with its output. */
export async function go(
  cwd: string,
  command: string,
  args: readonly string[],
  environment: Readonly<Record<string, string>> = {},
): Promise<void> {
  const env = { ...process.env, CGO_ENABLED: '0', ...environment }
  await run(command, [...args], { cwd, env, maxBuffer: 2 ** 26 })
}
