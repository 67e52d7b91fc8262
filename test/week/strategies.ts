/** Who decides: the product's own decision code by its policies, plain load scaling, or fixed thresholds of intensity. */

import {
  knownIntensity,
  knownPrice,
  knownWindow,
  type MeasuredReplica,
  replicaCosts,
} from '../../core/autoscaling/known.ts'
import { configuredPolicies } from '../../core/autoscaling/policies.ts'
import { configSchema } from '../../core/catalogue/config/schema.ts'
import { boundsOf } from '../../core/scaling/bounds.ts'
import { decide } from '../../core/scaling/decide.ts'
import { NO_MEMORY, type ScalingInputs, type ScalingMemory } from '../../core/scaling/inputs.ts'
import type { ScalingPolicy } from '../../core/scaling/policy.ts'
import { type Grid, ZONE } from './grid.ts'
import { PUE } from './workload.ts'

/** What is known when a number is wanted. Seconds since the epoch. */
export interface Moment {
  readonly at: number
  readonly demand: number
  /** ms; null: a workload without a service level. */
  readonly latency: number | null
  readonly measured: MeasuredReplica | null
}

/** A number, and the least that the policy promises at that moment. */
export interface Wanted {
  readonly replicas: number
  readonly floor: number
}

/** Decides for one workload through the week. */
export type Strategy = (moment: Moment) => Wanted

/** By a name of its own, because objects with this key look like promises. */
const THEN = 'then'

/** The policies as a user writes them. Demand comes from the simulation; the statements name where it would come from. */
const POLICIES = {
  checkout: {
    interval: 60,
    demand: { sql: 'SELECT 1', target_per_replica: 60 },
    floor: { replicas: 3, slo: { sql: 'SELECT 1', max: 250, [THEN]: 24 } },
    ceiling: { replicas: 60, carbon_budget_g_per_hour: 1_500, cost_budget_per_hour: '3.00' },
    replica: { watts: 50 },
  },
  uploads: {
    interval: 60,
    // Replica-seconds: half an hour for what waits.
    demand: { sql: 'SELECT 1', target_per_replica: 1_800 },
    ceiling: { replicas: 40 },
    // They are done in an hour, and may wait six: the last of them came an hour before.
    shift: { deadline: '5h', duration: '1h' },
    scale_down: { stabilisation: 0 },
    replica: { watts: 50 },
  },
  reports: {
    interval: 60,
    demand: { sql: 'SELECT 1', target_per_replica: 3_600 },
    ceiling: { replicas: 40 },
    shift: { deadline: '12h', duration: '90m' },
    scale_down: { stabilisation: 0 },
    replica: { watts: 50 },
  },
} as const

export type WorkloadName = keyof typeof POLICIES

const [checkout, uploads, reports] = configuredPolicies(
  configSchema.parse({ scaling: POLICIES }),
) as readonly {
  readonly policy: ScalingPolicy
}[]
const policies = { checkout: checkout!.policy, uploads: uploads!.policy, reports: reports!.policy }

/** The product: its policies, its decisions, its books, its best window. */
export function policyStrategy(name: WorkloadName, grid: Grid): Strategy {
  return decidedBy(policies[name], grid)
}

/** The same demand and hysteresis without a word of carbon or money: nothing waits, nothing is bound but by replicas. */
export function loadStrategy(name: WorkloadName, grid: Grid): Strategy {
  const policy = policies[name]
  const ceiling = { ...policy.ceiling, carbonGramsPerHour: null, costPerHour: null, intensity: [] }
  return decidedBy({ ...policy, ceiling, shift: null }, grid)
}

/** What scripts do: at most so many replicas while the grid is dirty, and work that may wait runs while it is clean. */
export function thresholdStrategy(name: WorkloadName, grid: Grid): Strategy {
  const load = loadStrategy(name, grid)
  return moment => {
    const isDirty = grid.at(moment.at) > 350
    const { replicas, floor } = load(moment)
    if (!isDirty) return { replicas, floor }
    return { replicas: name === 'checkout' ? Math.min(replicas, 15) : 0, floor }
  }
}

function decidedBy(policy: ScalingPolicy, grid: Grid): Strategy {
  let memory: ScalingMemory = NO_MEMORY
  return ({ at, demand, latency, measured }) => {
    const books = grid.booksAt(at)
    const inputs: ScalingInputs = {
      at,
      demands: [{ value: demand, at }],
      serviceLevel: latency === null ? null : { value: latency, at },
      costs: replicaCosts(policy, measured, { zone: ZONE, pue: PUE }),
      intensity: knownIntensity(books, ZONE, at),
      price: knownPrice(books, policy, ZONE, at),
      window: demand > 0 ? knownWindow(books, policy, ZONE, at, memory) : null,
    }
    const decided = decide(policy, inputs, memory)
    memory = decided.memory
    return { replicas: decided.decision.replicas, floor: boundsOf(policy, inputs).floor.replicas }
  }
}
