/**
 * What a signal is expected to be: values in force where there are some, forecasts among them; else the mean of the same hours of
 * the days before, with the lowest and highest of them as band; else the yearly average.
 */
import type { IntensityBook } from '../factors/intensity-book.ts'
import type { IntensityKind } from '../factors/intensity-values.ts'
import type { PriceBook, PricePlace } from '../factors/prices/price-book.ts'
import type { Decimal } from '../model/decimal.ts'
import type { Factor } from '../model/factor.ts'
import type { PlanningSignal, SignalPiece } from './signal.ts'

const HOUR_S = 3_600
const DAY_S = 86_400
/** Days before that an estimate looks at. */
const DAYS = 7
/** An estimate needs values of this many of them. */
const LEAST_DAYS = 3

/**
 * Intensity of a zone over `[from, to)`, µgCO2e per kWh.
 * @param now forecasts of before that came true or not are not used for estimates
 * @returns null where part of the time has neither a value nor an estimate nor a yearly average
 */
export function intensityOutlook(
  book: IntensityBook,
  { zone, kind }: { readonly zone: string; readonly kind: IntensityKind },
  { from, to, now }: { readonly from: number; readonly to: number; readonly now: number },
): PlanningSignal | null {
  const pieces: SignalPiece[] = []
  const known = book.between(zone, kind, from, to)
  let at = from
  for (const one of [...known, null]) {
    const start = one === null ? to : Math.max(from, one.validFrom ?? from)
    for (; at < start; at = pieces.at(-1)!.to) {
      const estimated = estimate(book, { zone, kind }, at, Math.min(start, nextHour(at)), now)
      if (estimated === null) return null
      pieces.push(estimated)
    }
    if (one === null) break
    at = Math.min(to, one.validTo ?? to)
    if (at > start) pieces.push(pieceOf(one, start, at, one.state))
  }
  return joined(pieces)
}

const nextHour = (seconds: number): number => (Math.floor(seconds / HOUR_S) + 1) * HOUR_S

function estimate(
  book: IntensityBook,
  { zone, kind }: { readonly zone: string; readonly kind: IntensityKind },
  from: number,
  to: number,
  now: number,
): SignalPiece | null {
  const hour = Math.floor(from / HOUR_S) * HOUR_S
  const means: bigint[] = []
  for (let days = 1; days <= 2 * DAYS && means.length < DAYS; days += 1) {
    const start = hour - days * DAY_S
    if (start + HOUR_S > now) continue
    const mean = meanOf(book.between(zone, kind, start, start + HOUR_S), start, start + HOUR_S)
    if (mean !== null) means.push(mean)
  }
  if (means.length >= LEAST_DAYS) {
    const sum = means.reduce((total, mean) => total + mean, 0n)
    const sorted = means.toSorted((a, b) => (a < b ? -1 : a > b ? 1 : 0))
    return {
      from,
      to,
      value: sum / BigInt(means.length),
      low: sorted[0]!,
      high: sorted.at(-1)!,
      basis: 'past_days',
    }
  }
  const yearly = book.at(zone, kind, Number.NEGATIVE_INFINITY)
  return yearly === null ? null : pieceOf(yearly, from, to, 'yearly')
}

/** Null where values do not cover the whole time. */
function meanOf(factors: readonly Factor[], from: number, to: number): bigint | null {
  let sum = 0n
  let covered = 0
  for (const { value, validFrom, validTo } of factors) {
    const seconds = Math.min(validTo ?? to, to) - Math.max(validFrom ?? from, from)
    sum += millionths(value) * BigInt(seconds)
    covered += seconds
  }
  return covered === to - from ? sum / BigInt(covered) : null
}

function pieceOf({ value }: Factor, from: number, to: number, basis: SignalPiece['basis']): SignalPiece {
  const amount = millionths(value)
  return { from, to, value: amount, low: amount, high: amount, basis }
}

/** Prices of energy over `[from, to)` in millionths of one currency per kWh; null where one is unknown or of another currency. */
export function priceOutlook(
  book: PriceBook,
  place: PricePlace,
  currency: string | null,
  { from, to }: { readonly from: number; readonly to: number },
): { readonly currency: string; readonly signal: PlanningSignal } | null {
  const pieces = book.between(place, from, to)
  const expected = currency ?? pieces[0]?.currency ?? ''
  if (pieces.length === 0 || pieces.some(piece => piece.energy === null || piece.currency !== expected))
    return null
  const signal = pieces.map(({ energy, from: start, to: end }): SignalPiece => {
    const value = millionths(energy!)
    return { from: start, to: end, value, low: value, high: value, basis: 'final' }
  })
  return { currency: expected, signal }
}

/** Rounded towards zero: plans need no more than a millionth. */
function millionths({ mantissa, scale }: Decimal): bigint {
  return scale <= 6 ? mantissa * 10n ** BigInt(6 - scale) : mantissa / 10n ** BigInt(scale - 6)
}

function joined(pieces: readonly SignalPiece[]): PlanningSignal {
  const all: SignalPiece[] = []
  for (const piece of pieces) {
    const last = all.at(-1)
    const isSame =
      last !== undefined &&
      last.value === piece.value &&
      last.low === piece.low &&
      last.high === piece.high &&
      last.basis === piece.basis
    if (isSame) all[all.length - 1] = { ...last, to: piece.to }
    else all.push(piece)
  }
  return all
}

/** Two signals as one: `value = a * weightA + b * weightB`, cut at the edges of both, over what both cover. */
export function weighed(
  a: PlanningSignal,
  weightA: bigint,
  b: PlanningSignal,
  weightB: bigint,
): PlanningSignal {
  const edges = [...new Set([...a, ...b].flatMap(({ from, to }) => [from, to]))].sort((x, y) => x - y)
  return edges.slice(1).flatMap((to, index) => {
    const from = edges[index]!
    const [one, other] = [a, b].map(signal => signal.find(piece => piece.from <= from && piece.to >= to))
    if (one === undefined || other === undefined) return []
    const sum = (pick: (piece: SignalPiece) => bigint): bigint => pick(one) * weightA + pick(other) * weightB
    return [
      { from, to, value: sum(p => p.value), low: sum(p => p.low), high: sum(p => p.high), basis: one.basis },
    ]
  })
}
