/** One week of three workloads under one strategy, minute by minute. */
import { createGrid, type Grid } from './grid.ts'
import {
  loadStrategy,
  policyStrategy,
  type Strategy,
  thresholdStrategy,
  type WorkloadName,
} from './strategies.ts'
import { type Job, reports, requestsPerMinute, STEP_S, uploads } from './work.ts'
import { account, latencyMs, Meter, noTotals, Queue, type Totals } from './workload.ts'

export const DAYS = 7
/** A Monday. */
const START = Date.parse('2026-04-06T00:00:00Z') / 1000
const LAST = (DAYS + 2) * 24 * 60 - 60
/** Requests per second that a replica can answer at all. */
const CAPACITY = 100
const WORKLOADS: readonly WorkloadName[] = ['checkout', 'uploads', 'reports']

/** A week: the same grid and the same work for every strategy. */
export interface Week {
  readonly grid: Grid
  readonly requests: readonly number[]
  readonly jobs: Readonly<Record<'uploads' | 'reports', readonly Job[]>>
}

export const createWeek = (seed: number): Week => ({
  grid: createGrid(START, DAYS, seed),
  requests: requestsPerMinute(DAYS, seed + 1),
  jobs: { uploads: uploads(DAYS, seed + 2), reports: reports(DAYS) },
})

/** Totals by workload. */
export type Outcome = Readonly<Record<WorkloadName, Totals>>

export const STRATEGIES = {
  'plain load scaling': loadStrategy,
  'fixed intensity thresholds': thresholdStrategy,
  'scaling policies': policyStrategy,
} as const satisfies Record<string, (name: WorkloadName, grid: Grid) => Strategy>

export function simulate(week: Week, strategyOf: (name: WorkloadName, grid: Grid) => Strategy): Outcome {
  const outcome = WORKLOADS.map(name => {
    const strategy = strategyOf(name, week.grid)
    return [name, name === 'checkout' ? serve(week, strategy) : workOff(week, name, strategy)] as const
  })
  return Object.fromEntries(outcome) as Record<WorkloadName, Totals>
}

const conditionsAt = (grid: Grid, at: number) => ({ gramsPerKwh: grid.at(at), price: grid.priceAt(at) })

/** Requests are answered in their minute, or are slow. What is wanted now is ready in a minute. */
function serve({ grid, requests }: Week, strategy: Strategy): Totals {
  const totals = noTotals()
  const meter = new Meter()
  let [ready, latency] = [6, latencyMs(0.5)]
  for (const [minute, demand] of requests.entries()) {
    const at = grid.start + minute * STEP_S
    const wanted = strategy({ at, demand, latency, measured: meter.measured(at) })
    if (wanted.replicas < wanted.floor) totals.floorBreaches += 1
    const use = Math.min(1, demand / (ready * CAPACITY))
    latency = latencyMs(demand / (ready * CAPACITY))
    if (latency > 250) totals.slowMinutes += 1
    meter.note(account(totals, ready, use, conditionsAt(grid, at)), ready)
    ready = wanted.replicas
  }
  return totals
}

function workOff({ grid, jobs }: Week, name: 'uploads' | 'reports', strategy: Strategy): Totals {
  const totals = noTotals()
  const meter = new Meter()
  const queue = new Queue()
  const coming = [...jobs[name]]
  let ready = 0
  // What is left at the end of the week is done after it: every strategy does all the work.
  for (let minute = 0; minute < DAYS * 24 * 60 || (queue.replicaSeconds > 0 && minute < LAST); minute += 1) {
    const since = minute * STEP_S
    while (coming[0] !== undefined && coming[0].at <= since) queue.add(coming.shift()!)
    const at = grid.start + since
    const moment = { at, demand: queue.replicaSeconds, latency: null, measured: meter.measured(at) }
    const wanted = strategy(moment)
    if (wanted.replicas < wanted.floor) totals.floorBreaches += 1
    const use = queue.work(ready, since + STEP_S)
    meter.note(account(totals, ready, use, conditionsAt(grid, at)), ready)
    ready = wanted.replicas
  }
  queue.end()
  totals.lateJobs = queue.lateJobs
  return totals
}

/**
 * Who knows the future: exactly the replicas that are needed, ready in time; and every job in the cleanest minutes before its deadline,
 * at full use. Nobody can do better with the same machines.
 */
export function oracle({ grid, requests, jobs }: Week): Outcome {
  const checkout = noTotals()
  for (const [minute, demand] of requests.entries()) {
    const replicas = Math.max(3, Math.ceil(demand / 60))
    const at = grid.start + minute * STEP_S
    account(checkout, replicas, demand / (replicas * CAPACITY), conditionsAt(grid, at))
  }
  const cleanest = (list: readonly Job[]): Totals => {
    const totals = noTotals()
    for (const job of list) {
      const minutes = Array.from({ length: Math.floor((job.deadline - job.at) / STEP_S) }, (_, index) =>
        conditionsAt(grid, grid.start + job.at + index * STEP_S),
      )
      const best = minutes.reduce((least, one) => (one.gramsPerKwh < least.gramsPerKwh ? one : least))
      account(totals, job.replicaSeconds / STEP_S, 1, best)
    }
    return totals
  }
  return { checkout, uploads: cleanest(jobs.uploads), reports: cleanest(jobs.reports) }
}
