// Guarantees: while the engine cannot insert, intake continues to acknowledge because the log is durable, readiness
// reports who waits and why, and once the engine works again everything acknowledged arrives, exactly once, by itself.
import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, it } from 'vitest'
import { audit } from '../../chaos/audit.ts'
import { startClients } from '../../support/clients.ts'
import { eventually } from '../../support/until.ts'
import { startProcess } from '../../support/wattline-process.ts'

const data = mkdtempSync(join(tmpdir(), 'wattline-engine-'))
afterAll(() => rmSync(data, { recursive: true, force: true }))

/** The files of all tables. */
const STORE = join(data, 'warehouse', 'engine', 'store')

it('accepts data while the engine fails, and stores all of it when it works again', async () => {
  const wattline = await startProcess({
    data,
    environment: { WATTLINE_METERING_IDLE_FLUSH: '2', WATTLINE_METERING_GAP: '6' },
  })
  const readiness = async () =>
    (await fetch(`${wattline.http}/readyz`)).json() as Promise<{ ready: boolean; reasons: string[] }>
  const clients = startClients(wattline.otlp, { spans: 3, meters: ['failing-engine'] })
  await eventually(
    async () => clients.acknowledged.batches.size,
    n => n > 5,
  )

  renameSync(STORE, `${STORE}.away`)
  writeFileSync(STORE, 'in the way')
  const waiting = await eventually(readiness, ({ reasons }) =>
    reasons.some(reason => /^store traces/.test(reason)),
  )
  expect(waiting.ready).toBe(false)
  expect(waiting.reasons.join('\n')).toMatch(
    /store traces\/\d waiting: warehouse_unavailable: .*No data is lost: it waits in the log/,
  )
  const before = clients.acknowledged.batches.size
  await eventually(
    async () => clients.acknowledged.batches.size,
    n => n > before + 10,
  )

  rmSync(STORE)
  renameSync(`${STORE}.away`, STORE)
  await eventually(readiness, ({ ready }) => ready)
  await clients.stop()
  expect(await audit(wattline, clients.acknowledged, 20_000)).toEqual([])
  expect(await wattline.end('SIGTERM')).toBe(0)
})
