/**
 * Formats exact integers for people. All arithmetic uses bigint: a float would show a sum that differs from its parts.
 * Values have three significant digits, columns a common unit so that decimals line up.
 */
import {
  type ColumnScale,
  decimalsFor,
  digitsText,
  magnitudeOf,
  roundedTo,
  type Scale,
  unitIndex,
} from '../../../core/model/amounts.ts'
import { apportion } from '../../../core/model/apportion.ts'
import { divideHalfEven } from '../../../core/model/decimal.ts'

/** Text of a quantity in two parts, so that the unit can be smaller. */
export interface Shown {
  readonly value: string
  readonly unit: string
}

/** Three significant digits in the best unit; amounts that are too small to show become `<0.01`, zero stays `0`. */
export function formatQuantity(amount: bigint, scales: readonly Scale[]): Shown {
  const magnitude = magnitudeOf(amount)
  const sign = amount < 0n ? '−' : ''
  let index = unitIndex(magnitude, scales)
  let shown = significant(magnitude, scales[index]!.size)
  const next = scales[index + 1]
  // 999.7 Wh rounds to 1000, which reads better as 1.00 of the next unit.
  if (next !== undefined && shown.rounded >= next.size / scales[index]!.size) {
    index++
    shown = significant(magnitude, next.size)
  }
  return { value: sign + shown.text, unit: scales[index]!.unit }
}

function significant(magnitude: bigint, size: bigint): { text: string; rounded: bigint } {
  if (magnitude === 0n) return { text: '0', rounded: 0n }
  let decimals = decimalsFor(magnitude / size, 3)
  let scaled = roundedTo(magnitude, size, decimals)
  if (scaled >= 1_000n && decimals > 0) {
    decimals--
    scaled = roundedTo(magnitude, size, decimals)
  }
  const rounded = scaled / 10n ** BigInt(decimals)
  return { text: scaled === 0n ? '<0.01' : groupedText(scaled, decimals), rounded }
}

/** An amount at its column's scale; `<0.001` for a positive amount that rounds to nothing. */
export function formatAt(amount: bigint, scale: ColumnScale): string {
  if (amount === 0n) return '0'
  const scaled = roundedTo(amount, scale.size, scale.decimals)
  const sign = amount < 0n ? '−' : ''
  if (scaled === 0n) return `${sign}<${groupedText(1n, scale.decimals)}`
  return sign + groupedText(scaled, scale.decimals)
}

/** Share of `part` in `whole` in tenths of a percent, rounded; 0 without a whole. */
export function perMille(part: bigint, whole: bigint): number {
  if (whole <= 0n || part <= 0n) return 0
  return Number(divideHalfEven(part * 1_000n, whole))
}

/**
 * The share of each part in their sum, in tenths of a percent by largest remainder, so that together they make 100.0 %.
 * All 0 without a sum.
 */
export function splitPerMille(parts: readonly bigint[]): readonly number[] {
  const sum = parts.reduce((total, part) => total + part, 0n)
  if (sum <= 0n || parts.some(part => part < 0n)) return parts.map(part => perMille(part, sum))
  return apportion(1_000n, parts).map(Number)
}

/** A share 0..1 as `38 %`; a positive share is never rounded to 0 %, and a smaller one than all never to 100 %. */
export function formatShare(share: number): string {
  if (share <= 0) return '0\u00a0%'
  if (share >= 1) return '100\u00a0%'
  if (share < 0.005) return '<1\u00a0%'
  if (share > 0.995) return '>99\u00a0%'
  return `${Math.round(share * 100)}\u00a0%`
}

/** An exact integer with grouped thousands, for titles. */
export function formatInteger(amount: bigint): string {
  const digits = groupThousands(magnitudeOf(amount).toString())
  return amount < 0n ? `−${digits}` : digits
}

/** A duration in milliseconds, formatted for traces: `850 µs`, `12.3 ms`, `4.56 s`, `2.0 min`. */
export function formatDuration(milliseconds: number): string {
  if (milliseconds < 1) return `${Math.round(milliseconds * 1000)} µs`
  if (milliseconds < 10) return `${milliseconds.toFixed(2)} ms`
  if (milliseconds < 100) return `${milliseconds.toFixed(1)} ms`
  if (milliseconds < 1_000) return `${Math.round(milliseconds)} ms`
  if (milliseconds < 60_000) return `${(milliseconds / 1_000).toFixed(2)} s`
  return `${(milliseconds / 60_000).toFixed(1)} min`
}

/** `12345` with 2 decimals is `123.45`, thousands grouped. */
export function groupedText(rounded: bigint, decimals: number): string {
  const [whole = '', fraction] = digitsText(rounded, decimals).split('.')
  return fraction === undefined ? groupThousands(whole) : `${groupThousands(whole)}.${fraction}`
}

function groupThousands(digits: string): string {
  return digits.replace(/\B(?=(\d{3})+$)/g, ',')
}
