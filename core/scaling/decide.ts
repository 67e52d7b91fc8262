/**
 * One decision: `max(floor, min(ceiling, demand))`, where demand is stabilised and limited in its steps, and bounds hold at once.
 * A pure function of policy, inputs and what is kept of the decisions before.
 */
import type { ScalingRule } from '../model/scaling.ts'
import { boundsOf, replicasFor } from './bounds.ts'
import type { ScalingBound, ScalingDecision, ScalingInputs, ScalingMemory } from './inputs.ts'
import type { ScalingPolicy } from './policy.ts'
import { type ShiftState, shiftOf } from './shift.ts'

/** A decision, and what the next one needs to know. */
export interface Decided {
  readonly decision: ScalingDecision
  readonly memory: ScalingMemory
}

/** Decides for `inputs.at`, which is after the time of every decision in `memory`. */
export function decide(policy: ScalingPolicy, inputs: ScalingInputs, memory: ScalingMemory): Decided {
  const { at } = inputs
  const most = largestDemand(policy, inputs)
  const bounds = boundsOf(policy, inputs)
  const shifted = shiftOf(policy, inputs, memory, most?.replicas ?? null)
  const history = historyOf(policy, memory, at)
  const before = memory.replicas
  const floor = heldFloor(policy, history, bounds.floor, at)
  const ceiling = heldCeiling(policy, history, bounds.ceiling, at)
  const wanted = wantedOf(policy, history, { at, before, floor, shifted })
  const [replicas, ruledBy] = bounded(wanted, floor, ceiling)
  const changedAt = before === replicas ? memory.changedAt : at
  const known = { at, demand: shifted.demand, floor: bounds.floor.replicas, replicas }
  return {
    decision: {
      at,
      replicas,
      previous: before,
      changedAt,
      ruledBy,
      demand: most?.value ?? null,
      demandReplicas: most?.replicas ?? null,
      asOf: oldest(inputs.demands),
      floor,
      ceiling,
      bounds: bounds.all,
      without: [...bounds.without, ...(shifted.without === null ? [] : [shifted.without])],
      gramsPerReplicaHour: bounds.gramsPerReplicaHour,
      costPerReplicaHour: bounds.costPerReplicaHour,
    },
    memory: {
      policyVersion: policy.version,
      replicas,
      changedAt,
      history: [...history, { ...known, ceiling: bounds.ceiling?.replicas ?? null }],
      waitingSince: shifted.waitingSince,
      runningSince: shifted.runningSince,
      runningReplicas: shifted.runningReplicas,
      ranSeconds: shifted.ranSeconds,
    },
  }
}

interface ReplicaDemand {
  readonly value: number
  readonly replicas: number
}

type WantedReplicas = readonly [number, ScalingRule]
type DecisionHistory = ScalingMemory['history']

/** The known demand that asks for the most replicas. */
function largestDemand({ demands }: ScalingPolicy, inputs: ScalingInputs): ReplicaDemand | null {
  return demands.reduce<ReplicaDemand | null>((most, { targetPerReplica }, index) => {
    const known = inputs.demands[index] ?? null
    if (known === null) return most
    const replicas = replicasFor(known.value, targetPerReplica)
    return most === null || replicas > most.replicas ? { value: known.value, replicas } : most
  }, null)
}

function oldest(demands: ScalingInputs['demands']): number | null {
  return demands.reduce<number | null>(
    (least, one) => (least === null || one === null ? null : Math.min(least, one.at)),
    Number.POSITIVE_INFINITY,
  )
}

/** Decisions that still matter: of the longest time that anything looks back. */
function historyOf({ version, up, down }: ScalingPolicy, memory: ScalingMemory, at: number): DecisionHistory {
  const { policyVersion, history } = memory
  if (policyVersion !== version) return []
  const looks = [up, down].flatMap(({ stabilisationSeconds, step }) => [
    stabilisationSeconds,
    step?.perSeconds ?? 0,
  ])
  const since = at - Math.max(...looks)
  // One before that time tells what was in force when it began.
  const first = history.findLastIndex(one => one.at <= since)
  return history.slice(Math.max(0, first))
}

