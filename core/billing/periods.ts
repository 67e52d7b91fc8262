/** Billing periods: civil months in a time zone. Their edges are UTC minutes, so an hour of daylight saving is in one of them. */

/** A civil month, `[from, to)` in unix seconds. */
export interface BillingPeriod {
  /** Such as `2026-11`. */
  readonly name: string
  readonly from: number
  readonly to: number
}

/** What a period is called. */
export const PERIOD = /^\d{4}-(0[1-9]|1[0-2])$/

const DAY_MS = 86_400_000

/** @throws RangeError for a name that is not of the shape of `PERIOD`, or a time zone that the runtime does not know */
export function billingPeriod(name: string, timeZone: string): BillingPeriod {
  if (!PERIOD.test(name)) throw new RangeError(`not a billing period: ${JSON.stringify(name)}`)
  return { name, from: monthStart(name, timeZone), to: monthStart(followingPeriod(name), timeZone) }
}

/** The period that an instant lies in. */
export function periodAt(unixSeconds: number, timeZone: string): BillingPeriod {
  const local = new Date(unixSeconds * 1000 + offsetMs(unixSeconds * 1000, timeZone))
  const period = billingPeriod(local.toISOString().slice(0, 7), timeZone)
  // Where clocks go back over midnight, a month has begun that local time is not in yet.
  return unixSeconds < period.to ? period : billingPeriod(followingPeriod(period.name), timeZone)
}

/** The period after it. */
export const followingPeriod = (name: string): string => shifted(name, 1)
/** The period before it. */
export const precedingPeriod = (name: string): string => shifted(name, -1)

function shifted(name: string, months: number): string {
  const [year, month] = name.split('-').map(Number)
  return new Date(Date.UTC(year!, month! - 1 + months, 1)).toISOString().slice(0, 7)
}

/** First instant of a local month, unix seconds. */
function monthStart(name: string, timeZone: string): number {
  const local = Date.parse(`${name}-01T00:00:00Z`)
  const [before, after] = [offsetMs(local - DAY_MS, timeZone), offsetMs(local + DAY_MS, timeZone)]
  const found = [before, after]
    .filter(offset => offsetMs(local - offset, timeZone) === offset)
    .map(offset => local - offset)
  // Without any: midnight is skipped, and the month begins where the clocks go forward.
  return (found.length > 0 ? Math.min(...found) : transition(local, before, timeZone)) / 1000
}

/** When the offset ceases to be `before` within a day around a time; to the minute. */
function transition(around: number, before: number, timeZone: string): number {
  let [low, high] = [around - DAY_MS, around + DAY_MS]
  while (high - low > 60_000) {
    const middle = Math.floor((low + high) / 120_000) * 60_000
    if (offsetMs(middle, timeZone) === before) low = middle
    else high = middle
  }
  return high
}

const formats = new Map<string, Intl.DateTimeFormat>()

/** What local time is ahead of UTC. */
function offsetMs(unixMs: number, timeZone: string): number {
  let format = formats.get(timeZone)
  if (format === undefined) {
    format = new Intl.DateTimeFormat('en-US', { timeZone, timeZoneName: 'longOffset' })
    formats.set(timeZone, format)
  }
  const text = format.formatToParts(unixMs).find(({ type }) => type === 'timeZoneName')?.value ?? ''
  const [, sign, hours = '0', minutes = '0', seconds = '0'] =
    /GMT(?:([+-])(\d\d):(\d\d)(?::(\d\d))?)?/.exec(text) ?? []
  const ms = (Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds)) * 1000
  return sign === '-' ? -ms : ms
}
