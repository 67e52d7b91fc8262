import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { rmSync } from 'node:fs'
import { pause } from './topology.ts'

const WRITER = `
const { openSync, writeSync, fsyncSync } = require('node:fs')
const file = openSync(process.argv[1], 'w')
const bytes = Buffer.alloc(8 * 1024 * 1024, 1)
for (;;) { writeSync(file, bytes, 0, bytes.length, 0); fsyncSync(file) }
`

/** Another process writes and syncs on the same disk for this long: every commit has to wait. */
export async function busyDisk(
  folder: string,
  ms: number,
  then: (() => Promise<string>) | null,
): Promise<string> {
  const path = `${folder}.busy`
  const writer = spawn(process.execPath, ['-e', WRITER, path], { stdio: 'ignore' })
  const ended = once(writer, 'exit')
  await pause(ms)
  const after = then === null ? '' : `, meanwhile ${await then()}`
  writer.kill('SIGKILL')
  await ended
  rmSync(path, { force: true })
  return `busy for ${Math.round(ms)} ms${after}`
}
