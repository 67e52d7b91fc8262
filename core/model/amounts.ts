/**
 * Formats exact ledger integers for people: the units of the page and the command line, and the number of decimals in a
 * column. All arithmetic uses bigint: a float would show a sum that differs from its parts.
 */
import { divideHalfEven } from './decimal.ts'

/** A unit and the number of base units in it. Lists are ascending. */
export interface Scale {
  readonly unit: string
  readonly size: bigint
}

/** Format of a whole column: one unit, one number of decimals. */
export interface ColumnScale extends Scale {
  readonly decimals: number
}

const WATT_HOUR_UJ = 3_600_000_000n

/** Base: µJ. */
export const ENERGY: readonly Scale[] = [
  { unit: 'mWh', size: WATT_HOUR_UJ / 1_000n },
  { unit: 'Wh', size: WATT_HOUR_UJ },
  { unit: 'kWh', size: WATT_HOUR_UJ * 1_000n },
  { unit: 'MWh', size: WATT_HOUR_UJ * 1_000_000n },
  { unit: 'GWh', size: WATT_HOUR_UJ * 1_000_000_000n },
]

/** Base: µJ. For single requests, of which a mWh is thousands. */
export const JOULES: readonly Scale[] = [
  { unit: 'µJ', size: 1n },
  { unit: 'mJ', size: 1_000n },
  { unit: 'J', size: 1_000_000n },
  { unit: 'kJ', size: 1_000_000_000n },
  { unit: 'MJ', size: 1_000_000_000_000n },
]

/** Base: µg of CO2-equivalent. */
export const CARBON: readonly Scale[] = [
  { unit: 'µg', size: 1n },
  { unit: 'mg', size: 1_000n },
  { unit: 'g', size: 1_000_000n },
  { unit: 'kg', size: 1_000_000_000n },
  { unit: 't', size: 1_000_000_000_000n },
]

/** Base: µs of CPU time. */
export const CPU_TIME: readonly Scale[] = [
  { unit: 'ms', size: 1_000n },
  { unit: 's', size: 1_000_000n },
  { unit: 'min', size: 60_000_000n },
  { unit: 'h', size: 3_600_000_000n },
]

/** Base: mW. */
export const POWER: readonly Scale[] = [
  { unit: 'mW', size: 1n },
  { unit: 'W', size: 1_000n },
  { unit: 'kW', size: 1_000_000n },
  { unit: 'MW', size: 1_000_000_000n },
]

/** Base units of money in one currency unit. */
export const MONEY_NANO = 1_000_000_000n

/** Index of the largest unit that the amount reaches; 0 if it reaches none. */
export function unitIndex(magnitude: bigint, scales: readonly Scale[]): number {
  let index = scales.length - 1
  while (index > 0 && magnitude < scales[index]!.size) index -= 1
  return index
}

/** The scale in which the largest amount of a column has four significant digits. */
export function columnScale(largest: bigint, scales: readonly Scale[]): ColumnScale {
  const magnitude = magnitudeOf(largest)
  const { unit, size } = scales[unitIndex(magnitude, scales)]!
  return { unit, size, decimals: decimalsFor(magnitude / size, 4) }
}

/** Decimals with which a number shows this many digits, given its whole part. */
export function decimalsFor(whole: bigint, digits: number): number {
  const length = whole === 0n ? 1 : whole.toString().length
  return Math.max(0, digits - length)
}

/** The absolute amount in units of the last shown decimal, rounded half to even. */
export const roundedTo = (amount: bigint, size: bigint, decimals: number): bigint =>
  divideHalfEven(magnitudeOf(amount) * 10n ** BigInt(decimals), size)

/** `12345` with 2 decimals is `123.45`. */
export function digitsText(rounded: bigint, decimals: number): string {
  const digits = rounded.toString().padStart(decimals + 1, '0')
  const whole = digits.slice(0, digits.length - decimals)
  return decimals === 0 ? whole : `${whole}.${digits.slice(-decimals)}`
}

/** The absolute amount. */
export const magnitudeOf = (amount: bigint): bigint => (amount < 0n ? -amount : amount)
