/** Windows and steps as OpenCost reads them. Pure: the time now is given. All times are unix seconds, days are UTC. */
import { invalid } from '../http/parameters.ts'

/** `[from, to)`, whole minutes. */
export interface AllocationWindow {
  readonly from: number
  readonly to: number
}

const MINUTE = 60
const HOUR = 3_600
const DAY = 86_400
const WEEK = 7 * DAY
/** More than the ledger keeps. */
const WIDEST = 731 * DAY
/** Sets of one answer. */
const STEPS_MAX = 11_000

const UNITS: Readonly<Record<string, number>> = { s: 1, m: MINUTE, h: HOUR, d: DAY, w: WEEK }
const EXPECTED =
  'one of today, yesterday, week, lastweek, month, lastmonth, a duration such as 30m, 24h, 7d or "24h offset 1d", or a pair FROM,TO of RFC 3339 times or unix seconds'

const floor = (seconds: number, unit: number): number => Math.floor(seconds / unit) * unit
const monthStart = (second: number, monthsOn = 0): number => {
  const date = new Date(second * 1000)
  return Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + monthsOn, 1) / 1000
}
/** Weeks begin on Sunday. The epoch was a Thursday. */
const weekStart = (second: number): number => floor(second + 4 * DAY, WEEK) - 4 * DAY

/** @throws WattlineError `parameter_invalid` */
export function parseAllocationWindow(text: string, nowSeconds: number): AllocationWindow {
  const spoken = text.trim()
  const found = named(spoken, nowSeconds) ?? lasting(spoken, nowSeconds) ?? pair(spoken)
  if (found === undefined) throw invalid('window', text, EXPECTED)
  const window = { from: floor(found.from, MINUTE), to: floor(found.to, MINUTE) }
  if (window.to <= window.from)
    throw invalid('window', text, 'a window that ends at least a minute after it starts')
  if (window.to - window.from > WIDEST) throw invalid('window', text, 'at most 731 days wide')
  return window
}

function named(text: string, now: number): AllocationWindow | undefined {
  const today = floor(now, DAY)
  const soon = Math.max(now, today + MINUTE)
  switch (text) {
    case 'today':
      return { from: today, to: today + DAY }
    case 'yesterday':
      return { from: today - DAY, to: today }
    case 'week':
      return { from: weekStart(now), to: soon }
    case 'lastweek':
      return { from: weekStart(now) - WEEK, to: weekStart(now) }
    case 'month':
      return { from: monthStart(now), to: soon }
    case 'lastmonth':
      return { from: monthStart(now, -1), to: monthStart(now) }
    default:
      return undefined
  }
}

/** `7d` is today and the six days before it, as whole days; `24h` ends now. */
function lasting(text: string, now: number): AllocationWindow | undefined {
  const found = /^(\d{1,6})([mhdw])(?:\s+offset\s+(\d{1,6})([mhdw]))?$/.exec(text)
  if (found === null) return undefined
  const [, count, unit = '', back, backUnit = ''] = found
  const width = Number(count) * UNITS[unit]!
  if (back !== undefined) {
    const to = now - Number(back) * UNITS[backUnit]!
    return { from: to - width, to }
  }
  const to = unit === 'd' || unit === 'w' ? floor(now, DAY) + DAY : now
  return { from: to - width, to }
}

function pair(text: string): AllocationWindow | undefined {
  const seconds = /^(\d{1,11})[,-](\d{1,11})$/.exec(text)
  if (seconds !== null) return { from: Number(seconds[1]), to: Number(seconds[2]) }
  const [from, to, ...rest] = text.split(',').map(moment)
  return from === undefined || to === undefined || rest.length > 0 ? undefined : { from, to }
}

/** RFC 3339, or a date; a plus sign of the zone may have become a space in the URL. */
function moment(text: string): number | undefined {
  const found = /^(\d{4}-\d\d-\d\d)(?:T(\d\d:\d\d:\d\d(?:\.\d+)?)(Z|[+\- ]\d\d:\d\d))?$/i.exec(text.trim())
  if (found === null) return undefined
  const [, date, time = '00:00:00', zone = 'Z'] = found
  const milliseconds = Date.parse(`${date}T${time}${zone.replace(' ', '+').toUpperCase()}`)
  return Number.isNaN(milliseconds) ? undefined : Math.floor(milliseconds / 1000)
}

/** A duration as OpenCost writes it (`1h`, `90m`, `1h30m`, `1d`); undefined for anything else. */
export function allocationDuration(text: string): number | undefined {
  if (!/^(\d{1,6}[smhdw])+$/.test(text)) return undefined
  return [...text.matchAll(/(\d+)([smhdw])/g)].reduce(
    (sum, [, count, unit = '']) => sum + Number(count) * UNITS[unit]!,
    0,
  )
}

/** Steps of a calendar. */
export const CALENDAR_STEPS = ['hour', 'day', 'week', 'month', 'quarter'] as const
/** One of them. */
export type CalendarStep = (typeof CALENDAR_STEPS)[number]

/**
 * The sets of an answer: steps from the start of the window on, of which the last may be shorter, or periods of the calendar, of which
 * the first may be, too.
 * @throws WattlineError `parameter_invalid` for more sets than an answer has
 */
export function stepsOf(window: AllocationWindow, step: number | CalendarStep): readonly AllocationWindow[] {
  const sets: AllocationWindow[] = []
  for (let from = window.from; from < window.to; ) {
    const to = Math.min(window.to, typeof step === 'number' ? from + step : nextPeriod(from, step))
    if (sets.length === STEPS_MAX) {
      throw invalid('step', String(step), `wide enough: at most ${STEPS_MAX} steps in the window`)
    }
    sets.push({ from, to })
    from = to
  }
  return sets
}

function nextPeriod(from: number, step: CalendarStep): number {
  switch (step) {
    case 'hour':
      return floor(from, HOUR) + HOUR
    case 'day':
      return floor(from, DAY) + DAY
    case 'week':
      return weekStart(from) + WEEK
    case 'month':
      return monthStart(from, 1)
    case 'quarter':
      return monthStart(from, 3 - (new Date(from * 1000).getUTCMonth() % 3))
  }
}
