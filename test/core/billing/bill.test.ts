/**
 * Guarantees: whatever is booked when, what all bills of closed periods have charged is what the ledger holds, to the billionth; closed
 * bills are never looked at again; lines sum to totals; discounts, commitments, credits and taxes are as their rules say, from figures
 * that this test computes in fractions of its own.
 */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type Bill, type BillInput, makeBill } from '../../../core/billing/bill.ts'
import { chargeDifferences, chargesOf } from '../../../core/billing/charges.ts'
import { type Femto, femtoOf, femtoText } from '../../../core/billing/money.ts'
import { billingPeriod, followingPeriod } from '../../../core/billing/periods.ts'
import type { BillingConfig } from '../../../core/billing/rules.ts'
import {
  addCarried,
  type Carried,
  type Charge,
  chargeKey,
  NOTHING,
  type UsageSum,
} from '../../../core/billing/usage.ts'
import { configSchema } from '../../../core/catalogue/config/schema.ts'

const configOf = (billing: object): BillingConfig => configSchema.parse({ billing }).billing
const noPrices = () => undefined

const usage = (more: Partial<UsageSum> & { readonly amounts?: Partial<Carried> } = {}): UsageSum => ({
  zone: 'DE',
  share: 'active',
  tariffVersion: '0.25:EUR:0a1b2c3d',
  costEnergyNano: 0n,
  costResourceNano: 0n,
  coverage: 1,
  ...more,
  carried: { ...NOTHING, Entries: 1n, ...more.amounts },
})
const bill = (billing: object, more: Partial<BillInput> = {}): Bill =>
  makeBill({
    config: configOf(billing),
    tenant: 'default',
    account: 'shop',
    currency: 'EUR',
    period: billingPeriod('2026-11', 'UTC'),
    charges: [],
    corrections: [],
    creditsUsed: new Map(),
    ...more,
  })
const costs = (nano: bigint, uj = 0n): readonly Charge[] =>
  chargesOf([usage({ costEnergyNano: nano, amounts: { EnergyUj: uj } })], noPrices)
const shown = ({ lines }: Bill) => lines.map(({ sku, billedCost }) => [sku, femtoText(billedCost)])

describe('rules', () => {
  it('discounts by the first rule that matches account, SKU and period', () => {
    const discounts = [
      { accounts: ['shop'], skus: ['vcpu-*'], percent: '50' },
      { accounts: ['sh*'], percent: '10', from: '2026-11', until: '2026-11' },
      { percent: '99' },
    ]
    const [line] = bill({ discounts }, { charges: costs(1_000_000_001n, 14_400_000_000_000n) }).lines
    expect([line?.listUnitPrice, line?.contractedUnitPrice]).toEqual(['0.25', '0.225'])
    expect(femtoText(line!.contractedCost)).toBe('0.9000000009')
    expect(line?.quantity).toBe('4.000000004')
    const october = { period: billingPeriod('2026-10', 'UTC') }
    const [other] = bill({ discounts }, { ...october, charges: costs(1_000_000_000n) }).lines
    expect(femtoText(other!.contractedCost)).toBe('0.01')
  })

  it('charges what usage is below a commitment, whatever corrections add', () => {
    const commitments = [{ name: 'base', currency: 'EUR', amount: '10.005' }]
    const corrections = [{ period: billingPeriod('2026-10', 'UTC'), charges: costs(50_000_000_000n) }]
    expect(shown(bill({ commitments }, { charges: costs(3_000_000_000n), corrections }))).toEqual([
      ['energy-active', '3'],
      ['energy-active', '50'],
      ['commitment:base', '7'],
    ])
    expect(shown(bill({ commitments }, { charges: costs(10_000_000_000n) }))).toHaveLength(1)
    expect(shown(bill({ commitments }, { currency: 'USD', charges: costs(1n) }))).toHaveLength(1)
  })

  it('consumes credits in order, up to what is due and what is left of them', () => {
    const credits = [
      { name: 'first', currency: 'EUR', amount: '5' },
      { name: 'dollars', currency: 'USD', amount: '100' },
      { name: 'expired', currency: 'EUR', amount: '100', until: '2026-10' },
      { name: 'second', currency: 'EUR', amount: '100' },
    ]
    const creditsUsed = new Map([['first', femtoOf('3.5')]])
    const made = bill(
      { credits, taxes: [{ name: 'VAT', percent: '19' }] },
      { charges: costs(4_000_000_000n), creditsUsed },
    )
    expect(shown(made)).toEqual([
      ['energy-active', '4'],
      ['credit:first', '-1.5'],
      ['credit:second', '-2.5'],
      ['tax:VAT', '0'],
    ])
    const negative = bill({ credits }, { charges: costs(-4_000_000_000n) })
    expect(shown(negative)).toEqual([['energy-active', '-4']])
  })

  it('taxes by category of charge, each tax rounded half to even by itself', () => {
    const taxes = [
      { name: 'VAT', percent: '19' },
      { name: 'levy', percent: '0.5', charges: ['Usage'] },
      { name: 'elsewhere', percent: '99', accounts: ['bank'] },
    ]
    const made = bill(
      { taxes, commitments: [{ name: 'base', currency: 'EUR', amount: '2' }] },
      { charges: costs(1_000_000_000n) },
    )
    // 19 % of 2.00; 0.5 % of 1.00 is half a cent, to the even cent.
    expect(shown(made).slice(2)).toEqual([
      ['tax:VAT', '0.38'],
      ['tax:levy', '0'],
    ])
    expect([made.subtotal, made.tax, made.total].map(femtoText)).toEqual(['2', '0.38', '2.38'])
  })

  it('bills yen without decimals, dinars with three, and nothing in gold', () => {
    expect(shown(bill({}, { currency: 'JPY', charges: costs(2_500_000_000n) }))).toEqual([
      ['energy-active', '2'],
    ])
    expect(shown(bill({}, { currency: 'KWD', charges: costs(1_000_499_999n) }))).toEqual([
      ['energy-active', '1'],
    ])
    expect(() => bill({}, { currency: 'XAU', charges: costs(1n) })).toThrow(/nothing is paid in/)
  })
})

