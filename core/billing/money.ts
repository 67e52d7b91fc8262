/** Money on bills: exact in 1e-15 of the currency unit, rounded to what can be paid once, when a bill is made. */
import { type Decimal, decimalText, divideHalfEven, parseDecimal } from '../model/decimal.ts'

/** 1e-15 of the currency unit: nano-amounts of the ledger less a percentage of four decimals stay exact. */
export type Femto = bigint

const FEMTO_DIGITS = 15
const FEMTO_OF_NANO = 1_000_000n

/** Digits behind the point of currencies that do not have two (ISO 4217). */
const OTHER_MINOR_DIGITS: ReadonlyMap<string, number> = new Map([
  ...'BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF'
    .split(' ')
    .map(code => [code, 0] as const),
  ...'BHD IQD JOD KWD LYD OMR TND'.split(' ').map(code => [code, 3] as const),
  ...'CLF UYW'.split(' ').map(code => [code, 4] as const),
])
/** Metals, funds and test codes: nothing that is paid. */
const WITHOUT_MINOR_UNIT = /^X(A[GU]|B[A-D]|DR|P[DT]|SU|TS|UA|X{2})$/

/** Digits behind the point of amounts that can be paid; null: the code is no currency that bills can be in. */
export const minorDigits = (currency: string): number | null =>
  WITHOUT_MINOR_UNIT.test(currency) ? null : (OTHER_MINOR_DIGITS.get(currency) ?? 2)

/** Exact. */
export const femtoOfNano = (nano: bigint): Femto => nano * FEMTO_OF_NANO

/** @throws RangeError when the text is not a decimal number of at most 15 decimals */
export function femtoOf(text: string): Femto {
  const { mantissa, scale } = parseDecimal(text)
  if (scale > FEMTO_DIGITS) throw new RangeError(`more than ${FEMTO_DIGITS} decimals: ${text}`)
  return mantissa * 10n ** BigInt(FEMTO_DIGITS - scale)
}

/** Shortest exact decimal. */
export const femtoText = (amount: Femto): string => decimalText({ mantissa: amount, scale: FEMTO_DIGITS })

/** An amount with the digits that its currency is paid in: `1.50`, `1200`. Exact amounts of more digits keep them. */
export function amountText(amount: Femto, currency: string): string {
  const digits = minorDigits(currency) ?? 0
  const [whole = '', fraction = ''] = femtoText(amount).split('.')
  const padded = fraction.padEnd(digits, '0')
  return padded === '' ? whole : `${whole}.${padded}`
}

const minorUnit = (digits: number): Femto => 10n ** BigInt(FEMTO_DIGITS - digits)

/** Half to even. */
export const roundToMinor = (amount: Femto, digits: number): Femto =>
  divideHalfEven(amount, minorUnit(digits)) * minorUnit(digits)

/**
 * Rounds the sum of amounts once, half to even, and the amounts so that they sum to it: each is cut to the minor unit below,
 * and what is missing goes to the largest remainders, a unit each, ties to the earlier one. Each is less than one unit away
 * from its exact amount.
 */
export function roundToSum(amounts: readonly Femto[], digits: number): readonly Femto[] {
  const unit = minorUnit(digits)
  const total = amounts.reduce((sum, amount) => sum + amount, 0n)
  const remainders = amounts.map(amount => ((amount % unit) + unit) % unit)
  const floors = amounts.map((amount, at) => amount - remainders[at]!)
  const missing = Number(
    (roundToMinor(total, digits) - floors.reduce((sum, floor) => sum + floor, 0n)) / unit,
  )
  const order = amounts
    .map((_, at) => at)
    .toSorted((a, b) => {
      const difference = remainders[b]! - remainders[a]!
      return difference > 0n ? 1 : difference < 0n ? -1 : a - b
    })
  const raised = new Set(order.slice(0, missing))
  return floors.map((floor, at) => (raised.has(at) ? floor + unit : floor))
}

/** A percentage of an amount, exact: percentages have at most four decimals, amounts of the ledger nine. */
export function percentOf(amount: Femto, percent: string): Femto {
  const { mantissa, scale }: Decimal = parseDecimal(percent)
  return divideHalfEven(amount * mantissa, 100n * 10n ** BigInt(scale))
}
