/** Ends the process when one case does not end: an endless loop leaves no other way to report it. */
import { writeSync } from 'node:fs'
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads'

const HANG_MS = 60_000

export interface Watchdog {
  onCase(index: number): void
  stop(): Promise<void>
}

export function startWatchdog(): Watchdog {
  const current = new Float64Array(new SharedArrayBuffer(8))
  const worker = new Worker(new URL(import.meta.url), { workerData: current })
  return {
    onCase(index) {
      current[0] = index
    },
    async stop() {
      await worker.terminate()
    },
  }
}

if (!isMainThread && workerData instanceof Float64Array) {
  const current = workerData
  let last = -1
  setInterval(() => {
    if (current[0] === last) {
      writeSync(2, `Case ${last} has not ended for ${HANG_MS} ms.\n`)
      process.kill(process.pid, 'SIGKILL')
    }
    last = current[0]!
  }, HANG_MS)
  parentPort?.unref()
}