describe('prices', () => {
  it('lists unpriced energy without a price, apart from what is priced', () => {
    const charges = chargesOf(
      [
        usage({ costEnergyNano: 250_000_000n, amounts: { EnergyUj: 3_000_000_000_000n } }),
        usage({
          tariffVersion: '',
          amounts: { EnergyUj: 3_600_000_000_000n, UnpricedCostUj: 3_600_000_000_000n },
        }),
      ],
      noPrices,
    )
    const lines = bill({}, { charges }).lines.map(line => [
      line.quantity,
      line.listUnitPrice,
      femtoText(line.listCost),
    ])
    expect(lines).toEqual([
      ['1', '', '0'],
      ['1', '0.25', '0.25'],
    ])
  })

  it('splits resources where the prices explain their cost to half a billionth for each entry', () => {
    const hours = { CpuUs: 7_200_000_000n, MemoryByteSeconds: 4n * 1_073_741_824n * 3_600n, Entries: 3n }
    const prices = () => ({ vcpuHour: '0.04', gibHour: '0.005' })
    const skus = (cost: bigint) =>
      chargesOf([usage({ costResourceNano: cost, amounts: hours })], prices)
        .filter(({ sku }) => !sku.startsWith('energy'))
        .map(({ sku, listCost }) => [sku, femtoText(listCost)])
    expect(skus(100_000_000n)).toEqual([
      ['vcpu-hours', '0.08'],
      ['gib-hours', '0.02'],
    ])
    expect(skus(100_000_002n)).toEqual([
      ['vcpu-hours', '0.08'],
      ['gib-hours', '0.020000002'],
    ])
    expect(skus(100_000_003n)).toEqual([['resources', '0.100000003']])
  })

  it('takes prices of resources from the list that prices them, beside another for energy and a spot price', () => {
    const asked: string[] = []
    const prices = (tariff: string) => {
      asked.push(tariff)
      return { vcpuHour: '0.05' }
    }
    const versions = [
      'EUR:0a1b2c3d+spot:DE-LU:-0.0042:EUR:deadbeef',
      '0.25:EUR:0a1b2c3d+EUR:99999999',
      '0.25:EUR:0a1b2c3d',
    ]
    const amounts = { CpuUs: 3_600_000_000n }
    const found = versions.map(tariffVersion =>
      chargesOf([usage({ tariffVersion, costResourceNano: 50_000_000n, amounts })], prices).at(-1),
    )
    expect(asked).toEqual(['EUR:0a1b2c3d', 'EUR:99999999', 'EUR:0a1b2c3d'])
    expect(found.map(charge => [charge?.sku, charge?.tariffVersion])).toEqual([
      ['vcpu-hours', 'EUR:0a1b2c3d'],
      ['vcpu-hours', 'EUR:99999999'],
      ['vcpu-hours', 'EUR:0a1b2c3d'],
    ])
  })

  it('uses the average where the version of a tariff has no price that explains the cost', () => {
    const line = (tariffVersion: string) =>
      bill(
        {},
        {
          charges: chargesOf(
            [
              usage({
                tariffVersion,
                costEnergyNano: 900_000_000n,
                amounts: { EnergyUj: 7_200_000_000_000n },
              }),
            ],
            noPrices,
          ),
        },
      ).lines[0]
    expect([line('EUR:0a1b2c3d+spot')?.quantity, line('EUR:0a1b2c3d+spot')?.listUnitPrice]).toEqual([
      '2',
      '0.45',
    ])
    expect([line('0.01:EUR:0a1b2c3d')?.quantity, line('0.01:EUR:0a1b2c3d')?.listUnitPrice]).toEqual([
      '2',
      '0.45',
    ])
    expect([line('0.3:EUR:0a1b2c3d')?.quantity, line('0.3:EUR:0a1b2c3d')?.listUnitPrice]).toEqual([
      '3',
      '0.3',
    ])
    expect(line('-0.3:EUR:0a1b2c3d')?.listUnitPrice).toBe('0.45')
  })
})

