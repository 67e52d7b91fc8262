/**
 * Guarantees: where only a share of the traces is kept, sums are those of all of them; what is taken back from one account and
 * currency and booked to another moves with its requests; a service's name is not gone by where the configuration says so.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { ledger, requestEnergy, requestMinutes, traces } from '../../../core/model/streams/index.ts'
import { shareMinute } from '../../../processors/requests/minute.ts'
import { requestTables } from '../../../processors/requests/processor.ts'
import { sharingRules } from '../../../processors/requests/statement.ts'
import { answerRequests } from '../../../query/requests/routes.ts'
import { ledgerRow, nano, spanRow, unixSeconds } from '../../query/support/rows.ts'
import { openTestWarehouse, type TestWarehouse } from '../../query/support/warehouse.ts'

const MINUTE = unixSeconds('2026-11-20T12:00:00Z')
const TRACES = 200
let store: TestWarehouse
const folder = mkdtempSync(join(tmpdir(), 'wattline-requests-'))
let tokens = 0

async function share(isFirst: boolean): Promise<void> {
  const { statements } = store.warehouse
  if (statements === undefined) throw new Error('the engine takes no statements')
  const { outputs } = await shareMinute(
    {
      statements,
      folder,
      tables: requestTables(statements),
      sharing: sharingRules({ keptTraces: 0.25, byServiceName: false }),
      now: Date.now,
    },
    { minute: MINUTE, tenants: ['default'], spans: TRACES, isFirst },
    1,
  )
  for (const { stream, record } of outputs) {
    tokens += 1
    const declaration = stream === requestEnergy.name ? requestEnergy : requestMinutes
    await store.warehouse.insert(declaration, record.value, `kept/${tokens}`)
  }
}
const entry = (row: Partial<Parameters<typeof ledgerRow>[0]>) =>
  ledgerRow({
    WindowStart: MINUTE,
    EnergyUj: 1_000_000_007n,
    CarbonOperationalUg: 333_331n,
    CostEnergyNano: 77_777n,
    ...row,
  })
beforeAll(async () => {
  store = await openTestWarehouse()
  const spans = Array.from({ length: TRACES }, (_, index) =>
    spanRow({
      TraceId: (index + 1).toString(16).padStart(32, 'a'),
      Timestamp: nano('2026-11-20T12:00:01Z') + BigInt(index) * 1_000_000n,
      Duration: BigInt(1_000 + index),
      ResourceAttributes: { 'container.id': 'a' },
    }),
  )
  await store.insert(traces, [
    ...spans,
    spanRow({
      TraceId: 'b'.repeat(32),
      ServiceName: 'alpha',
      Timestamp: nano('2026-11-20T12:00:02Z'),
      ResourceAttributes: {},
    }),
  ])
  await store.insert(ledger, [entry({})])
  await share(true)
})
afterAll(async () => {
  await store.close()
  rmSync(folder, { recursive: true, force: true })
})

test('sums are those of all traces', async () => {
  const [row] = await store.warehouse.query<Record<string, string>>(
    `SELECT toString(sum(EnergyUj)) AS energy, toString(sum(Requests)) AS requests,
       toString(uniqExactIf(TraceId, TraceId != '')) AS kept, toString(countIf(TraceId = '')) AS others
     FROM wattline.request_energy WHERE Service = 'cart'`,
  )
  expect(row).toMatchObject({ energy: '1000000007', requests: `${TRACES}`, others: '1' })
  expect(Number(row!['kept'])).toBeGreaterThan(20)
  expect(Number(row!['kept'])).toBeLessThan(90)
})

test('a service whose name is that of a workload is not it', async () => {
  const { rows } = await answerRequests(store.reader('default'), {
    tenant: 'default',
    from: MINUTE,
    to: MINUTE + 60,
    groupBy: ['service'],
    filters: [{ dimension: 'service', value: 'alpha' }],
    limit: 10,
  })
  expect(rows).toMatchObject([
    { requests: '1', energy_uj: null, per_request: null, reasons: ['no_workload'] },
  ])
})

test('amounts move with their account and currency, and nothing is added across currencies', async () => {
  const back = {
    EntryKind: 'correction',
    Revision: 1,
    EnergyUj: -1_000_000_007n,
    CarbonOperationalUg: -333_331n,
    CostEnergyNano: -77_777n,
  }
  await store.insert(ledger, [
    entry(back),
    entry({
      EntryKind: 'correction',
      Revision: 2,
      Account: 'mobile',
      Currency: 'SEK',
      CostEnergyNano: 999_999n,
    }),
  ])
  await share(false)
  const ask = (filters: readonly { dimension: 'account'; value: string }[]) =>
    answerRequests(store.reader('default'), {
      tenant: 'default',
      from: MINUTE,
      to: MINUTE + 60,
      groupBy: ['account'],
      filters,
      limit: 10,
    })
  const mobile = await ask([{ dimension: 'account', value: 'mobile' }])
  expect(mobile.rows).toMatchObject([
    {
      group: { account: 'mobile' },
      energy_uj: '1000000007',
      carbon_operational_ug: '333331',
      requests: `${TRACES}`,
      costs: [{ currency: 'SEK', energy_nano: '999999' }],
    },
  ])
  const all = await ask([])
  expect(all.total).toMatchObject({ energy_uj: '1000000007', requests: `${TRACES + 1}` })
  expect(all.total.costs.filter(({ energy_nano }) => energy_nano !== '0')).toEqual([
    { currency: 'SEK', energy_nano: '999999', resource_nano: null },
  ])
  expect(all.rows.find(({ group }) => group['account'] === 'shop')).toMatchObject({
    energy_uj: '0',
    requests: '0',
  })
})
