// Guarantees: spans that are acknowledged after an older copy of the log was restored beside newer tables, or after the log
// was deleted, are all there; what is gone with the files is told in readiness, in metrics and by command; and an operator's
// word makes the instance ready again.
import { execFileSync } from 'node:child_process'
import { cpSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { HASTE, metricsText, readyz, sendSpans, untilStored } from '../../support/spans-of-a-process.ts'
import { eventually } from '../../support/until.ts'
import { startProcess, type WattlineProcess } from '../../support/wattline-process.ts'

let data: string
let running: WattlineProcess | null = null
beforeEach(() => {
  data = mkdtempSync(join(tmpdir(), 'wattline-history-'))
})
afterEach(async () => {
  await running?.end('SIGKILL')
  running = null
  rmSync(data, { recursive: true, force: true })
})

const start = async (environment = {}): Promise<WattlineProcess> => {
  running = await startProcess({ data, environment: { ...HASTE, ...environment } })
  return running
}

const command = (...args: string[]): string =>
  execFileSync(process.execPath, ['cli/wattline.cjs', 'losses', ...args], {
    env: { PATH: process.env['PATH'], WATTLINE_DATA: data },
    encoding: 'utf8',
    stdio: 'pipe',
  })

it('stores what comes after an older log was restored', { timeout: 120_000 }, async () => {
  let process = await start()
  await sendSpans(process, 10)
  await untilStored(process, 200)
  await process.end('SIGTERM')
  cpSync(join(data, 'log'), join(data, 'older'), { recursive: true })

  process = await start()
  await sendSpans(process, 20)
  await untilStored(process, 600)
  await process.end('SIGTERM')
  rmSync(join(data, 'log'), { recursive: true })
  cpSync(join(data, 'older'), join(data, 'log'), { recursive: true })

  process = await start()
  const { status, text } = await readyz(process)
  expect(text).toMatch(/is an older copy of itself, and everything that it held for the tables is stored/)
  expect(status).toBe(200)
  expect(process.stderr.join('\n')).toMatch(/lossFound/)
  await sendSpans(process, 20)
  expect(await untilStored(process, 1_000)).toEqual({ rows: 1_000, distinct: 1_000 })
  await process.end('SIGTERM')
})

it('tells of records that a deleted log had not stored yet, until that is accepted', {
  timeout: 120_000,
}, async () => {
  let process = await start()
  await sendSpans(process, 5)
  await untilStored(process, 100)
  await process.end('SIGTERM')
  // Taken in by a node without tables, and gone before anybody stored it.
  process = await start({ WATTLINE_ROLES: 'collector', WATTLINE_FORWARD_URL: 'http://127.0.0.1:9' })
  await sendSpans(process, 3)
  await process.end('SIGTERM')
  rmSync(join(data, 'log'), { recursive: true })

  process = await start()
  await sendSpans(process, 5)
  expect(await untilStored(process, 200)).toEqual({ rows: 200, distinct: 200 })
  const { status, text } = await readyz(process)
  expect(status).toBe(503)
  expect(text).toMatch(
    /is gone: records that were acknowledged and not stored .*stream traces: 3 records, received 20/,
  )
  const metrics = await metricsText(process)
  expect(metrics).toMatch(/^wattline_lost_records\{stream="traces"\} 3$/m)
  expect(metrics).toMatch(/^wattline_losses\{state="lost"\} 1$/m)
  expect(command()).toMatch(/stream traces: 3 records/)
  command('--accept')
  await eventually(
    async () => (await readyz(process)).status,
    found => found === 200,
  )
  await process.end('SIGTERM')
  expect(command()).toMatch(/lost, accepted 20/)
})
