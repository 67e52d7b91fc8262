import { randomUUID } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import { hostname } from 'node:os'
import { join } from 'node:path'

/**
 * A name of this instance that survives restarts. It is stored in its data folder, whose lock makes it unique, and
 * contains the host's name, so a copy of the folder elsewhere is another instance.
 */
export function instanceName(data: string): string {
  const file = join(data, 'instance')
  return `${hostname()}-${readName(file) ?? createName(file)}`
}

function readName(file: string): string | null {
  try {
    const name = readFileSync(file, 'utf8').trim()
    return name === '' ? null : name
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null
    throw error
  }
}

function createName(file: string): string {
  const name = randomUUID()
  writeFileSync(file, `${name}\n`)
  return name
}
