// The command line, whose end hangs as HANGS says: `thread`, a thread in native code that does not return, as in an
// engine with an endless statement; `main`, the main thread, once it is asked to stop.
import { execFileSync } from 'node:child_process'
import { open } from 'node:fs'
import { join } from 'node:path'

const pipe = join(process.env['WATTLINE_DATA'] ?? '', 'pipe')
if (process.env['HANGS'] === 'thread') {
  execFileSync('/bin/sh', ['-c', `mkfifo "${pipe}"`])
  // Opening a pipe without a writer blocks its thread forever, and an ordinary exit waits for that thread.
  open(pipe, 'r', () => undefined)
}
process.on('SIGTERM', () => {
  if (process.env['HANGS'] !== 'main') return
  setImmediate(() => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0))
})
await import('../../cli/wattline.ts')
