/** What has to be done in the week: requests that come in bursts, a queue that may wait six hours, and long jobs that may wait twelve. */
import { seededRandom } from '../support/random.ts'

export const STEP_S = 60
const HOUR_S = 3_600

/** Requests per second of each minute: two peaks a day, quiet weekends, and bursts of three times as much. */
export function requestsPerMinute(days: number, seed: number): readonly number[] {
  const random = seededRandom(seed)
  const minutes = days * 24 * 60
  const bursts = Array.from({ length: days * 2 }, () => ({
    from: Math.floor(random() * minutes),
    minutes: 10 + Math.floor(random() * 30),
    factor: 1.5 + 1.5 * random(),
  }))
  return Array.from({ length: minutes }, (_, minute) => {
    const hour = (minute / 60) % 24
    const isWeekend = Math.floor(minute / 1_440) % 7 >= 5
    const daily = 200 + 500 * bell(hour, 11, 3) + 650 * bell(hour, 19.5, 2.5)
    const burst = bursts.find(one => minute >= one.from && minute < one.from + one.minutes)
    return daily * (isWeekend ? 0.6 : 1) * (burst?.factor ?? 1) * (0.95 + 0.1 * random())
  })
}

const bell = (hour: number, middle: number, width: number): number =>
  Math.exp(-(((hour - middle) / width) ** 2))

/** Work that came at a time, in seconds of one replica, and when it must be done. Seconds since the start of the week. */
export interface Job {
  readonly at: number
  readonly deadline: number
  readonly replicaSeconds: number
}

/** Uploads to convert: a few an hour, some in bursts; each may wait six hours. */
export function uploads(days: number, seed: number): readonly Job[] {
  const random = seededRandom(seed)
  const jobs: Job[] = []
  for (let at = 0; at < (days - 0.5) * 24 * HOUR_S; at += 60 + Math.floor(random() * 1_200)) {
    const hour = (at / HOUR_S) % 24
    const size = (0.4 + bell(hour, 14, 5) + bell(hour, 20, 3)) * 600 * (random() < 0.05 ? 20 : 1)
    jobs.push({ at, deadline: at + 6 * HOUR_S, replicaSeconds: Math.ceil(size * (0.5 + random())) })
  }
  return jobs
}

/** Reports: two a day, each an hour of twelve replicas, which may wait twelve hours. */
export const reports = (days: number): readonly Job[] =>
  Array.from({ length: days }, (_, day) => [7, 17].map(hour => (day * 24 + hour) * HOUR_S))
    .flat()
    .filter(at => at + 12 * HOUR_S <= days * 24 * HOUR_S)
    .map(at => ({ at, deadline: at + 12 * HOUR_S, replicaSeconds: 12 * HOUR_S }))
