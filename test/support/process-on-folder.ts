/**
 * For test files about the content of a data folder: a new one for each test, and processes on it, one after the other.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach } from 'vitest'
import { HASTE } from './spans-of-a-process.ts'
import { startProcess, type WattlineProcess } from './wattline-process.ts'

export interface ProcessOnFolder {
  /** The folder of the current test. */
  readonly data: string
  start(environment?: Readonly<Record<string, string>>): Promise<WattlineProcess>
}

/** A process that a test leaves running is killed, and its folder removed. `name`: of the folder, for debugging. */
export function processOnFolder(name: string): ProcessOnFolder {
  let data = ''
  let running: WattlineProcess | null = null
  beforeEach(() => {
    data = mkdtempSync(join(tmpdir(), `wattline-${name}-`))
  })
  afterEach(async () => {
    await running?.end('SIGKILL')
    running = null
    rmSync(data, { recursive: true, force: true })
  })
  return {
    get data() {
      return data
    },
    start: async (environment = {}) => {
      running = await startProcess({ data, environment: { ...HASTE, ...environment } })
      return running
    },
  }
}
