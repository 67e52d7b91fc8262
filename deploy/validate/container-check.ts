/**
 * Runs `wattline check` as the container would: with its configuration file, its secrets and its environment; the paths
 * inside the container are mapped to a temporary folder.
 */
import { execFile } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'

const ROOT = new URL('../../', import.meta.url).pathname
/** Everything that is mounted for Wattline to read is below it. */
const MOUNTED = '/etc/wattline/'

interface ContainerStart {
  /** Arguments of the entry point: `run --config FILE [--roles ROLES]`. */
  readonly args: readonly string[]
  readonly environment: Readonly<Record<string, string>>
  /** Content of mounted files, by path in the container. */
  readonly files: ReadonlyMap<string, string>
}

/** Output of the check; empty when the configuration is valid. */
export async function checkContainer({ args, environment, files }: ContainerStart): Promise<string> {
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
    // Inherits nothing from this process: a container gets only its own environment.
    await promisify(execFile)(process.execPath, check, { env: { ...environment }, cwd: folder })
    return ''
  } catch (error) {
    const { stderr, message } = error as Error & { stderr?: string }
    return (stderr || message).replaceAll(folder, '')
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}
