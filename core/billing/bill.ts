/**
 * A bill: charges, corrections of earlier periods, what is missing to a commitment, credits, taxes. Charges and corrections are
 * rounded together, once: their sum half to even to the minor unit, and each so that they sum to it (`roundToSum`).
 */
import { WattlineError } from '../catalogue/errors/errors.ts'
import { multiplyExact, parseDecimal, rational } from '../model/decimal.ts'
import { type Femto, femtoOf, minorDigits, percentOf, roundToMinor, roundToSum } from './money.ts'
import type { BillingPeriod } from './periods.ts'
import { priced } from './pricing.ts'
import { type Billed, type BillingConfig, discountPercent, rulesFor } from './rules.ts'
import { type Carried, type Charge, type ChargeKey, chargeKey, NOTHING } from './usage.ts'
import { describeCharge, unitPriceText } from './words.ts'

/** What a line is charged for, in the words of FOCUS. */
export type ChargeCategory = 'Usage' | 'Tax' | 'Credit' | 'Adjustment'

/** One line of a bill. */
export interface BillLine extends ChargeKey {
  readonly category: ChargeCategory
  readonly isCorrection: boolean
  /** The period that it is about. */
  readonly service: BillingPeriod
  readonly description: string
  /** Exact decimals; '' where there is none. */
  readonly quantity: string
  readonly unit: string
  readonly listUnitPrice: string
  readonly contractedUnitPrice: string
  readonly listCost: Femto
  readonly contractedCost: Femto
  readonly effectiveCost: Femto
  /** Whole minor units. */
  readonly billedCost: Femto
  readonly coverage: number
  readonly carried: Carried
}

/** What a bill is made of. */
export interface BillInput {
  readonly config: BillingConfig
  readonly tenant: string
  readonly account: string
  readonly currency: string
  readonly period: BillingPeriod
  readonly charges: readonly Charge[]
  /** Differences of periods that have been billed. */
  readonly corrections: readonly { readonly period: BillingPeriod; readonly charges: readonly Charge[] }[]
  /** What earlier bills have consumed, by name of the credit; above 0. */
  readonly creditsUsed: ReadonlyMap<string, Femto>
}

/** Lines of a bill, and what they come to. */
export interface Bill {
  readonly lines: readonly BillLine[]
  /** Before taxes. */
  readonly subtotal: Femto
  readonly tax: Femto
  readonly total: Femto
}

/** @throws WattlineError `closing_refused` for a currency that nothing can be paid in */
export function makeBill(input: BillInput): Bill {
  const digits = minorDigits(input.currency)
  if (digits === null) {
    throw new WattlineError(
      'closing_refused',
      `Account ${input.account} has costs in ${input.currency}, which nothing is paid in: correct the tariff.`,
    )
  }
  const billed = { tenant: input.tenant, account: input.account, period: input.period.name }
  const charged = chargeLines(input, digits)
  const committed = [...charged, ...commitmentLines(input, billed, charged, digits)]
  const credited = [...committed, ...creditLines(input, billed, total(committed), digits)]
  const taxes = taxLines(input, billed, credited, digits)
  const [subtotal, tax] = [total(credited), total(taxes)]
  return { lines: [...credited, ...taxes], subtotal, tax, total: subtotal + tax }
}

const total = (lines: readonly BillLine[]): Femto => lines.reduce((sum, line) => sum + line.billedCost, 0n)

/** Usage of the period, then corrections, in an order that follows from what they are about. */
function chargeLines(input: BillInput, digits: number): readonly BillLine[] {
  const current = sorted(input.charges).map(charge => usageLine(input, charge, input.period))
  const corrected = input.corrections.flatMap(({ period, charges }) =>
    sorted(charges).map(charge => usageLine(input, charge, period)),
  )
  const lines = [...current, ...corrected]
  const rounded = roundToSum(
    lines.map(line => line.contractedCost),
    digits,
  )
  return lines.map((line, at) => ({ ...line, billedCost: rounded[at]! }))
}

const sorted = (charges: readonly Charge[]): readonly Charge[] =>
  charges
    .map(charge => [chargeKey(charge), charge] as const)
    .toSorted(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0))
    .map(([, charge]) => charge)

