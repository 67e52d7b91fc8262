/**
 * Ends the process when its own end hangs. From a thread of its own: what hangs may be the thread that runs everything else,
 * in native code that does not return, or on a pipe without a reader.
 */
import { Worker } from 'node:worker_threads'

/** The thread that kills the process when its stop hangs. */
export interface Watchdog {
  /** What is being stopped now: named when the process has to be killed over it. */
  stopping(part: string): void
}

/** Told to the thread at its start. */
export interface WatchdogOrder {
  readonly killAfterMs: number
}

/** Call it when the process begins to stop: after `killAfterMs` the thread kills it with SIGKILL. */
export function startWatchdog(killAfterMs: number): Watchdog {
  const order: WatchdogOrder = { killAfterMs }
  // Nothing of this process's flags: they are for the main thread, and some are not for threads at all.
  const worker = new Worker(new URL('watchdog-thread.ts', import.meta.url), {
    workerData: order,
    execArgv: [],
  })
  // Without it the stop is bounded as before, by timers of this thread.
  worker.on('error', () => undefined)
  worker.unref()
  return { stopping: part => worker.postMessage(part) }
}
