/**
 * Guarantees: what a period was charged for sums to its ledger entries, exactly; closed bills never change, and what is booked
 * later for a closed period is a correction in the next bill, which names the period; periods close in order, once they are over,
 * and a refusal says what is missing.
 */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type BillingRig, linesOf, startBillingRig } from './rig.ts'

const at = (iso: string): number => Date.parse(iso) / 1000

let rig: BillingRig
beforeAll(async () => {
  rig = await startBillingRig(
    {
      factors: { zone: 'DE', pue: '1.2', intensity_g_per_kwh: '300' },
      tariffs: { currency: 'EUR', price_per_kwh: '0.25' },
      workloads: { rules: [{ match: {}, account: '${namespace}' }] },
      billing: { time_zone: 'Europe/Berlin', taxes: [{ name: 'VAT', percent: '19' }] },
    },
    '2026-12-05T00:00:00Z',
  )
})
afterAll(() => rig.stop())

const ledgerSums = async () =>
  await rig.query<{ cost: string; energy: string }>(
    'SELECT toString(sum(toInt128(CostEnergyNano))) AS cost, toString(sum(toInt128(EnergyUj))) AS energy FROM wattline.ledger',
  )
const billSums = async () =>
  await rig.query<{ cost: string; energy: string }>(
    "SELECT toString(toInt128(sum(ListCost) * 1000000000)) AS cost, toString(sum(toInt128(EnergyUj))) AS energy FROM wattline.invoice_lines WHERE Category = 'Usage'",
  )

test('a period is billed by account, with tax, to what its entries sum to', async () => {
  await rig.book([
    // 360 kWh: 432 kWh at the facility.
    { Namespace: 'shop', WindowStart: at('2026-11-10T12:00:00Z'), EnergyUj: 1_296_000_000_000_000n },
    // The first and last minute of November in Berlin.
    { Namespace: 'shop', WindowStart: at('2026-10-31T23:00:00Z'), EnergyUj: 3_600_000_000_000n },
    { Namespace: 'shop', WindowStart: at('2026-11-30T22:59:00Z'), EnergyUj: 3_600_000_000_000n },
    {
      Share: 'idle',
      WorkloadKind: '',
      WorkloadId: '',
      Namespace: '',
      WindowStart: at('2026-11-10T12:00:00Z'),
    },
  ])
  expect(await rig.close('2026-11')).toEqual({ State: 'closed', Reason: '', Invoices: 2 })
  const lines = await linesOf(rig)
  expect(
    lines.map(line => [
      line.Account,
      line.Sku,
      line.Quantity,
      line.ListUnitPrice,
      line.ListCost,
      line.BilledCost,
    ]),
  ).toEqual([
    ['operator', 'energy-idle', '0.00015', '0.25', '0.0000375', '0'],
    ['operator', 'tax:VAT', '', '', '0', '0'],
    ['shop', 'energy-active', '434.4', '0.25', '108.6', '108.6'],
    ['shop', 'tax:VAT', '', '', '20.63', '20.63'],
  ])
  expect(await billSums()).toEqual(await ledgerSums())
})

test('a late entry is a correction in the next bill; closed bills stay as they are', async () => {
  const before = JSON.stringify(await linesOf(rig, "Period = '2026-11'"))
  await rig.book([
    { Namespace: 'shop', WindowStart: at('2026-11-12T00:00:00Z'), EnergyUj: 36_000_000_000_000n },
  ])
  await rig.book([
    { Namespace: 'shop', WindowStart: at('2026-12-02T00:00:00Z'), EnergyUj: 3_600_000_000_000n },
  ])
  expect((await rig.close('2026-12')).Reason).toMatch(
    /^2026-12 ends at 2026-12-31T23:00:00Z: close it after that/,
  )
  rig.now = Date.parse('2027-01-05T00:00:00Z')
  expect((await rig.close('2027-01')).State).toBe('refused')
  expect(await rig.close('2026-12')).toEqual({ State: 'closed', Reason: '', Invoices: 1 })
  const lines = await linesOf(rig, "Period = '2026-12'")
  expect(
    lines.map(line => [line.ServicePeriod, line.Class, line.Sku, line.Quantity, line.BilledCost]),
  ).toEqual([
    ['2026-12', '', 'energy-active', '1.2', '0.3'],
    ['2026-11', 'Correction', 'energy-active', '12', '3'],
    ['2026-12', '', 'tax:VAT', '', '0.63'],
  ])
  expect(JSON.stringify(await linesOf(rig, "Period = '2026-11'"))).toBe(before)
  expect(await billSums()).toEqual(await ledgerSums())
})

test('closing again changes nothing', async () => {
  const before = JSON.stringify(await linesOf(rig))
  expect(await rig.close('2026-12')).toEqual({ State: 'closed', Reason: '', Invoices: 1 })
  expect(JSON.stringify(await linesOf(rig))).toBe(before)
})
