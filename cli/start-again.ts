import { setTimeout as delay, setImmediate as nextTurn } from 'node:timers/promises'
import type { EventBus } from '../core/catalogue/events/event-bus.ts'
import { STOP_SIGNALS } from './stop-asked.ts'

/** A process that breaks down as soon as it starts would otherwise do nothing else. */
const LEAST_UPTIME_MS = 10_000

/**
 * Replaces this process with a new one with the same process id, arguments and environment. This needs no supervisor,
 * and a supervisor does not notice it. Used after a crash of the embedded engine, which cannot be opened twice in one
 * process and would block an orderly stop. Acknowledged data is in the log. A process that was asked to stop is not
 * restarted.
 */
export async function startAgain(
  events: EventBus,
  stopping: AbortSignal,
  why: 'engineBrokeDown' | 'tablesBack',
  error?: unknown,
): Promise<void> {
  events.emit(why, {}, error)
  const waitMs = Math.max(0, LEAST_UPTIME_MS - process.uptime() * 1000)
  await delay(waitMs, undefined, { signal: stopping }).catch(() => undefined)
  // A stop signal that has just come is heard in the next turn.
  await nextTurn()
  if (stopping.aborted) return
  // One that comes from here on ends the process: with a listener it would be noted in this program, and be lost with it.
  for (const signal of STOP_SIGNALS) process.removeAllListeners(signal)
  if (process.execve === undefined) process.exit(1)
  const [, ...rest] = process.argv
  process.execve(process.execPath, [process.execPath, ...process.execArgv, ...rest])
}
