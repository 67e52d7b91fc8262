/**
 * The wall-clock limit of one request to the engine. The engine checks its own limit only while it works; this one also
 * applies when the client does not read the answer, or the engine does not return.
 */
import { WattlineError } from '../../core/catalogue/errors/errors.ts'

/** The engine itself ends a statement at its limit, with a better message. */
const GRACE_MS = 700

/** The time limit of one request to the engine. */
export interface Deadline {
  /** Aborts when the client has disconnected or the time is up: the query then stops in the engine. */
  readonly signal: AbortSignal
  /** The remaining time, for the engine's own limit. */
  remainingSeconds(): number
  /** Returns the work's result, or the limit's error once the time is up, whether the work has ended or not. */
  hold<T>(work: Promise<T>): Promise<T>
  /** Call it when the answer is complete. */
  clear(): void
}

/** Starts the clock. `disconnected`: aborts when the client has disconnected; `now`: monotonic milliseconds. */
export function startDeadline(
  seconds: number,
  disconnected: AbortSignal,
  now = () => performance.now(),
): Deadline {
  const over = new AbortController()
  const startedMs = now()
  const timer = setTimeout(
    () => over.abort(new WattlineError('sql_limit', `The statement took longer than ${seconds} s.`)),
    seconds * 1000 + GRACE_MS,
  )
  const signal = AbortSignal.any([disconnected, over.signal])
  return {
    signal,
    remainingSeconds: () => Math.max(0.1, Math.round(seconds * 1000 - (now() - startedMs)) / 1000),
    hold: work => {
      // The work may end after its caller has given up.
      work.catch(() => undefined)
      if (signal.aborted) return Promise.reject(signal.reason)
      const { promise, reject } = Promise.withResolvers<never>()
      const onAbort = (): void => reject(signal.reason)
      signal.addEventListener('abort', onAbort, { once: true })
      return Promise.race([work, promise]).finally(() => signal.removeEventListener('abort', onAbort))
    },
    clear: () => clearTimeout(timer),
  }
}
