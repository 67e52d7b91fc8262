/**
 * Ends the process when its shutdown hangs. It runs in a separate thread, because the main thread may be what hangs: in
 * native code that does not return, or on a pipe without a reader.
 */
import { Worker } from 'node:worker_threads'

/** The thread that kills the process when its stop hangs. */
export interface Watchdog {
  /** The part that is being stopped: named in the log if the process has to be killed. */
  stopping(part: string): void
}

/** Passed to the thread at its start. */
export interface WatchdogOrder {
  readonly killAfterMs: number
}

/** Call it when the process begins to stop: after `killAfterMs` the thread kills it with SIGKILL. */
export function startWatchdog(killAfterMs: number): Watchdog {
  const order: WatchdogOrder = { killAfterMs }
  // Does not inherit the flags of the process: they are for the main thread, and some are not allowed for threads.
  const worker = new Worker(new URL('watchdog-thread.ts', import.meta.url), {
    workerData: order,
    execArgv: [],
  })
  // Without the thread, the stop is still limited by timers of this thread.
  worker.on('error', () => undefined)
  worker.unref()
  return { stopping: part => worker.postMessage(part) }
}
