/** Guarantees: Ctrl-C, which arrives twice if terminal and npm both pass it on, drains once and exits 0. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, it } from 'vitest'
import { startProcess } from '../support/wattline-process.ts'

const data = mkdtempSync(join(tmpdir(), 'wattline-interrupt-'))
afterAll(() => rmSync(data, { recursive: true, force: true }))

it('ends cleanly after two interrupts', async () => {
  const wattline = await startProcess({ data })
  const ended = wattline.end('SIGINT')
  process.kill(wattline.pid, 'SIGINT')
  process.kill(wattline.pid, 'SIGTERM')
  expect(await ended).toBe(0)
})
