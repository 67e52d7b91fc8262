/** What is delivered and revised in one scene, drawn from a seed: the same for whoever delivers it and whoever audits it. */
import { type Arrival, randomHost } from '../../books/scenes.ts'
import { seededRandom } from '../../support/random.ts'

export const MINUTES = 5
const HOSTS = 2
const LATE = 0.1

/** Minutes `[from, to)` after noon that have another intensity from now on. */
export interface Revision {
  readonly from: number
  readonly to: number
  readonly gramsPerKwh: string
}

export interface Scene {
  readonly arrivals: readonly Arrival[]
  readonly revisions: readonly Revision[]
}

/** What holds before anything is revised. */
export const AT_FIRST: Revision = { from: -60, to: 240, gramsPerKwh: '300' }

export function sceneOf(seed: number, number: number): Scene {
  const random = seededRandom(seed * 1_000 + number)
  const arrivals = Array.from({ length: HOSTS }, (_, host) =>
    randomHost(seed * 1_000_000 + number * 100 + host, `s${number}-h${host}`, MINUTES),
  )
    .flat()
    .map(arrival =>
      random() < LATE ? { ...arrival, arrives: arrival.arrives + 60 + random() * 600 } : arrival,
    )
  const revisions = Array.from({ length: 2 }, () => {
    const from = Math.floor(random() * MINUTES)
    return { from, to: from + 1 + Math.floor(random() * 90), gramsPerKwh: (random() * 700).toFixed(3) }
  })
  return { arrivals, revisions }
}
