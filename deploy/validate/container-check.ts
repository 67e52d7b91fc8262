/**
 * `wattline check` as the container would run it: its configuration file, its secrets and its environment, with the paths
 * inside the container moved to a temporary folder.
 */
import { execFile } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'

const ROOT = new URL('../../', import.meta.url).pathname
/** Everything that is mounted for Wattline to read lies below it. */
const MOUNTED = '/etc/wattline/'

interface ContainerRun {
  /** Of the entry point: `run --config FILE [--roles ROLES]`. */
  readonly args: readonly string[]
  readonly environment: Readonly<Record<string, string>>
  /** Text of what is mounted, by its path in the container. */
  readonly files: ReadonlyMap<string, string>
}

/** What the check has to say; empty when the configuration is good. */
export async function checkContainer({ args, environment, files }: ContainerRun): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'wattline-container-'))
  const moved = (text: string): string => text.replaceAll(MOUNTED, `${folder}${MOUNTED}`)
  try {
    for (const [path, text] of files) {
      const place = join(folder, path)
      mkdirSync(dirname(place), { recursive: true })
      writeFileSync(place, moved(text))
    }
    const [command, ...rest] = args
    if (command !== 'run') return `the container runs \`${command}\`, not \`run\``
    const check = [`${ROOT}cli/wattline.cjs`, 'check', ...rest.map(moved)]
    // Nothing of this process: a container starts with what it is given.
    await promisify(execFile)(process.execPath, check, { env: { ...environment }, cwd: folder })
    return ''
  } catch (error) {
    const { stderr, message } = error as Error & { stderr?: string }
    return (stderr || message).replaceAll(folder, '')
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}
