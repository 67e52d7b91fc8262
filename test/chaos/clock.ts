/**
 * Loaded before a process's own code: moves its clock by the milliseconds that a file names, which faults write. Without the
 * file the clock is the machine's.
 */
import { existsSync, readFileSync } from 'node:fs'

const file = process.env['CHAOS_CLOCK_FILE'] ?? ''
const offsetMs = existsSync(file) ? Number(readFileSync(file, 'utf8')) : 0

if (offsetMs !== 0) {
  const Machine = Date
  class Moved extends Machine {
    constructor(...args: readonly unknown[]) {
      super(...((args.length === 0 ? [Machine.now() + offsetMs] : args) as [number]))
    }
    static override now(): number {
      return Machine.now() + offsetMs
    }
  }
  globalThis.Date = Moved as DateConstructor
}
