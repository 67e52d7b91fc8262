// Guarantees: spans acknowledged after an older copy of the log was restored beside newer tables, or after the log was
// deleted, all exist; data lost with the files is reported in readiness, in metrics and by a command; and an operator's
// confirmation makes the instance ready again.
import { execFileSync } from 'node:child_process'
import { cpSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { processOnFolder } from '../../support/process-on-folder.ts'
import { metricsText, readyz, sendSpans, untilStored } from '../../support/spans-of-a-process.ts'
import { eventually } from '../../support/until.ts'

const on = processOnFolder('history')
const { start } = on

const command = (...args: string[]): string =>
  execFileSync(process.execPath, ['cli/wattline.cjs', 'losses', ...args], {
    env: { PATH: process.env['PATH'], WATTLINE_DATA: on.data },
    encoding: 'utf8',
    stdio: 'pipe',
  })

it('stores new records after an older log was restored', { timeout: 120_000 }, async () => {
  let process = await start()
  await sendSpans(process, 10)
  await untilStored(process, 200)
  await process.end('SIGTERM')
  cpSync(join(on.data, 'log'), join(on.data, 'older'), { recursive: true })

  process = await start()
  await sendSpans(process, 20)
  await untilStored(process, 600)
  await process.end('SIGTERM')
  rmSync(join(on.data, 'log'), { recursive: true })
  cpSync(join(on.data, 'older'), join(on.data, 'log'), { recursive: true })

  process = await start()
  const { status, text } = await readyz(process)
  expect(text).toMatch(/was replaced by an older copy, but all of its data is stored/)
  expect(status).toBe(200)
  expect(process.stderr.join('\n')).toMatch(/lossFound/)
  await sendSpans(process, 20)
  expect(await untilStored(process, 1_000)).toEqual({ rows: 1_000, distinct: 1_000 })
  await process.end('SIGTERM')
})

it('reports records that a deleted log had not stored yet, until the loss is accepted', {
  timeout: 120_000,
}, async () => {
  let process = await start()
  await sendSpans(process, 5)
  await untilStored(process, 100)
  await process.end('SIGTERM')
  // Received by a node without tables, and lost before it was stored.
  process = await start({ WATTLINE_ROLES: 'collector', WATTLINE_FORWARD_URL: 'http://127.0.0.1:9' })
  await sendSpans(process, 3)
  await process.end('SIGTERM')
  rmSync(join(on.data, 'log'), { recursive: true })

  process = await start()
  await sendSpans(process, 5)
  expect(await untilStored(process, 200)).toEqual({ rows: 200, distinct: 200 })
  const { status, text } = await readyz(process)
  expect(status).toBe(503)
  expect(text).toMatch(
    /is missing: records that were acknowledged and not stored .*stream traces: 3 records, received 20/,
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
