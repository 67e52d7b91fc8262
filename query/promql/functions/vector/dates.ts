/** Parts of dates, in UTC. */
const DAY_MS = 86_400_000

/** What integers of 64 bits cannot hold counts as the smallest of them, whose date is the one below. */
const NO_TIME = {
  days_in_month: 31,
  day_of_month: 4,
  day_of_week: 0,
  day_of_year: 339,
  hour: 15,
  minute: 30,
  month: 12,
  year: 292277026596,
}

/** After 400 years the calendar begins anew, with the same days of the week. */
const CYCLE_SECONDS = 146_097n * 86_400n
const CYCLE_YEARS = 400

/** A date that the language can hold, and by how many years it lies before the one that is meant. */
function dateOf(seconds: number): { date: Date; years: number } {
  const whole = Math.trunc(seconds)
  if (Math.abs(whole) < 8e12) return { date: new Date(whole * 1_000), years: 0 }
  const cycles = BigInt(whole) / CYCLE_SECONDS
  const rest = Number(BigInt(whole) - cycles * CYCLE_SECONDS)
  return { date: new Date(rest * 1_000), years: Number(cycles) * CYCLE_YEARS }
}

const DATES: Readonly<Record<string, (date: Date) => number>> = {
  days_in_month: date => new Date(Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 1, 0)).getUTCDate(),
  day_of_month: date => date.getUTCDate(),
  day_of_week: date => date.getUTCDay(),
  day_of_year: date => {
    const start = new Date(date)
    start.setUTCMonth(0, 1)
    start.setUTCHours(0, 0, 0, 0)
    return Math.floor((date.getTime() - start.getTime()) / DAY_MS) + 1
  },
  hour: date => date.getUTCHours(),
  minute: date => date.getUTCMinutes(),
  month: date => date.getUTCMonth() + 1,
  year: date => date.getUTCFullYear(),
}

/** The function of a name that takes seconds since the epoch. */
export function dateFunction(name: string): ((seconds: number) => number) | undefined {
  const part = DATES[name]
  if (part === undefined) return undefined
  const nothing = NO_TIME[name as keyof typeof NO_TIME]
  return seconds => {
    if (!(Math.abs(seconds) < 2 ** 63)) return nothing
    const { date, years } = dateOf(seconds)
    return part(date) + (name === 'year' ? years : 0)
  }
}
