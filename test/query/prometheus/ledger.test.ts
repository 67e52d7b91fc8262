/**
 * Guarantees: the ledger can be asked by PromQL through the HTTP API: sums over its series are the books; what is not known
 * is absent, never 0; a series ends where its host has a window without it; a token for some accounts sees these alone.
 */
import { afterAll, beforeAll, expect, it } from 'vitest'
import { ledger } from '../../../core/model/streams/index.ts'
import { ledgerRow, unixSeconds } from '../support/rows.ts'
import { type Api, openApi } from './support/api.ts'

const AT = unixSeconds('2026-11-20T12:00:00Z')
let api: Api

beforeAll(async () => {
  api = await openApi({ nowMs: (AT + 600) * 1000 })
  const rows = [0, 1, 2].flatMap(minute =>
    ['web', 'batch'].map(account =>
      ledgerRow({
        Tenant: 'default',
        Account: account,
        Zone: 'DE',
        WorkloadId: `id-${account}`,
        WorkloadName: account === 'web' ? 'front' : '',
        WindowStart: AT + 60 * minute,
        EnergyUj: account === 'web' ? 60_000_000n : 6_000_001n,
        CarbonOperationalUg: account === 'web' ? 5_000_000n : null,
        CarbonEmbodiedUg: account === 'web' ? 1_000_000n : null,
        CostEnergyNano: 2_500_000n,
        Currency: 'EUR',
        EntryId: `${account}-${minute}`,
      }),
    ),
  )
  // The batch job has ended before the last minute.
  await api.store.insert(
    ledger,
    rows.filter(({ EntryId }) => EntryId !== 'batch-2'),
  )
})
afterAll(() => api.close())

const labels = (name: string, account: string): Record<string, string> => ({
  __name__: name,
  account,
  namespace: 'shop',
  workload: account === 'web' ? 'front' : 'id-batch',
  workload_id: `id-${account}`,
  kind: 'container',
  host: 'h1',
  zone: 'DE',
  component: 'cpu',
  share: 'active',
  quality: 'measured',
})

it('shows watts of the last window, and of no workload that has ended', async () => {
  const before = await api.vector('wattline_power_watts', AT + 120)
  expect(before.toSorted((a, b) => a.value - b.value)).toEqual([
    { metric: labels('wattline_power_watts', 'batch'), value: 6.000001 / 60 },
    { metric: labels('wattline_power_watts', 'web'), value: 1 },
  ])
  const after = await api.vector('wattline_power_watts', AT + 180)
  expect(after).toEqual([{ metric: labels('wattline_power_watts', 'web'), value: 1 }])
})

it('leaves out what is not known', async () => {
  const carbon = await api.vector('wattline_carbon_grams', AT + 120)
  expect(carbon.map(({ metric, value }) => [metric['account'], metric['part'], value]).toSorted()).toEqual([
    ['web', 'embodied', 1],
    ['web', 'operational', 5],
  ])
  const cost = await api.vector('wattline_cost', AT + 60)
  expect(cost.map(({ metric, value }) => [metric['account'], metric['currency'], value]).toSorted()).toEqual([
    ['batch', 'EUR', 0.0025],
    ['web', 'EUR', 0.0025],
  ])
})

it('gives the intensity of the hour', async () => {
  const found = await api.vector('wattline_carbon_intensity_grams_per_kwh', AT + 180)
  expect(found.map(({ metric, value }) => [metric['account'], value])).toEqual([['web', 300_000]])
})

it('lists series, labels and values', async () => {
  const series = await api.get('/api/v1/series?match[]=wattline_energy_joules{account="web"}')
  expect(series.body.data).toEqual([labels('wattline_energy_joules', 'web')])
  const values = await api.get('/api/v1/label/account/values?match[]=wattline_energy_joules')
  expect(values.body.data).toEqual(['batch', 'web'])
  const names = await api.get('/prometheus/api/v1/labels?match[]=wattline_cost')
  expect(names.body.data).toContain('currency')
})
