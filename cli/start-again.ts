import { setTimeout as delay } from 'node:timers/promises'
import type { EventBus } from '../core/catalogue/events/event-bus.ts'

/** A process that breaks down as soon as it starts would otherwise do nothing else. */
const LEAST_UPTIME_MS = 10_000

/**
 * Starts this process anew in its own place: same process id, arguments and environment, so that it works without anybody
 * who would start it again, and looks to one who would as if it had never ended. For an embedded engine that has broken
 * down: it cannot be opened twice in one process and would hold up an orderly end. What was acknowledged is in the log.
 * A process that is asked to stop, before or meanwhile, is left to its end.
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
  if (stopping.aborted) return
  if (process.execve === undefined) process.exit(1)
  const [, ...rest] = process.argv
  process.execve(process.execPath, [process.execPath, ...process.execArgv, ...rest])
}
