/** The thread that watchdog.ts starts. */
import { write } from 'node:fs'
import { parentPort, workerData } from 'node:worker_threads'
import type { WatchdogOrder } from './watchdog.ts'

const { killAfterMs } = workerData as WatchdogOrder
/** Time to write the last line; on a full pipe it is never written. */
const LAST_LINE_MS = 200

let part = 'the process'
parentPort?.on('message', (stopping: string) => {
  part = stopping
})
setTimeout(() => {
  const line = `shutdown_incomplete: ${part} hangs, so the process is killed. Acknowledged data is in the log, and the next start continues with it.\n`
  write(2, line, () => undefined)
  setTimeout(() => process.kill(process.pid, 'SIGKILL'), LAST_LINE_MS)
}, killAfterMs)
