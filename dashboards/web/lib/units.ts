/**
 * Exact integers to text for people. Everything is bigint arithmetic: a float would show a sum that its parts do not
 * have. Values are shown with three significant digits, columns with one common unit so that decimals line up.
 */

/** A unit and how many base units it holds. Lists are ascending. */
export interface Scale {
  readonly unit: string
  readonly size: bigint
}

/** Text of a quantity, in two parts so that the unit can be set smaller. */
export interface Shown {
  readonly value: string
  readonly unit: string
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

/** Three significant digits in the unit that fits; amounts too small to show become `<0.01`, zero stays `0`. */
export function formatQuantity(amount: bigint, scales: readonly Scale[]): Shown {
  const magnitude = absolute(amount)
  const sign = amount < 0n ? '−' : ''
  let index = scales.length - 1
  while (index > 0 && magnitude < scales[index]!.size) index--
  let shown = significant(magnitude, scales[index]!.size)
  const next = scales[index + 1]
  // 999.7 Wh rounds to 1000: it reads better as 1.00 of the next unit.
  if (next !== undefined && shown.rounded >= next.size / scales[index]!.size) {
    index++
    shown = significant(magnitude, next.size)
  }
  return { value: sign + shown.text, unit: scales[index]!.unit }
}

function significant(magnitude: bigint, size: bigint): { text: string; rounded: bigint } {
  if (magnitude === 0n) return { text: '0', rounded: 0n }
  let decimals = decimalsFor(magnitude / size, 3)
  let scaled = divideRounded(magnitude * 10n ** BigInt(decimals), size)
  if (scaled >= 1_000n && decimals > 0) {
    decimals--
    scaled = divideRounded(magnitude * 10n ** BigInt(decimals), size)
  }
  const rounded = scaled / 10n ** BigInt(decimals)
  return { text: scaled === 0n ? '<0.01' : decimalText(scaled, decimals), rounded }
}

/** How a whole column is shown: one unit, one number of decimals. */
export interface ColumnScale extends Scale {
  readonly decimals: number
}

/** The scale in which the largest amount of a column has four significant digits. */
export function columnScale(largest: bigint, scales: readonly Scale[]): ColumnScale {
  const magnitude = absolute(largest)
  let index = scales.length - 1
  while (index > 0 && magnitude < scales[index]!.size) index--
  const { unit, size } = scales[index]!
  return { unit, size, decimals: decimalsFor(magnitude / size, 4) }
}

/** An amount at its column's scale; `<0.001` for what is there but rounds to nothing. */
export function formatAt(amount: bigint, scale: ColumnScale): string {
  if (amount === 0n) return '0'
  const scaled = divideRounded(absolute(amount) * 10n ** BigInt(scale.decimals), scale.size)
  const sign = amount < 0n ? '−' : ''
  if (scaled === 0n) return `${sign}<${decimalText(1n, scale.decimals)}`
  return sign + decimalText(scaled, scale.decimals)
}

/** Share of `part` in `whole` in tenths of a percent, rounded; 0 without a whole. */
export function perMille(part: bigint, whole: bigint): number {
  if (whole <= 0n || part <= 0n) return 0
  return Number(divideRounded(part * 1_000n, whole))
}

/**
 * What each part is of their sum, in tenths of a percent by largest remainder: shown side by side they make 100.0 %.
 * All 0 without a sum.
 */
export function splitPerMille(parts: readonly bigint[]): readonly number[] {
  const sum = parts.reduce((total, part) => total + part, 0n)
  if (sum <= 0n || parts.some(part => part < 0n)) return parts.map(part => perMille(part, sum))
  const shares = parts.map(part => Number((part * 1_000n) / sum))
  const remainders = parts.map((part, index) => ({ index, rest: (part * 1_000n) % sum }))
  const missing = 1_000 - shares.reduce((total, share) => total + share, 0)
  const order = remainders.toSorted((a, b) =>
    a.rest === b.rest ? a.index - b.index : a.rest > b.rest ? -1 : 1,
  )
  for (const { index } of order.slice(0, missing)) shares[index]!++
  return shares
}

/** A share 0..1 as `38 %`; never rounds something to 0 % or anything less than all to 100 %. */
export function formatShare(share: number): string {
  if (share <= 0) return '0\u00a0%'
  if (share >= 1) return '100\u00a0%'
  if (share < 0.005) return '<1\u00a0%'
  if (share > 0.995) return '>99\u00a0%'
  return `${Math.round(share * 100)}\u00a0%`
}

/** An exact integer with its thousands grouped, for titles. */
export function formatInteger(amount: bigint): string {
  const digits = groupThousands(absolute(amount).toString())
  return amount < 0n ? `−${digits}` : digits
}

/** A duration in milliseconds, as traces show it: `850 µs`, `12.3 ms`, `4.56 s`, `2.0 min`. */
export function formatDuration(milliseconds: number): string {
  if (milliseconds < 1) return `${Math.round(milliseconds * 1000)} µs`
  if (milliseconds < 10) return `${milliseconds.toFixed(2)} ms`
  if (milliseconds < 100) return `${milliseconds.toFixed(1)} ms`
  if (milliseconds < 1_000) return `${Math.round(milliseconds)} ms`
  if (milliseconds < 60_000) return `${(milliseconds / 1_000).toFixed(2)} s`
  return `${(milliseconds / 60_000).toFixed(1)} min`
}

/** Half up on non-negative integers: for show only, accounts round elsewhere. */
export function divideRounded(dividend: bigint, divisor: bigint): bigint {
  return (dividend + divisor / 2n) / divisor
}

/** `12345` with 2 decimals is `123.45`. */
export function decimalText(scaled: bigint, decimals: number): string {
  const digits = scaled.toString().padStart(decimals + 1, '0')
  const whole = groupThousands(digits.slice(0, digits.length - decimals))
  return decimals === 0 ? whole : `${whole}.${digits.slice(-decimals)}`
}

function decimalsFor(whole: bigint, digits: number): number {
  const length = whole === 0n ? 1 : whole.toString().length
  return Math.max(0, digits - length)
}

function groupThousands(digits: string): string {
  return digits.replace(/\B(?=(\d{3})+$)/g, ',')
}

function absolute(amount: bigint): bigint {
  return amount < 0n ? -amount : amount
}
