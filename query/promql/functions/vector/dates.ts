/** Parts of dates, in UTC. */
const DAY_MS = 86_400_000

/** Values beyond what a date can be are taken for the nearest date that is one: nobody asks for them. */
const MAX_MS = 8.64e15

/** NaN and infinity count as the smallest integer of 64 bits, whose date is the one below. */
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

function dateOf(seconds: number): Date {
  const ms = Math.trunc(seconds) * 1_000
  return new Date(Math.max(-MAX_MS, Math.min(MAX_MS, ms)))
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
  return seconds => (Number.isFinite(seconds) ? part(dateOf(seconds)) : nothing)
}
