/** Integers of the ledger as people read them. Rounded for the eye only: sums are made before, on the integers. */

/** A unit, how many base units it holds, and with how many decimals it is shown. */
interface ColumnUnit {
  readonly unit: string
  readonly size: number
  readonly decimals: number
}

const ENERGY_UJ = [
  ['mWh', 3.6e6],
  ['Wh', 3.6e9],
  ['kWh', 3.6e12],
  ['MWh', 3.6e15],
] as const
const CARBON_UG = [
  ['µg', 1],
  ['mg', 1e3],
  ['g', 1e6],
  ['kg', 1e9],
  ['t', 1e12],
] as const

/** The unit of a column of energy, so that its lines can be compared; `most` is the largest amount in µJ. */
export const energyUnit = (most: string): ColumnUnit => unitFor(Number(most), ENERGY_UJ)

/** The same for µg of CO2e. */
export const carbonUnit = (most: string | null): ColumnUnit => unitFor(Number(most ?? 0), CARBON_UG)

/** The same for money in 1e-9 of its currency: four digits of the largest, cents at least. */
export function moneyUnit(most: string | null, currency: string): ColumnUnit {
  return {
    unit: currency,
    size: 1e9,
    decimals: Math.min(9, Math.max(2, digitsAfter(Number(most ?? 0) / 1e9))),
  }
}

function unitFor(amount: number, scale: readonly (readonly [string, number])[]): ColumnUnit {
  const [unit, size] = scale.findLast(([, from]) => Math.abs(amount) >= from) ?? scale[0]!
  return { unit, size, decimals: Math.min(3, Math.max(0, digitsAfter(amount / size))) }
}

/** Decimals with which a value shows four digits; of nothing, three. */
const digitsAfter = (value: number): number => (value === 0 ? 3 : 3 - Math.floor(Math.log10(Math.abs(value))))

/** An amount in its column's unit: `-` when unknown, `<0.001` when there is something that rounds to nothing. */
export function amountText(amount: string | null, { size, decimals }: ColumnUnit): string {
  if (amount === null) return '-'
  return fixed(Number(amount) / size, decimals)
}

/** `2.27 W`; `<0.01 W` for what is there but cannot be seen. */
export const wattsText = (milliwatts: number): string => `${fixed(milliwatts / 1000, 2)} W`

/** A number with so many decimals; what is not zero never looks like it. */
export function fixed(value: number, decimals: number): string {
  const least = 10 ** -decimals
  if (value !== 0 && Math.abs(value) < least / 2) return `${value < 0 ? '>-' : '<'}${least.toFixed(decimals)}`
  return value.toFixed(decimals)
}

const AGES = [
  ['d', 86_400],
  ['h', 3_600],
  ['min', 60],
] as const

/** `0.4 s`, `12.5 min`: how long ago, for people. */
export function ageText(seconds: number): string {
  const [unit, size] = AGES.find(([, from]) => seconds >= from) ?? ['s', 1]
  return `${fixed(seconds / size, 1)} ${unit}`
}
