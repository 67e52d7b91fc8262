import { endHard } from '../core/runtime/end-process.ts'
import { startWatchdog, type Watchdog } from '../core/runtime/watchdog.ts'

/** For one Ctrl-C, the terminal, npm and the parent process each send a signal: within this time they count as one. */
const SAME_STOP_MS = 1_000
/** Extra time after the drain, for the last messages. */
const LAST_WORDS_MS = 900
/** Extra time after the drain, in case the exit hangs. */
const WATCHDOG_MS = 3_000

/** What asks the process to stop. */
export const STOP_SIGNALS = ['SIGTERM', 'SIGINT'] as const

interface StopAsked {
  /** Aborts at the first SIGTERM or SIGINT. */
  readonly signal: AbortSignal
  /** Resolves at that time. */
  readonly asked: Promise<void>
  /** Names the part that is being stopped, for the last log line if it hangs. */
  stopping(part: string): void
}

/**
 * From the first signal on, the process ends soon after the grace period, whatever hangs. A second, separate signal
 * ends it at once.
 */
export function awaitStop(graceMs: number): StopAsked {
  const { promise, resolve } = Promise.withResolvers<void>()
  const controller = new AbortController()
  let watchdog: Watchdog | undefined
  let askedAtMs: number | null = null
  const end = (why: string): void => {
    process.stderr.write(incomplete(why))
    endHard(1)
  }
  const ask = (): void => {
    if (askedAtMs === null) {
      askedAtMs = performance.now()
      watchdog = startWatchdog(graceMs + WATCHDOG_MS)
      setTimeout(() => end('the process did not end in time'), graceMs + LAST_WORDS_MS).unref()
      controller.abort(new Error('the process received a stop signal'))
      resolve()
    } else if (performance.now() - askedAtMs > SAME_STOP_MS) end('it received a second stop signal')
  }
  for (const signal of STOP_SIGNALS) process.on(signal, ask)
  return { signal: controller.signal, asked: promise, stopping: part => watchdog?.stopping(part) }
}

/** The line that lists unfinished work. */
export const incomplete = (what: string): string =>
  `shutdown_incomplete: ${what}. Acknowledged data is in the log, and the next start continues with it.\n`