/** Floor rises at once, and falls once it has been lower for the time that stabilises going down. */
function heldFloor(
  { down }: ScalingPolicy,
  history: DecisionHistory,
  now: ScalingBound,
  at: number,
): ScalingBound {
  const highest = Math.max(
    now.replicas,
    ...since(history, at - down.stabilisationSeconds).map(one => one.floor),
  )
  return highest > now.replicas ? { rule: 'service_level', replicas: highest } : now
}

/** A ceiling falls at once, and rises once it has been higher for the time that stabilises going down, so that it does not flap. */
function heldCeiling(
  { down }: ScalingPolicy,
  history: DecisionHistory,
  now: ScalingBound | null,
  at: number,
): ScalingBound | null {
  const lows = since(history, at - down.stabilisationSeconds).flatMap(({ ceiling }) =>
    ceiling === null ? [] : [ceiling],
  )
  const lowest = Math.min(now?.replicas ?? Number.POSITIVE_INFINITY, ...lows)
  if (lowest === Number.POSITIVE_INFINITY) return null
  return now !== null && now.replicas === lowest ? now : { rule: 'stabilisation', replicas: lowest }
}

const since = (history: DecisionHistory, from: number): DecisionHistory =>
  history.filter(({ at }) => at > from)

/** What demand comes to, before bounds. */
function wantedOf(
  policy: ScalingPolicy,
  history: DecisionHistory,
  {
    at,
    before,
    floor,
    shifted,
  }: {
    readonly at: number
    readonly before: number | null
    readonly floor: ScalingBound
    readonly shifted: ShiftState
  },
): WantedReplicas {
  const { demand } = shifted
  // Demand that has never been known changes nothing.
  if (demand === null) return [before ?? floor.replicas, 'demand']
  const stable = stabilised(policy, history, demand, at, before)
  const stepped = limited(policy, history, stable, at, before)
  if (stepped !== stable) return [stepped, 'step']
  if (stable !== demand) return [stable, 'stabilisation']
  return [stable, shifted.isWaiting ? 'shift' : 'demand']
}

/** As a HorizontalPodAutoscaler does: up to the smallest demand of the one window, down to the largest of the other. */
function stabilised(
  { up, down }: ScalingPolicy,
  history: DecisionHistory,
  demand: number,
  at: number,
  before: number | null,
): number {
  if (before === null) return demand
  const within = (seconds: number): readonly number[] => [
    demand,
    ...since(history, at - seconds).flatMap(one => (one.demand === null ? [] : [one.demand])),
  ]
  const highest = Math.max(...within(down.stabilisationSeconds))
  const lowest = Math.min(...within(up.stabilisationSeconds))
  return before < lowest ? lowest : before > highest ? highest : before
}

/** Within the steps of what was in force when their time began. */
function limited(
  { up, down }: ScalingPolicy,
  history: DecisionHistory,
  wanted: number,
  at: number,
  before: number | null,
): number {
  if (before === null) return wanted
  const { step } = wanted > before ? up : down
  if (step === null || wanted === before) return wanted
  const base = history.findLast(one => one.at <= at - step.perSeconds) ?? history[0]
  const start = base?.replicas ?? before
  const most = Math.max(step.replicas, Math.ceil((start * step.percent) / 100))
  return wanted > before
    ? Math.max(before, Math.min(wanted, start + most))
    : Math.min(before, Math.max(wanted, start - most))
}

function bounded(
  [wanted, rule]: WantedReplicas,
  floor: ScalingBound,
  ceiling: ScalingBound | null,
): WantedReplicas {
  const below: WantedReplicas =
    ceiling !== null && ceiling.replicas < wanted ? [ceiling.replicas, ceiling.rule] : [wanted, rule]
  return floor.replicas > below[0] ? [floor.replicas, floor.rule] : below
}
