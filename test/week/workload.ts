/** Workloads of the week as a cluster would run them: replicas are ready a minute after they are wanted, and draw power by their use. */
import type { MeasuredReplica } from '../../core/autoscaling/known.ts'
import { ZONE } from './grid.ts'
import { type Job, STEP_S } from './work.ts'

const IDLE_W = 20
const BUSY_W = 65
export const PUE = 1.2
const EMBODIED_G_PER_HOUR = 1.5
const RESOURCES_PER_HOUR = 0.01
/** A service answers within its level up to this use; beyond it requests queue. */
const LATENCY_MS = 60
const HOUR_MINUTES = 60

/** Sums of a week. */
export interface Totals {
  grams: number
  money: number
  replicaHours: number
  /** Minutes with fewer replicas than the floor. */
  floorBreaches: number
  /** Minutes beyond the service level. */
  slowMinutes: number
  /** Jobs that were done after their deadline, or not at all. */
  lateJobs: number
}

export const noTotals = (): Totals => ({
  grams: 0,
  money: 0,
  replicaHours: 0,
  floorBreaches: 0,
  slowMinutes: 0,
  lateJobs: 0,
})

/** Adds a minute of replicas: `use` is between 0 and 1. */
export function account(
  totals: Totals,
  replicas: number,
  use: number,
  { gramsPerKwh, price }: { readonly gramsPerKwh: number; readonly price: number },
): number {
  const watts = replicas * (IDLE_W + (BUSY_W - IDLE_W) * use)
  const hours = STEP_S / 3_600
  const kwh = (watts * PUE * hours) / 1_000
  totals.grams += kwh * gramsPerKwh + replicas * hours * EMBODIED_G_PER_HOUR
  totals.money += kwh * price + replicas * hours * RESOURCES_PER_HOUR
  totals.replicaHours += replicas * hours
  return watts
}

/** Measures a replica as the ledger does: energy of the last hour over its minutes of replicas. */
export class Meter {
  readonly #minutes: { readonly watts: number; readonly replicas: number }[] = []

  note(watts: number, replicas: number): void {
    this.#minutes.push({ watts, replicas })
    if (this.#minutes.length > HOUR_MINUTES) this.#minutes.shift()
  }

  measured(at: number): MeasuredReplica | null {
    const replicaMinutes = this.#minutes.reduce((sum, { replicas }) => sum + replicas, 0)
    if (replicaMinutes === 0) return null
    return {
      at,
      watts: this.#minutes.reduce((sum, { watts }) => sum + watts, 0) / replicaMinutes,
      isEstimated: false,
      replicaMinutes,
      zone: ZONE,
      pue: PUE,
      embodiedGramsPerHour: EMBODIED_G_PER_HOUR,
      resourceCostPerHour: RESOURCES_PER_HOUR,
    }
  }
}

/** 99th percentile of a service in ms, by its use. */
export const latencyMs = (use: number): number => LATENCY_MS / Math.max(0.05, 1 - use)

/** A queue that is worked off in the order of deadlines. */
export class Queue {
  readonly #open: { readonly deadline: number; left: number }[] = []
  #late = 0

  get replicaSeconds(): number {
    return this.#open.reduce((sum, { left }) => sum + left, 0)
  }

  get lateJobs(): number {
    return this.#late
  }

  add({ deadline, replicaSeconds }: Job): void {
    this.#open.push({ deadline, left: replicaSeconds })
    this.#open.sort((a, b) => a.deadline - b.deadline)
  }

  /** Works for a minute that ends at `at`; gives the share of the replicas' time that was needed. */
  work(replicas: number, at: number): number {
    const capacity = replicas * STEP_S
    let left = capacity
    for (let job = this.#open[0]; job !== undefined && left > 0; job = this.#open[0]) {
      const done = Math.min(left, job.left)
      job.left -= done
      left -= done
      if (job.left > 0) break
      if (at > job.deadline) this.#late += 1
      this.#open.shift()
    }
    return capacity === 0 ? 0 : 1 - left / capacity
  }

  /** What is left at the end of the week was not done. */
  end(): void {
    this.#late += this.#open.length
  }
}
