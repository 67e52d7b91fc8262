/** Floor and ceiling of a policy, as of now. */
import type { ReplicaCosts, ScalingBound, ScalingInputs } from './inputs.ts'
import type { ScalingPolicy } from './policy.ts'

/** Binary fractions of decimal figures: 0.3 / 0.1 is three replicas, and not two. */
const ROUNDING = 1e-9
/** Most replicas that a number of the books or of a statement can ask for. */
const MOST_REPLICAS = 1_000_000

/** Rounded up; a demand that is no number asks for nothing that could be followed, and is unknown before. */
export const replicasFor = (demand: number, target: number): number =>
  Math.min(MOST_REPLICAS, Math.max(0, Math.ceil(demand / target - ROUNDING)))

const fitting = (budget: number, each: number): number =>
  Math.min(MOST_REPLICAS, Math.floor(budget / each + ROUNDING))

/** All bounds of a moment, and what one replica and hour comes to. */
export interface MomentaryBounds {
  readonly floor: ScalingBound
  /** The lowest of the upper bounds; null: there is none. */
  readonly ceiling: ScalingBound | null
  readonly all: readonly ScalingBound[]
  readonly without: readonly string[]
  readonly gramsPerReplicaHour: number | null
  readonly costPerReplicaHour: number | null
}

/** Floor and ceiling by what is known. */
export function boundsOf(policy: ScalingPolicy, inputs: ScalingInputs): MomentaryBounds {
  const without: string[] = []
  const gramsPerReplicaHour = gramsOf(inputs)
  const costPerReplicaHour = costOf(inputs)
  const floors = floorsOf(policy, inputs)
  const ceilings = ceilingsOf(policy, inputs, { gramsPerReplicaHour, costPerReplicaHour }, without)
  // Of equal bounds the first is named: hand-set ones before those of the books.
  const floor = floors.reduce((most, one) => (one.replicas > most.replicas ? one : most))
  const ceiling = ceilings.reduce<ScalingBound | null>(
    (least, one) => (least === null || one.replicas < least.replicas ? one : least),
    null,
  )
  return { floor, ceiling, all: [...floors, ...ceilings], without, gramsPerReplicaHour, costPerReplicaHour }
}

/** Whether the service level is missed. */
export function isMissed({ floor }: ScalingPolicy, { serviceLevel }: ScalingInputs): boolean {
  if (floor.serviceLevel === null || serviceLevel === null) return false
  const { max, min } = floor.serviceLevel
  return (max !== null && serviceLevel.value > max) || (min !== null && serviceLevel.value < min)
}

function floorsOf(policy: ScalingPolicy, inputs: ScalingInputs): readonly [ScalingBound, ...ScalingBound[]] {
  const { replicas, serviceLevel } = policy.floor
  const always: ScalingBound = { rule: 'floor', replicas }
  return serviceLevel !== null && isMissed(policy, inputs)
    ? [always, { rule: 'service_level', replicas: serviceLevel.replicas }]
    : [always]
}

function ceilingsOf(
  { ceiling, staleAfterSeconds }: ScalingPolicy,
  { intensity, costs, price }: ScalingInputs,
  each: Pick<MomentaryBounds, 'gramsPerReplicaHour' | 'costPerReplicaHour'>,
  without: string[],
): readonly ScalingBound[] {
  const bounds: ScalingBound[] = []
  if (ceiling.replicas !== null) bounds.push({ rule: 'ceiling', replicas: ceiling.replicas })
  const isOld = intensity !== null && intensity.staleSeconds > staleAfterSeconds
  const noIntensity =
    intensity === null
      ? `no intensity is known of zone ${costs.zone || '(none)'}`
      : isOld
        ? `the newest hourly intensity of zone ${costs.zone} ended ${intensity.staleSeconds} s ago`
        : null
  if (ceiling.carbonGramsPerHour !== null) {
    const missing = noIntensity ?? (costs.watts === null ? NO_WATTS : null)
    if (missing !== null) without.push(`carbon_budget_g_per_hour: ${missing}`)
    else addBudget('carbon', ceiling.carbonGramsPerHour, each.gramsPerReplicaHour, bounds)
  }
  if (ceiling.costPerHour !== null) {
    const missing = price === null ? 'no price of energy is known' : costs.watts === null ? NO_WATTS : null
    if (missing !== null) without.push(`cost_budget_per_hour: ${missing}`)
    else addBudget('cost', ceiling.costPerHour, each.costPerReplicaHour, bounds)
  }
  if (ceiling.intensity.length > 0) {
    if (noIntensity !== null) without.push(`intensity: ${noIntensity}`)
    else
      for (const step of ceiling.intensity)
        if (intensity !== null && intensity.gramsPerKwh > step.above)
          bounds.push({ rule: 'intensity', replicas: step.replicas })
  }
  return bounds
}

const NO_WATTS = 'the power of a replica is not known. Set replica.watts, or replica.workloads to measure it'

/** Energy that costs nothing, or is paid for taking it, bounds nothing. */
function addBudget(
  rule: 'carbon' | 'cost',
  budget: number,
  each: number | null,
  bounds: ScalingBound[],
): void {
  if (each !== null && each > 0) bounds.push({ rule, replicas: fitting(budget, each) })
}

function gramsOf({ costs, intensity }: ScalingInputs): number | null {
  if (costs.watts === null || intensity === null) return null
  return kilowatts(costs, costs.watts) * intensity.gramsPerKwh + costs.embodiedGramsPerHour
}

function costOf({ costs, price }: ScalingInputs): number | null {
  if (costs.watts === null || price === null) return null
  return kilowatts(costs, costs.watts) * price.perKwh + costs.resourceCostPerHour
}

/** Power of a replica, including its facility's overhead. */
const kilowatts = ({ pue }: ReplicaCosts, watts: number): number => (watts * pue) / 1000
