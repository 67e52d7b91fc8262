/** Windows of time as people write them, and which of the ledger's sums serve them. Pure: the time now is given. */
import { invalid } from '../http/parameters.ts'
import type { TimeStep } from './request.ts'

interface UsageRange {
  /** Unix seconds, whole minutes, `[from, to)`. */
  readonly from: number
  readonly to: number
}

const MINUTE = 60
const HOUR = 3_600
const DAY = 86_400
/** A window may not be wider: two years and a day, more than the ledger keeps. */
const WIDEST = 731 * DAY

const UNIT_SECONDS: Readonly<Record<string, number>> = { s: 1, m: MINUTE, h: HOUR, d: DAY, w: 7 * DAY }
const EXPECTED =
  'a duration such as 5m, 1h, 24h or 7d, one of today, yesterday, month, or FROM,TO as ISO times or unix seconds'

const floor = (seconds: number, unit: number): number => Math.floor(seconds / unit) * unit

/** Seconds of `90s`, `5m`, `1h`, `7d`; undefined for anything else. */
export function durationSeconds(text: string): number | undefined {
  const found = /^(\d{1,6})([smhdw])$/.exec(text)
  if (found === null) return undefined
  return Number(found[1]) * UNIT_SECONDS[found[2]!]!
}

/**
 * A duration ends with the last full minute; days and months are UTC.
 * @throws WattlineError `parameter_invalid`
 */
export function parseWindow(text: string, nowSeconds: number): UsageRange {
  const window = named(text, nowSeconds) ?? spoken(text, nowSeconds)
  if (window === undefined) throw invalid('window', text, EXPECTED)
  if (window.to <= window.from) throw invalid('window', text, 'a window that ends after it starts')
  if (window.to - window.from > WIDEST) throw invalid('window', text, 'at most 731 days wide')
  return window
}

function named(text: string, now: number): UsageRange | undefined {
  const today = floor(now, DAY)
  const end = floor(now, MINUTE)
  if (text === 'today') return { from: today, to: Math.max(end, today + MINUTE) }
  if (text === 'yesterday') return { from: today - DAY, to: today }
  if (text !== 'month') return undefined
  const date = new Date(now * 1000)
  return {
    from: Date.UTC(date.getUTCFullYear(), date.getUTCMonth(), 1) / 1000,
    to: Math.max(end, today + MINUTE),
  }
}

function spoken(text: string, now: number): UsageRange | undefined {
  const duration = durationSeconds(text)
  if (duration !== undefined) {
    const to = floor(now, MINUTE)
    return { from: floor(to - duration, MINUTE), to }
  }
  const [from, to, ...rest] = text.split(',')
  if (from === undefined || to === undefined || rest.length > 0) return undefined
  const start = moment(from)
  const end = moment(to)
  if (start === undefined || end === undefined) return undefined
  return { from: floor(start, MINUTE), to: floor(end, MINUTE) }
}

/** ISO 8601 (UTC where no zone is given) or unix seconds. */
function moment(text: string): number | undefined {
  const trimmed = text.trim()
  if (/^\d{1,11}(\.\d+)?$/.test(trimmed)) return Math.floor(Number(trimmed))
  if (!/^\d{4}-\d\d-\d\d([T ]\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:?\d\d)?)?$/.test(trimmed)) return undefined
  const zoned = /(Z|[+-]\d\d:?\d\d)$/.test(trimmed.slice(10)) || trimmed.length === 10
  const milliseconds = Date.parse(zoned ? trimmed : `${trimmed.replace(' ', 'T')}Z`)
  return Number.isNaN(milliseconds) ? undefined : Math.floor(milliseconds / 1000)
}

/** What a slice is read by: single entries, or the ledger's sums by hour, day or month (UTC). */
export type RollupUnit = 'minute' | 'hour' | 'day' | 'month'
/** A part of a window that is read by one unit. */
export interface RangeSlice extends UsageRange {
  readonly unit: RollupUnit
}

interface Rounding {
  readonly unit: RollupUnit
  /** Shorter windows hold no whole unit. */
  readonly fromSeconds: number
  /** Start of the unit that the second lies in, and of the next one. */
  readonly start: (second: number) => number
  readonly next: (start: number) => number
  readonly fits: (step: TimeStep | null) => boolean
}

const fixed = (unit: RollupUnit, seconds: number, fromSeconds: number): Rounding => ({
  unit,
  fromSeconds,
  start: second => floor(second, seconds),
  next: start => start + seconds,
  fits: step => typeof step !== 'number' || step % seconds === 0,
})

const monthStart = (second: number, monthsOn = 0): number => {
  const date = new Date(second * 1000)
  return Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + monthsOn, 1) / 1000
}

/** Largest first. */
const ROUNDINGS: readonly Rounding[] = [
  {
    unit: 'month',
    fromSeconds: 28 * DAY,
    start: second => monthStart(second),
    next: start => monthStart(start, 1),
    fits: step => typeof step !== 'number',
  },
  fixed('day', DAY, DAY),
  fixed('hour', HOUR, HOUR),
]

/**
 * Cuts a window into slices that cover each minute once: whole months, days and hours come from the sums, the edges from
 * the minutes. A step narrower than a sum, or across it, keeps the sum out. There are no sums of single hosts and workloads
 * by month.
 */
export function coverWindow(
  window: UsageRange,
  step: TimeStep | null,
  options: { readonly months: boolean } = { months: true },
): readonly RangeSlice[] {
  const width = window.to - window.from
  let slices: readonly RangeSlice[] = [{ from: window.from, to: window.to, unit: 'minute' }]
  for (const rounding of ROUNDINGS) {
    if (width < rounding.fromSeconds || !rounding.fits(step)) continue
    if (rounding.unit === 'month' && !options.months) continue
    slices = slices.flatMap(slice => (slice.unit === 'minute' ? cut(slice, rounding) : [slice]))
  }
  return slices
}

/** Takes the whole units out of the middle. */
function cut(slice: RangeSlice, { unit, start, next }: Rounding): readonly RangeSlice[] {
  const first = start(slice.from)
  const from = first === slice.from ? first : next(first)
  const to = start(slice.to)
  if (to <= from) return [slice]
  return [
    { from: slice.from, to: from, unit: slice.unit },
    { from, to, unit },
    { from: to, to: slice.to, unit: slice.unit },
  ].filter(part => part.to > part.from)
}
