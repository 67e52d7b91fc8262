/** Formats ledger integers for people. Rounded only for display: sums are computed before, on the integers. */
import {
  CARBON,
  type ColumnScale,
  columnScale,
  digitsText,
  ENERGY,
  MONEY_NANO,
  roundedTo,
} from '../core/model/amounts.ts'

/** The unit of an energy column, so that its lines can be compared; `most` is the largest amount in µJ. */
export const energyUnit = (most: string): ColumnScale => columnScale(BigInt(most), ENERGY)

/** The same for µg of CO2e. */
export const carbonUnit = (most: string | null): ColumnScale => columnScale(BigInt(most ?? 0), CARBON)

/** The same for money in 1e-9 of its currency: four digits of the largest, cents at least. */
export function moneyUnit(most: string | null, currency: string): ColumnScale {
  const value = Math.abs(Number(most ?? 0) / Number(MONEY_NANO))
  const decimals = value === 0 ? 3 : 3 - Math.floor(Math.log10(value))
  return { unit: currency, size: MONEY_NANO, decimals: Math.min(9, Math.max(2, decimals)) }
}

/** An amount in its column's unit: `-` when unknown, `<0.001` when a positive amount rounds to nothing. */
export function scaledAmount(amount: string | null, { size, decimals }: ColumnScale): string {
  if (amount === null) return '-'
  const exact = BigInt(amount)
  const rounded = roundedTo(exact, size, decimals)
  if (rounded === 0n && exact !== 0n) return `${exact < 0n ? '>-' : '<'}${digitsText(1n, decimals)}`
  return `${exact < 0n ? '-' : ''}${digitsText(rounded, decimals)}`
}

/** `2.27 W`; `<0.01 W` for a power that is too small to show. */
export const wattsText = (milliwatts: number): string => `${fixedDecimals(milliwatts / 1000, 2)} W`

/** A number with `decimals` decimals. A non-zero value is never shown as zero. */
export function fixedDecimals(value: number, decimals: number): string {
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
  return `${fixedDecimals(seconds / size, 1)} ${unit}`
}
