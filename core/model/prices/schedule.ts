/** Prices by time of day, weekday and season. */
import { type Decimal, parseDecimal } from '../decimal.ts'
import type { LocalMoment } from './local-time.ts'
import { type BandTerms, type ScheduleTerms, WEEKDAYS } from './terms.ts'

/** A price and when it holds, in words. */
export interface ScheduledPrice {
  readonly value: Decimal
  readonly holds: string
}

/** Prices as they are asked for, minute by minute. */
export interface PriceSchedule {
  /** Null: nothing holds then. */
  at(moment: LocalMoment): Decimal | null
  /** Minutes of the day at which a price may change, and midnight. */
  readonly edges: readonly number[]
  /** Every price that `at` can give. */
  readonly prices: readonly ScheduledPrice[]
  /** Whether `at` gives a price at every time. */
  readonly isComplete: boolean
}

/** Minutes of a day. */
export const DAY_MINUTES = 1440

/** @throws RangeError for a time of day or a price that cannot be */
export function createSchedule(
  { price_per_kwh: basePrice, bands }: ScheduleTerms,
  timeZone: string,
  holidays: ReadonlySet<number>,
): PriceSchedule {
  const base = basePrice === undefined ? null : parseDecimal(basePrice)
  const matches = bands.map(band => bandMatcher(band, holidays))
  const values = bands.map(band => parseDecimal(band.price_per_kwh))
  return {
    at: moment => values[matches.findIndex(match => match(moment))] ?? base,
    edges: [
      ...new Set([0, ...bands.flatMap(({ from, to }) => [minuteOf(from), minuteOf(to) % DAY_MINUTES])]),
    ],
    prices: [
      ...bands.map((band, index) => ({ value: values[index]!, holds: `${bandText(band)} ${timeZone}` })),
      ...(base === null
        ? []
        : [{ value: base, holds: bands.length === 0 ? 'always' : 'at all other times' }]),
    ],
    isComplete: base !== null,
  }
}

function bandMatcher(band: BandTerms, holidays: ReadonlySet<number>): (moment: LocalMoment) => boolean {
  const [from, to] = [minuteOf(band.from), minuteOf(band.to)]
  const isOn = dayMatcher(band)
  const holdsOn = (day: number): boolean => isOn(monthDay(day), holidays.has(day) ? 0 : weekdayOf(day))
  if (from < to) return ({ day, minute }) => minute >= from && minute < to && holdsOn(day)
  return ({ day, minute }) => (minute >= from && holdsOn(day)) || (minute < to && holdsOn(day - 1))
}

/** Whether a band begins on a day: `MM-DD` and the number of the weekday, Sunday 0. */
export function dayMatcher({
  weekdays,
  months,
  season,
}: BandTerms): (date: string, weekday: number) => boolean {
  const days = weekdays === undefined ? null : new Set(weekdays.map(name => WEEKDAYS.indexOf(name)))
  const monthSet = months === undefined ? null : new Set(months)
  return (date, weekday) => {
    if (days !== null && !days.has(weekday)) return false
    if (monthSet !== null && !monthSet.has(Number(date.slice(0, 2)))) return false
    if (season === undefined) return true
    const { from, through } = season
    return from <= through ? date >= from && date <= through : date >= from || date <= through
  }
}

const DAY_MS = 86_400_000
/** 1970-01-01 was a Thursday. */
const weekdayOf = (day: number): number => (((day + 4) % 7) + 7) % 7
const monthDay = (day: number): string => new Date(day * DAY_MS).toISOString().slice(5, 10)

/** Day of the local calendar of `YYYY-MM-DD`. @throws RangeError for what is not a date */
export function dayNumber(date: string): number {
  const ms = /^\d{4}-\d\d-\d\d$/.test(date) ? Date.parse(`${date}T00:00:00Z`) : Number.NaN
  if (Number.isNaN(ms) || new Date(ms).toISOString().slice(0, 10) !== date) {
    throw new RangeError(`not a date: ${JSON.stringify(date)}`)
  }
  return ms / DAY_MS
}

/** Minutes from midnight, 24:00 included. @throws RangeError for what is not a time of day */
export function minuteOf(text: string): number {
  const [hours, minutes] = text.split(':').map(Number)
  const minute = hours! * 60 + minutes!
  if (!/^\d\d:\d\d$/.test(text) || minutes! > 59 || minute > DAY_MINUTES) {
    throw new RangeError(`not a time of day: ${JSON.stringify(text)}`)
  }
  return minute
}

/** `06:00-22:00 mon,tue months 1,2 11-01..03-31`. */
export const bandText = ({ from, to, weekdays, months, season }: BandTerms): string =>
  [
    `${from}-${to}`,
    ...(weekdays === undefined ? [] : [weekdays.join(',')]),
    ...(months === undefined ? [] : [`months ${months.join(',')}`]),
    ...(season === undefined ? [] : [`${season.from}..${season.through}`]),
  ].join(' ')
