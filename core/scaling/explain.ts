/** Why a number is what it is, in plain words with figures. */
import type { ScalingRule } from '../model/scaling.ts'
import type { ScalingDecision, ScalingInputs } from './inputs.ts'
import type { ScalingPolicy } from './policy.ts'

/** One sentence for each reason, the number first. */
export function explain(
  policy: ScalingPolicy,
  inputs: ScalingInputs,
  decision: ScalingDecision,
): readonly string[] {
  const { replicas, previous, ruledBy } = decision
  const change =
    previous === null ? 'first decision' : previous === replicas ? 'unchanged' : `before: ${previous}`
  return [
    `${replicas} replicas (${change}), set by ${RULES[ruledBy]}.`,
    demandLine(policy, decision),
    ...serviceLevelLine(policy, inputs),
    ...boundLines(policy, inputs, decision),
    ...windowLine(policy, inputs, decision),
    ...decision.without.map(one => `Not used: ${one}.`),
  ]
}

/** What a rule is called. */
const RULES: Readonly<Record<ScalingRule, string>> = {
  demand: 'demand',
  floor: 'the floor',
  service_level: 'the service level',
  ceiling: 'the ceiling of replicas',
  carbon: 'the carbon budget',
  cost: 'the cost budget',
  intensity: 'an intensity step',
  shift: 'shifting to a better window',
  stabilisation: 'stabilisation: bounds and demand of the last minutes still count',
  step: 'the step limit',
}

function demandLine(policy: ScalingPolicy, { demand, demandReplicas, asOf, at }: ScalingDecision): string {
  if (demand === null || demandReplicas === null) return 'Demand has never been known.'
  const several = policy.demands.length > 1 ? `, the largest of ${policy.demands.length} demands` : ''
  const age = asOf === null ? 'one demand has never been known' : `read ${Math.round(at - asOf)} s before`
  return `Demand is ${figure(demand)}${several} (${age}): ${demandReplicas} replicas.`
}

function serviceLevelLine({ floor }: ScalingPolicy, { serviceLevel }: ScalingInputs): readonly string[] {
  if (floor.serviceLevel === null) return []
  const { max, min, replicas } = floor.serviceLevel
  const goal = [max === null ? '' : `at most ${max}`, min === null ? '' : `at least ${min}`]
  const wanted = goal.filter(Boolean).join(' and ')
  if (serviceLevel === null) return [`The service level is not known; it should be ${wanted}.`]
  const { value } = serviceLevel
  const isMissed = (max !== null && value > max) || (min !== null && value < min)
  return [
    `The service level is ${figure(value)}, which should be ${wanted}: ${isMissed ? `missed, so at least ${replicas} replicas` : 'met'}.`,
  ]
}

function boundLines(
  policy: ScalingPolicy,
  { costs, intensity, price }: ScalingInputs,
  { floor, ceiling, bounds, gramsPerReplicaHour, costPerReplicaHour }: ScalingDecision,
): readonly string[] {
  const watts = `${figure(costs.watts ?? 0)} W a replica (${costs.quality}) x PUE ${figure(costs.pue)}`
  const words: Partial<Record<ScalingRule, () => string>> = {
    carbon: () =>
      `The budget of ${figure(policy.ceiling.carbonGramsPerHour ?? 0)} g/h allows it: ${watts} x ${figure(intensity?.gramsPerKwh ?? 0)} g/kWh in ${costs.zone}${also(costs.embodiedGramsPerHour, 'g/h embodied')} = ${figure(gramsPerReplicaHour ?? 0)} g/h a replica`,
    cost: () =>
      `The budget of ${figure(policy.ceiling.costPerHour ?? 0)} ${price?.currency}/h allows it: ${watts} x ${figure(price?.perKwh ?? 0)} ${price?.currency}/kWh${also(costs.resourceCostPerHour, `${price?.currency}/h for resources`)} = ${figure(costPerReplicaHour ?? 0)} ${price?.currency}/h a replica`,
    intensity: () => `The grid is at ${figure(intensity?.gramsPerKwh ?? 0)} g/kWh in ${costs.zone}`,
  }
  const upper = bounds.filter(({ rule }) => rule !== 'floor' && rule !== 'service_level')
  const lines = upper.map(({ rule, replicas }) => {
    const why = words[rule]?.()
    return `At most ${replicas} replicas by ${RULES[rule]}${why === undefined ? '' : `. ${why}`}.`
  })
  const held =
    ceiling?.rule === 'stabilisation'
      ? [
          `At most ${ceiling.replicas}, as before: a ceiling rises once it has been higher for ${policy.down.stabilisationSeconds} s.`,
        ]
      : []
  return [`At least ${floor.replicas} replicas by ${RULES[floor.rule]}.`, ...lines, ...held]
}

const also = (amount: number, unit: string): string => (amount === 0 ? '' : ` + ${figure(amount)} ${unit}`)

function windowLine(
  { shift }: ScalingPolicy,
  { window }: ScalingInputs,
  { ruledBy }: ScalingDecision,
): readonly string[] {
  if (shift === null || window === null || ruledBy !== 'shift') return []
  const saving = `${Math.round(window.saving * 100)} % less ${shift.objective === 'carbon' ? 'carbon' : 'cost'} than now`
  return [`The work waits until ${new Date(window.start * 1000).toISOString()}: ${saving}.`]
}

/** Four digits are enough to check a sum by hand. */
const figure = (value: number): string => String(Number(value.toPrecision(4)))
