/**
 * Guarantees: rows of FOCUS 1.2 have the columns, types and nulls that the specification wants; costs are quantity times unit price,
 * and the billed costs of a bill sum to its total; CSV and Parquet hold the same. (`npm run test:focus` asks its validator.)
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { femtoOf } from '../../../core/billing/money.ts'
import { openTestWarehouse, type TestWarehouse } from '../support/warehouse.ts'
import { writeFocusFiles } from './focus-files.ts'

const folder = mkdtempSync(join(tmpdir(), 'wattline-focus-test-'))
let engine: TestWarehouse
let rows: readonly Readonly<Record<string, string | null>>[]
beforeAll(async () => {
  const [csv = ''] = await writeFocusFiles(folder)
  rows = parseCsv(readFileSync(csv, 'utf8'))
  engine = await openTestWarehouse()
})
afterAll(async () => {
  await engine.close()
  rmSync(folder, { recursive: true, force: true })
})

/** RFC 4180; NULL without quotes is null. */
function parseCsv(text: string): readonly Readonly<Record<string, string | null>>[] {
  const records = [
    ...text.matchAll(/((?:"(?:[^"]|"")*"|[^",\r\n]*)(?:,(?:"(?:[^"]|"")*"|[^",\r\n]*))*)\r\n/g),
  ].map(([, record = '']) =>
    [...record.matchAll(/(?:^|,)("(?:[^"]|"")*"|[^",]*)/g)].map(([, cell = '']) =>
      cell.startsWith('"') ? cell.slice(1, -1).replaceAll('""', '"') : cell === 'NULL' ? null : cell,
    ),
  )
  const [names = [], ...values] = records
  return values.map(cells => Object.fromEntries(names.map((name, at) => [name, cells[at] ?? null])))
}

// protocols: mandatory columns, and which of them may be null.
const NOT_NULL =
  'BilledCost EffectiveCost ListCost ContractedCost BillingAccountId BillingCurrency BillingPeriodStart BillingPeriodEnd ChargePeriodStart ChargePeriodEnd ChargeCategory InvoiceIssuerName ServiceCategory ServiceName ProviderName PublisherName ChargeFrequency ServiceSubcategory InvoiceId'.split(
    ' ',
  )
const NULLABLE = 'BillingAccountName ChargeClass ChargeDescription PricingQuantity PricingUnit'.split(' ')

test('mandatory columns are there, and null only where they may be', () => {
  expect(rows.length).toBeGreaterThan(20)
  for (const row of rows) {
    for (const name of [...NOT_NULL, ...NULLABLE]) expect(Object.keys(row)).toContain(name)
    for (const name of NOT_NULL) expect([name, row[name]]).not.toEqual([name, null])
    for (const [name, value] of Object.entries(row)) expect([name, value]).not.toEqual([name, ''])
  }
  const own = Object.keys(rows[0]!).filter(name => name.startsWith('x_'))
  expect(Object.keys(rows[0]!).slice(-own.length)).toEqual(own)
})

test('every kind of charge is in it', () => {
  const kinds = new Set(rows.map(row => `${row['ChargeCategory']} ${row['ChargeClass'] ?? ''}`.trim()))
  expect([...kinds].toSorted()).toEqual([
    'Adjustment',
    'Adjustment Correction',
    'Credit',
    'Tax',
    'Usage',
    'Usage Correction',
  ])
  expect(new Set(rows.map(row => row['BillingCurrency']))).toEqual(new Set(['EUR', 'USD', 'JPY']))
})

test('usage has prices, quantities and units; costs are their products; taxes have none', () => {
  const priced = [
    'PricingQuantity',
    'PricingUnit',
    'ListUnitPrice',
    'ContractedUnitPrice',
    'SkuId',
    'SkuPriceId',
    'PricingCategory',
  ]
  for (const row of rows) {
    const isUsage = row['ChargeCategory'] === 'Usage'
    for (const name of priced) expect([name, row[name] === null]).toEqual([name, !isUsage])
    expect(row['ConsumedQuantity'] === null).toBe(!isUsage)
    if (!isUsage) continue
    for (const [price, cost] of [
      ['ListUnitPrice', 'ListCost'],
      ['ContractedUnitPrice', 'ContractedCost'],
    ] as const) {
      const product = (femtoOf(row[price]!) * femtoOf(row['PricingQuantity']!)) / 10n ** 15n
      const difference = product - femtoOf(row[cost]!)
      expect(difference > -1_000_000n && difference < 1_000_000n).toBe(true)
    }
    expect(femtoOf(row['ListUnitPrice']!) >= 0n).toBe(true)
    expect(row['PricingUnit']).toMatch(/^(kWh|vCPU-Hours|GiB-Hours)$/)
  }
})

test('times are UTC to the second, periods end where the next begins; corrections name an earlier period', () => {
  const times = ['BillingPeriodStart', 'BillingPeriodEnd', 'ChargePeriodStart', 'ChargePeriodEnd']
  for (const row of rows) {
    for (const name of times) expect(row[name]).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/)
    expect([row['BillingPeriodStart'], row['BillingPeriodEnd']]).toEqual([
      '2026-10-31T23:00:00Z',
      '2026-11-30T23:00:00Z',
    ])
    const isCorrection = row['ChargeClass'] === 'Correction'
    expect(row['x_ServicePeriod']).toBe(isCorrection ? '2026-10' : '2026-11')
    expect(row['ChargePeriodEnd']).toBe(isCorrection ? '2026-10-31T23:00:00Z' : '2026-11-30T23:00:00Z')
  }
})

test('Parquet has the same rows in types of its own', async () => {
  const file = `file('${join(folder, 'focus-2026-11.parquet')}', 'Parquet')`
  const types = await engine.warehouse.query<{ name: string; type: string }>(`DESCRIBE TABLE ${file}`)
  const typeOf = new Map(types.map(({ name, type }) => [name, type]))
  expect([...typeOf.keys()]).toEqual(Object.keys(rows[0]!))
  expect(typeOf.get('BilledCost')).toMatch(/Decimal\(38, 15\)/)
  expect(typeOf.get('ChargePeriodStart')).toMatch(/DateTime64\(3, 'UTC'\)/)
  expect(typeOf.get('ChargeClass')).toBe('Nullable(String)')
  const sums = await engine.warehouse.query<{ id: string; billed: string; n: number }>(
    `SELECT InvoiceId AS id, toString(sum(BilledCost)) AS billed, toUInt32(count()) AS n FROM ${file} GROUP BY id ORDER BY id`,
  )
  const byBill = Map.groupBy(rows, row => row['InvoiceId']!)
  expect(sums.map(({ id, billed, n }) => [id, femtoOf(billed), n])).toEqual(
    [...byBill]
      .toSorted(([a], [b]) => (a < b ? -1 : 1))
      .map(([id, of]) => [id, of.reduce((sum, row) => sum + femtoOf(row['BilledCost']!), 0n), of.length]),
  )
})