interface Booked {
  readonly month: number
  /** Index of the closing before which it is booked. */
  readonly before: number
  readonly sum: UsageSum
}

const booked = fc.record({
  month: fc.integer({ min: 0, max: 3 }),
  before: fc.integer({ min: 0, max: 3 }),
  sum: fc
    .record({
      zone: fc.constantFrom('DE', 'FR'),
      share: fc.constantFrom('active', 'idle'),
      tariffVersion: fc.constantFrom('0.25:EUR:0a1b2c3d', '0.3:EUR:0a1b2c3d', ''),
      costEnergyNano: fc.bigInt({ min: -(10n ** 12n), max: 10n ** 12n }),
      costResourceNano: fc.bigInt({ min: 0n, max: 10n ** 9n }),
      energy: fc.bigInt({ min: -(10n ** 15n), max: 10n ** 15n }),
      carbon: fc.bigInt({ min: 0n, max: 10n ** 12n }),
    })
    .map(({ energy, carbon, ...more }) =>
      usage({ ...more, amounts: { EnergyUj: energy, CarbonOperationalUg: carbon, CpuUs: 5n } }),
    ),
})

/** Sums of the same things, as the ledger's projections give them. */
function ledgerOf(entries: readonly Booked[], month: number): readonly UsageSum[] {
  const sums = new Map<string, UsageSum>()
  for (const { sum } of entries.filter(one => one.month === month)) {
    const key = [sum.zone, sum.share, sum.tariffVersion].join()
    const before = sums.get(key)
    sums.set(
      key,
      before === undefined
        ? sum
        : {
            ...before,
            costEnergyNano: before.costEnergyNano + sum.costEnergyNano,
            costResourceNano: before.costResourceNano + sum.costResourceNano,
            coverage: before.coverage + sum.coverage,
            carried: addCarried(before.carried, sum.carried),
          },
    )
  }
  return [...sums.values()]
}

it('charges all that is booked for closed periods, once, whenever it comes', () => {
  fc.assert(
    fc.property(fc.array(booked, { maxLength: 25 }), entries => {
      // What is booked for a month that has not begun to be closed waits for its own bill.
      const billedOf = new Map<number, Charge[]>()
      let all: Femto = 0n
      let name = '2026-01'
      for (let closing = 0; closing < 4; closing += 1, name = followingPeriod(name)) {
        const known = entries.filter(({ before }) => before <= closing)
        const charges = chargesOf(ledgerOf(known, closing), noPrices)
        const corrections = Array.from({ length: closing }, (_, month) => ({
          period: billingPeriod(`2026-0${month + 1}`, 'UTC'),
          charges: chargeDifferences(
            chargesOf(ledgerOf(known, month), noPrices),
            merged(billedOf.get(month) ?? []),
          ),
        }))
        const made = bill({}, { period: billingPeriod(name, 'UTC'), charges, corrections })
        expect(made.total).toBe(made.lines.reduce((sum, line) => sum + line.billedCost, 0n))
        for (const line of made.lines) {
          const month = Number(line.service.name.slice(5)) - 1
          billedOf.set(month, [...(billedOf.get(month) ?? []), line])
          all += line.listCost
          expect(line.isCorrection).toBe(month !== closing)
        }
        const ledger = known
          .filter(({ month }) => month <= closing)
          .reduce((sum, one) => sum + one.sum.costEnergyNano + one.sum.costResourceNano, 0n)
        expect(all).toBe(ledger * 1_000_000n)
        const energy = known
          .filter(({ month }) => month <= closing)
          .reduce((sum, one) => sum + one.sum.carried.EnergyUj, 0n)
        const charged = [...billedOf.values()].flat().reduce((sum, { carried }) => sum + carried.EnergyUj, 0n)
        expect(charged).toBe(energy)
      }
    }),
    { numRuns: 60 },
  )
})

/** As `invoice_lines` gives it: summed by what was charged for. */
function merged(charges: readonly Charge[]): readonly Charge[] {
  const sums = new Map<string, Charge>()
  for (const charge of charges) {
    const before = sums.get(chargeKey(charge))
    sums.set(
      chargeKey(charge),
      before === undefined
        ? charge
        : {
            ...charge,
            listCost: before.listCost + charge.listCost,
            coverage: before.coverage + charge.coverage,
            carried: addCarried(before.carried, charge.carried),
          },
    )
  }
  return [...sums.values()]
}
