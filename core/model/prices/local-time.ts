/** Civil time of a place, daylight saving included: which day and minute it is there, and when that changes. */

/** A moment on the clock of a place. */
export interface LocalMoment {
  /** Days of the local calendar since 1970-01-01. */
  readonly day: number
  /** Minute of the local day. An hour that clocks repeat has the same minutes twice, one that they skip has none. */
  readonly minute: number
}

/** The clock of a place. */
export interface LocalClock {
  at(seconds: number): LocalMoment
  /** The next moment after `seconds` at which the clock shows one of these minutes of the day, or was set. */
  nextAt(seconds: number, minutes: readonly number[]): number
}

const DAY = 86_400
const MINUTE = 60
/** Clocks are set at such moments of UTC: every change since 1973 lies at a quarter of an hour. */
const QUARTER = 900
/** Days and quarters that are remembered; beyond it they are computed again. */
const MOST_REMEMBERED = 10_000

/** @throws RangeError for a time zone that the runtime does not know */
export function localClock(timeZone: string): LocalClock {
  const offsetAt = offsets(timeZone)
  const at = (seconds: number): LocalMoment => {
    const local = seconds + offsetAt(seconds)
    const day = Math.floor(local / DAY)
    return { day, minute: Math.floor((local - day * DAY) / MINUTE) }
  }
  return {
    at,
    nextAt(seconds, minutes) {
      const offset = offsetAt(seconds)
      const intoDay = (((seconds + offset) % DAY) + DAY) % DAY
      const next = minutes.reduce((least, minute) => {
        const wait = minute * MINUTE - intoDay
        return Math.min(least, wait > 0 ? wait : wait + DAY)
      }, DAY)
      if (offsetAt(seconds + next) === offset) return seconds + next
      // The clock is set before then.
      let quarter = (Math.floor(seconds / QUARTER) + 1) * QUARTER
      while (offsetAt(quarter) === offset) quarter += QUARTER
      return quarter
    },
  }
}

/** Seconds that local time is ahead of UTC. */
function offsets(timeZone: string): (seconds: number) => number {
  const format = new Intl.DateTimeFormat('en-US', {
    timeZone,
    hourCycle: 'h23',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
    second: 'numeric',
  })
  const compute = (seconds: number): number => {
    const parts = new Map(
      format.formatToParts(seconds * 1000).map(({ type, value }) => [type, Number(value)]),
    )
    const [year, month, day] = [parts.get('year')!, parts.get('month')!, parts.get('day')!]
    const [hour, minute, second] = [parts.get('hour')!, parts.get('minute')!, parts.get('second')!]
    return Date.UTC(year, month - 1, day, hour, minute, second) / 1000 - seconds
  }
  const quarters = remembered(quarter => compute(quarter * QUARTER))
  // Null: the clock is set on that day of UTC.
  const days = remembered(day => {
    const first = compute(day * DAY)
    return first === compute((day + 1) * DAY) ? first : null
  })
  return seconds => days(Math.floor(seconds / DAY)) ?? quarters(Math.floor(seconds / QUARTER))
}

function remembered<T>(compute: (index: number) => T): (index: number) => T {
  const known = new Map<number, T>()
  return index => {
    const before = known.get(index)
    if (before !== undefined) return before
    if (known.size >= MOST_REMEMBERED) known.clear()
    const made = compute(index)
    known.set(index, made)
    return made
  }
}
