/** From generation by production type to the average intensity of what was generated. */
import type { IntensityValues } from '../../../core/factors/intensity-values.ts'
import {
  decimalText,
  divideHalfEven,
  parseDecimal,
  type Rational,
  rational,
} from '../../../core/model/decimal.ts'
import { FactorProviderError } from '../access/provider-error.ts'
import type { MarketInterval, MarketSeries } from './market-documents.ts'
import { PRODUCTION_TYPES } from './production-types.ts'

type DatedIntensity = IntensityValues['values'][number]

/** Digits after the point of the intensity, g/kWh. */
const DIGITS = 3
/**
 * A time for which some types are not reported yet is an estimate; where these carried more than this share of all that is
 * reported, nothing is said of it.
 */
const MOST_MISSING = 0.1

/** Generation of one production type: series that are parts of it, or times of it. */
interface Generation {
  readonly grams: bigint
  readonly parts: readonly (readonly MarketInterval[])[]
  /** MW times ms of all of it. */
  readonly total: number
}

interface Power {
  readonly grams: bigint
  readonly megawatts: Rational
}

/** @throws FactorProviderError for a production type that is not known */
export function intensitiesOf(series: readonly MarketSeries[]): readonly DatedIntensity[] {
  const types = generations(series)
  const all = types.reduce((sum, { total }) => sum + total, 0)
  const powersAt = types.map(({ parts }) => parts.map(stepAt))
  const edges = [
    ...new Set(types.flatMap(({ parts }) => parts.flat().flatMap(one => [one.fromMs, one.toMs]))),
  ]
  edges.sort((a, b) => a - b)
  return edges.slice(0, -1).flatMap((fromMs, index) => {
    const toMs = edges[index + 1] ?? fromMs
    const known: Power[] = []
    let missing = 0
    let isWhole = true
    for (const [number, { grams, total }] of types.entries()) {
      const steps = (powersAt[number] ?? []).flatMap(at => at(fromMs) ?? [])
      known.push(...steps.map(({ value }) => ({ grams, megawatts: rational(parseDecimal(value)) })))
      if (steps.length > 0) continue
      missing += total
      isWhole = false
    }
    const grams = missing > all * MOST_MISSING ? null : mean(known)
    if (grams === null) return []
    return [{ from: iso(fromMs), to: iso(toMs), g_per_kwh: grams, state: isWhole ? 'final' : 'estimated' }]
  })
}

function generations(series: readonly MarketSeries[]): readonly Generation[] {
  const byType = new Map<string, { readonly grams: bigint; readonly parts: (readonly MarketInterval[])[] }>()
  for (const { says, steps } of series) {
    // What pumps and batteries take has an area that it goes out of, and is not generation.
    if (says('outBiddingZone_Domain.mRID') !== '' && says('inBiddingZone_Domain.mRID') === '') continue
    const code = says('MktPSRType', 'psrType')
    const type = PRODUCTION_TYPES[code]
    if (type === undefined) throw unknownType(code)
    if (type.gramsPerKwh === null || steps.length === 0) continue
    const known = byType.get(code) ?? { grams: type.gramsPerKwh, parts: [] }
    known.parts.push(steps.toSorted((a, b) => a.fromMs - b.fromMs))
    byType.set(code, known)
  }
  return [...byType.values()].map(({ grams, parts }) => {
    const total = parts.flat().reduce((sum, one) => sum + Number(one.value) * (one.toMs - one.fromMs), 0)
    return { grams, parts, total }
  })
}

const unknownType = (code: string): FactorProviderError =>
  new FactorProviderError(
    `the answer is not of the documented shape: unknown production type ${JSON.stringify(code.slice(0, 20))}`,
  )

/** The step that holds at a time, asked in order of time; undefined where there is none. */
function stepAt(steps: readonly MarketInterval[]): (ms: number) => MarketInterval | undefined {
  let at = 0
  return ms => {
    while (at < steps.length && (steps[at]?.toMs ?? 0) <= ms) at += 1
    const step = steps[at]
    return step !== undefined && step.fromMs <= ms ? step : undefined
  }
}

/** Weighed by power; null where nothing was generated. */
function mean(known: readonly Power[]): string | null {
  const positive = known.filter(({ megawatts }) => megawatts.numerator > 0n)
  const common = positive.reduce((product, { megawatts }) => product * megawatts.denominator, 1n)
  let [emitted, generated] = [0n, 0n]
  for (const { grams, megawatts } of positive) {
    const amount = (megawatts.numerator * common) / megawatts.denominator
    emitted += amount * grams
    generated += amount
  }
  if (generated === 0n) return null
  return decimalText({ mantissa: divideHalfEven(emitted * 10n ** BigInt(DIGITS), generated), scale: DIGITS })
}

const iso = (ms: number): string => new Date(ms).toISOString()
