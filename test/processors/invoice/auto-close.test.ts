/**
 * Guarantees: with `auto_close`, each period of each tenant closes by itself once its grace is over, in order and once, from the first
 * period on that has entries or is configured.
 */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type BillingRig, startBillingRig } from './rig.ts'

const at = (iso: string): number => Date.parse(iso) / 1000

let rig: BillingRig
beforeAll(async () => {
  rig = await startBillingRig(
    {
      tariffs: { price_per_kwh: '0.25' },
      billing: { time_zone: 'America/New_York', auto_close: true, grace: '3d' },
    },
    '2026-11-03T00:00:00Z',
  )
})
afterAll(() => rig.stop())

const closings = () =>
  rig.query<{ Tenant: string; Period: string; State: string; Origin: string; Invoices: number }>(
    'SELECT Tenant, Period, State, Origin, Invoices FROM wattline.invoice_closings ORDER BY Tenant, Period',
  )
const auto = (Tenant: string, Period: string, Invoices: number) => ({
  Tenant,
  Period,
  State: 'closed',
  Origin: 'auto',
  Invoices,
})

test('periods close once their grace is over, empty ones too', async () => {
  await rig.book([
    { WindowStart: at('2026-09-30T12:00:00Z') },
    { WindowStart: at('2026-11-10T12:00:00Z') },
    { Tenant: 'other', WindowStart: at('2026-11-10T12:00:00Z') },
  ])
  const entries = () => rig.query<{ n: number }>('SELECT toUInt32(count()) AS n FROM wattline.ledger')
  await expect.poll(entries).toEqual([{ n: 3 }])
  // It has looked, and found nothing; it looks once a minute.
  rig.now += 61_000
  await expect.poll(closings).toEqual([auto('default', '2026-09', 1)])
  rig.now = Date.parse('2026-12-04T04:59:00Z')
  await expect.poll(closings).toEqual([auto('default', '2026-09', 1), auto('default', '2026-10', 0)])
  // November ends at 05:00 UTC of December 1st.
  rig.now = Date.parse('2026-12-04T05:00:00Z') + 60_000
  const all = [
    auto('default', '2026-09', 1),
    auto('default', '2026-10', 0),
    auto('default', '2026-11', 1),
    auto('other', '2026-11', 1),
  ]
  await expect.poll(closings).toEqual(all)
  rig.now += 120_000
  await new Promise(resolve => setTimeout(resolve, 2_500))
  expect(await closings()).toEqual(all)
})

test('numbers are of the tenant', async () => {
  const rows = await rig.query<{ Tenant: string; Numbers: readonly string[] }>(
    'SELECT Tenant, arraySort(groupArray(Number)) AS Numbers FROM wattline.invoices GROUP BY Tenant ORDER BY Tenant',
  )
  expect(rows).toEqual([
    { Tenant: 'default', Numbers: ['000001', '000002'] },
    { Tenant: 'other', Numbers: ['000001'] },
  ])
})
