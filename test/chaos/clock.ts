/**
 * Loaded before a process's own code: moves its clock by the milliseconds in a file, which faults write and remove
 * while it runs or is down. Without the file the clock is the machine's.
 */
import { existsSync, readFileSync } from 'node:fs'

const file = process.env['CHAOS_CLOCK_FILE'] ?? ''
const LOOK_MS = 100

const read = (): number => (existsSync(file) ? Number(readFileSync(file, 'utf8')) : 0)
let offsetMs = read()
setInterval(() => {
  offsetMs = read()
}, LOOK_MS).unref()

const Machine = Date
const machineNow = Machine.now
Machine.now = () => machineNow() + offsetMs
globalThis.Date = new Proxy(Machine, {
  construct: (target, args: readonly unknown[], newTarget) =>
    Reflect.construct(target, args.length === 0 ? [target.now()] : args, newTarget),
})