/** A discount is that of the period which is charged, also in a correction. */
function usageLine(
  { config, tenant, account, period }: BillInput,
  charge: Charge,
  service: BillingPeriod,
): BillLine {
  const { sku, zone, share, tariffVersion, listCost, coverage, carried } = charge
  const percent = discountPercent(config, { tenant, account, period: service.name }, sku)
  const contractedCost = listCost - percentOf(listCost, percent)
  const { quantity, unit, listUnitPrice } = priced(charge)
  const isCorrection = service.name !== period.name
  return {
    sku,
    zone,
    share,
    tariffVersion,
    category: 'Usage',
    isCorrection,
    service,
    description: describeCharge(charge, {
      listUnitPrice,
      percent,
      corrects: isCorrection ? service.name : null,
    }),
    quantity,
    unit,
    listUnitPrice,
    contractedUnitPrice: discounted(listUnitPrice, percent),
    listCost,
    contractedCost,
    effectiveCost: contractedCost,
    billedCost: 0n,
    coverage,
    carried,
  }
}

function discounted(price: string, percent: string): string {
  if (price === '' || percent === '0') return price
  const { numerator, denominator } = multiplyExact(rational(parseDecimal(price)), {
    numerator:
      100n * 10n ** 4n -
      rational(parseDecimal(percent)).numerator * 10n ** BigInt(4 - parseDecimal(percent).scale),
    denominator: 100n * 10n ** 4n,
  })
  return unitPriceText(numerator, denominator)
}

/** A line that is not usage: list, contracted, effective and billed cost are one amount. */
function otherLine(
  { period }: BillInput,
  line: Pick<BillLine, 'category' | 'sku' | 'description' | 'billedCost'> & Partial<BillLine>,
): BillLine {
  const { billedCost } = line
  return {
    zone: '',
    share: '',
    tariffVersion: '',
    isCorrection: false,
    service: period,
    quantity: '',
    unit: '',
    listUnitPrice: '',
    contractedUnitPrice: '',
    listCost: billedCost,
    contractedCost: billedCost,
    effectiveCost: billedCost,
    coverage: 0,
    carried: NOTHING,
    ...line,
  }
}

/** What the usage of the period is below a commitment. Corrections of other periods do not count. */
function commitmentLines(
  input: BillInput,
  billed: Billed,
  charged: readonly BillLine[],
  digits: number,
): readonly BillLine[] {
  const used = total(charged.filter(line => !line.isCorrection))
  return rulesFor(input.config.commitments, billed).flatMap(({ name, currency, amount }) => {
    const missing = roundToMinor(femtoOf(amount), digits) - used
    if (currency !== input.currency || missing <= 0n) return []
    const description = `Minimum commitment ${name} of ${amount} ${currency}: what usage is below it`
    const price = unitPriceText(missing, 10n ** 15n)
    const priced = { quantity: '1', unit: 'Commitments', listUnitPrice: price, contractedUnitPrice: price }
    const sku = `commitment:${name}`
    return [otherLine(input, { category: 'Adjustment', sku, description, billedCost: missing, ...priced })]
  })
}

/** One credit after the other, until nothing is left to pay. */
function creditLines(input: BillInput, billed: Billed, due: Femto, digits: number): readonly BillLine[] {
  let left = due
  const lines: BillLine[] = []
  for (const { name, currency, amount } of rulesFor(input.config.credits, billed)) {
    if (currency !== input.currency || left <= 0n) continue
    const remaining = roundToMinor(femtoOf(amount), digits) - (input.creditsUsed.get(name) ?? 0n)
    const used = remaining < left ? remaining : left
    if (used <= 0n) continue
    left -= used
    const description = `Credit ${name} of ${amount} ${currency}`
    lines.push(
      otherLine(input, { category: 'Credit', sku: `credit:${name}`, description, billedCost: -used }),
    )
  }
  return lines
}

function taxLines(
  input: BillInput,
  billed: Billed,
  lines: readonly BillLine[],
  digits: number,
): readonly BillLine[] {
  return rulesFor(input.config.taxes, billed).flatMap(({ name, percent, category, charges }) => {
    const taxed = lines.filter(line => charges.some(one => one === line.category))
    if (taxed.length === 0) return []
    const base = total(taxed)
    const description = `${name}: ${percent} % (category ${category}) of ${unitPriceText(base, 10n ** 15n)}`
    const billedCost = roundToMinor(percentOf(base, percent), digits)
    return [otherLine(input, { category: 'Tax', sku: `tax:${name}`, description, billedCost })]
  })
}
