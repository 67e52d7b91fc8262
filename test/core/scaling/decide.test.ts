// Guarantees: replicas = max(floor, min(ceiling, demand)); budgets become replicas by watts, PUE, intensity and price; what is not
// known bounds nothing and is said; stabilisation, steps and shifting do what docs/scaling-policies.md says.
import { describe, expect, it } from 'vitest'
import { decide } from '../../../core/scaling/decide.ts'
import { explain } from '../../../core/scaling/explain.ts'
import { NO_MEMORY, type ScalingInputs, type ScalingMemory } from '../../../core/scaling/inputs.ts'
import type { ScalingPolicy } from '../../../core/scaling/policy.ts'
import { inputsOf, policyOf, T0 } from './fixture.ts'

const NO_CEILING = policyOf().ceiling
const source = { kind: 'sql', sql: 'SELECT 1' } as const
const slo = { source, windowSeconds: 60, max: 250, min: null, replicas: 6 }

const once = (policy: ScalingPolicy, inputs: ScalingInputs) => {
  const { decision } = decide(policy, inputs, NO_MEMORY)
  return [decision.replicas, decision.ruledBy]
}

/** Decides for one demand after the other, an interval apart. */
function run(policy: ScalingPolicy, series: readonly (Partial<ScalingInputs> & { demand?: number })[]) {
  let memory: ScalingMemory = NO_MEMORY
  return series.map((one, index) => {
    const decided = decide(policy, inputsOf({ at: T0 + index * policy.intervalSeconds, ...one }), memory)
    memory = decided.memory
    return decided.decision
  })
}
const replicasOf = (policy: ScalingPolicy, demands: readonly number[]): readonly number[] =>
  run(
    policy,
    demands.map(demand => ({ demand })),
  ).map(({ replicas }) => replicas)

describe('demand', () => {
  it('is divided by the target and rounded up', () => {
    expect(once(policyOf(), inputsOf({ demand: 300 }))).toEqual([6, 'demand'])
    expect(once(policyOf(), inputsOf({ demand: 301 }))).toEqual([7, 'demand'])
    expect(once(policyOf(), inputsOf({ demand: 0 }))).toEqual([0, 'demand'])
    const tenth = policyOf({ demands: [{ source, windowSeconds: 60, targetPerReplica: 0.1 }] })
    expect(once(tenth, inputsOf({ demand: 0.3 }))).toEqual([3, 'demand'])
    expect(once(policyOf(), inputsOf({ demand: -5 }))).toEqual([0, 'demand'])
  })

  it('of several is the one that asks for most; the oldest tells the age', () => {
    const policy = policyOf({
      demands: [50, 1].map(targetPerReplica => ({ source, windowSeconds: 60, targetPerReplica })),
    })
    const demands = [
      { value: 300, at: T0 },
      { value: 9, at: T0 - 40 },
    ]
    const { decision } = decide(policy, inputsOf({ demands }), NO_MEMORY)
    expect(decision).toMatchObject({ replicas: 9, demand: 9, asOf: T0 - 40 })
    expect(decide(policy, inputsOf({ demands: [demands[0]!, null] }), NO_MEMORY).decision.asOf).toBeNull()
  })

  it('that is not known leaves the number as it is, within the bounds', () => {
    const policy = policyOf({ floor: { replicas: 2, serviceLevel: null } })
    expect(run(policy, [{}, { demand: 300 }, {}]).map(({ replicas }) => replicas)).toEqual([2, 6, 6])
  })
})

describe('bounds', () => {
  it('come in the order floor, ceiling, demand', () => {
    const policy = policyOf({
      floor: { replicas: 2, serviceLevel: null },
      ceiling: { ...NO_CEILING, replicas: 5 },
    })
    expect(once(policy, inputsOf({ demand: 1_000 }))).toEqual([5, 'ceiling'])
    expect(once(policy, inputsOf({ demand: 0 }))).toEqual([2, 'floor'])
    const crossed = { ...policy, floor: { replicas: 8, serviceLevel: null } }
    expect(once(crossed, inputsOf({ demand: 1_000 }))).toEqual([8, 'floor'])
  })

  it('by grams: 100 W x 1.2 x 300 g/kWh = 36 g/h a replica', () => {
    const policy = policyOf({ ceiling: { ...NO_CEILING, carbonGramsPerHour: 900 } })
    expect(once(policy, inputsOf({ demand: 5_000 }))).toEqual([25, 'carbon'])
    const dirty = { gramsPerKwh: 600, version: 'i2', staleSeconds: 0 }
    expect(once(policy, inputsOf({ demand: 5_000, intensity: dirty }))).toEqual([12, 'carbon'])
    const embodied = inputsOf({ demand: 5_000 })
    const costs = { ...embodied.costs, embodiedGramsPerHour: 9 }
    expect(once(policy, { ...embodied, costs })).toEqual([20, 'carbon'])
  })

  it('by money: 100 W x 1.2 x 0.25 = 0.03 an hour, and resources', () => {
    const policy = policyOf({ ceiling: { ...NO_CEILING, costPerHour: 0.3 } })
    expect(once(policy, inputsOf({ demand: 5_000 }))).toEqual([10, 'cost'])
    const inputs = inputsOf({ demand: 5_000 })
    expect(once(policy, { ...inputs, costs: { ...inputs.costs, resourceCostPerHour: 0.02 } })).toEqual([
      6,
      'cost',
    ])
    const negative = { perKwh: -0.1, currency: 'EUR', version: 'p2' }
    expect(once(policy, { ...inputs, price: negative })).toEqual([100, 'demand'])
  })

  it('by steps of intensity: the lowest of those exceeded', () => {
    const intensity = [
      { above: 400, replicas: 10 },
      { above: 250, replicas: 30 },
    ]
    const policy = policyOf({ ceiling: { ...NO_CEILING, intensity } })
    expect(once(policy, inputsOf({ demand: 5_000 }))).toEqual([30, 'intensity'])
    const at = (gramsPerKwh: number) =>
      inputsOf({ demand: 5_000, intensity: { gramsPerKwh, version: '', staleSeconds: 0 } })
    expect(once(policy, at(401))).toEqual([10, 'intensity'])
    expect(once(policy, at(250))).toEqual([100, 'demand'])
  })

  it('are left out where what they need is not known, or old, and that is said', () => {
    const policy = policyOf({
      ceiling: {
        replicas: 50,
        carbonGramsPerHour: 1,
        costPerHour: 0.01,
        intensity: [{ above: 1, replicas: 1 }],
      },
    })
    const inputs = inputsOf({ demand: 5_000, intensity: null, price: null })
    const blind = decide(policy, inputs, NO_MEMORY).decision
    expect([blind.replicas, blind.ruledBy]).toEqual([50, 'ceiling'])
    expect(blind.without.map(text => text.split(':')[0])).toEqual([
      'carbon_budget_g_per_hour',
      'cost_budget_per_hour',
      'intensity',
    ])
    const old = inputsOf({
      demand: 5_000,
      price: null,
      intensity: { gramsPerKwh: 300, version: '', staleSeconds: 121 },
    })
    expect(once(policy, old)).toEqual([50, 'ceiling'])
    expect(once(policy, { ...old, intensity: { ...old.intensity!, staleSeconds: 120 } })).toEqual([
      0,
      'carbon',
    ])
  })

  it('the service level wins over every ceiling', () => {
    const policy = policyOf({
      floor: { replicas: 2, serviceLevel: slo },
      ceiling: { ...NO_CEILING, replicas: 3 },
    })
    const missed = { value: 251, at: T0 }
    expect(once(policy, inputsOf({ demand: 50, serviceLevel: missed }))).toEqual([6, 'service_level'])
    expect(once(policy, inputsOf({ demand: 50, serviceLevel: { value: 250, at: T0 } }))).toEqual([2, 'floor'])
    const least = policyOf({ floor: { replicas: 1, serviceLevel: { ...slo, max: null, min: 0.99 } } })
    expect(once(least, inputsOf({ demand: 50, serviceLevel: { value: 0.98, at: T0 } }))).toEqual([
      6,
      'service_level',
    ])
  })
})

describe('stabilisation', () => {
  const policy = policyOf({ down: { stabilisationSeconds: 60, step: null } })

  it('keeps the largest demand of the time before going down', () => {
    expect(replicasOf(policy, [300, 100, 200, 100, 100, 100])).toEqual([6, 6, 4, 4, 2, 2])
  })

  it('goes up to the smallest demand of the time before going up', () => {
    const slow = policyOf({ up: { stabilisationSeconds: 60, step: null } })
    expect(replicasOf(slow, [100, 300, 200, 300, 300])).toEqual([2, 2, 4, 4, 6])
  })

  it('lets a ceiling fall at once and rise slowly', () => {
    const bounded = { ...policy, ceiling: { ...NO_CEILING, intensity: [{ above: 400, replicas: 3 }] } }
    const at = (gramsPerKwh: number) => ({
      demand: 300,
      intensity: { gramsPerKwh, version: '', staleSeconds: 0 },
    })
    const found = run(bounded, [at(300), at(500), at(300), at(500), at(300), at(300), at(300)])
    expect(found.map(({ replicas }) => replicas)).toEqual([6, 3, 3, 3, 3, 6, 6])
    expect(found[2]?.ruledBy).toBe('stabilisation')
  })

  it('forgets what another version of the policy was bound by', () => {
    const low = { ...policy, ceiling: { ...NO_CEILING, replicas: 1 } }
    const first = decide(low, inputsOf({ demand: 300 }), NO_MEMORY)
    const next = decide({ ...policy, version: 'v2' }, inputsOf({ at: T0 + 30, demand: 300 }), first.memory)
    expect(next.decision).toMatchObject({ replicas: 6, previous: 1, ruledBy: 'demand' })
  })
})

describe('steps', () => {
  it('limit what is added and removed within their time, but never bounds', () => {
    const step = { replicas: 2, percent: 50, perSeconds: 60 }
    const policy = policyOf({
      up: { stabilisationSeconds: 0, step },
      down: { stabilisationSeconds: 0, step },
    })
    // Of 2 one half is less than 2, of 8 it is 4.
    expect(replicasOf(policy, [100, 1_000, 1_000, 1_000, 1_000, 1_000, 1_000])).toEqual([2, 4, 4, 6, 6, 9, 9])
    expect(replicasOf(policy, [500, 0, 0, 0])).toEqual([10, 5, 5, 2])
    const bounded = { ...policy, floor: { replicas: 8, serviceLevel: null } }
    expect(run(bounded, [{ demand: 0 }]).map(({ replicas }) => replicas)).toEqual([8])
  })
})

describe('deferrable work', () => {
  const shift = { deadlineSeconds: 3_600, durationSeconds: 600, objective: 'carbon' } as const
  const policy = policyOf({ shift, intervalSeconds: 600 })
  const window = { start: T0 + 1_800, saving: 0.4 }

  it('waits for its window, then runs to its end', () => {
    const found = run(
      { ...policy, shift: { ...shift, durationSeconds: 1_800 } },
      [0, 300, 300, 300, 300, 200, 0].map(demand => ({ demand, window })),
    )
    expect(found.map(({ replicas }) => replicas)).toEqual([0, 0, 0, 6, 6, 6, 0])
    expect(found[1]?.ruledBy).toBe('shift')
  })

  it('runs in time for its deadline, however good later windows are', () => {
    const far = { start: T0 + 1e6, saving: 0.9 }
    const found = run(
      policy,
      Array.from({ length: 7 }, () => ({ demand: 300, window: far })),
    )
    expect(found.map(({ replicas }) => replicas)).toEqual([0, 0, 0, 0, 0, 6, 0])
  })

  it('lets what is left after its duration wait for a window of its own', () => {
    const later = { start: T0 + 6_000, saving: 0.4 }
    // Three intervals of waiting, one run, and work that has come meanwhile: it runs in time for a deadline from the run's beginning.
    const found = run(
      policy,
      Array.from({ length: 10 }, (_, index) => ({ demand: 300, window: index < 4 ? window : later })),
    )
    expect(found.map(({ replicas }) => replicas)).toEqual([0, 0, 0, 6, 0, 0, 0, 0, 6, 0])
    expect(found[4]?.ruledBy).toBe('shift')
  })

  it('runs on where the next window is now', () => {
    const now = { start: T0, saving: 0.4 }
    const found = run(
      policy,
      Array.from({ length: 6 }, () => ({ demand: 300, window: now })),
    )
    expect(found.map(({ replicas }) => replicas)).toEqual([6, 6, 6, 6, 6, 6])
  })

  it('runs longer than its duration where a ceiling allows fewer replicas than it asks for', () => {
    const later = { start: T0 + 6_000, saving: 0.4 }
    const halved = { ...policy, ceiling: { ...NO_CEILING, replicas: 3 } }
    const found = run(
      halved,
      Array.from({ length: 7 }, (_, index) => ({ demand: 300, window: index < 4 ? window : later })),
    )
    expect(found.map(({ replicas }) => replicas)).toEqual([0, 0, 0, 3, 3, 0, 0])
  })

  it('does not wait where nothing is known of the time ahead, and says so', () => {
    const [decision] = run(policy, [{ demand: 300 }])
    expect(decision).toMatchObject({ replicas: 6, ruledBy: 'demand' })
    expect(decision?.without).toEqual(['shift: nothing is known of the time until the deadline'])
  })

  it('keeps its floor while it waits', () => {
    const [decision] = run({ ...policy, floor: { replicas: 1, serviceLevel: null } }, [
      { demand: 300, window },
    ])
    expect(decision).toMatchObject({ replicas: 1, ruledBy: 'floor' })
  })
})

it('explains a number in words that can be checked by hand', () => {
  const policy = policyOf({
    floor: { replicas: 2, serviceLevel: slo },
    ceiling: { ...NO_CEILING, replicas: 40, carbonGramsPerHour: 900, costPerHour: 12 },
  })
  const inputs = inputsOf({ demand: 2_100, serviceLevel: { value: 180, at: T0 } })
  expect(explain(policy, inputs, decide(policy, inputs, NO_MEMORY).decision)).toEqual([
    '25 replicas (first decision), set by the carbon budget.',
    'Demand is 2100 (read 0 s before): 42 replicas.',
    'The service level is 180, which should be at most 250: met.',
    'At least 2 replicas by the floor.',
    'At most 40 replicas by the ceiling of replicas.',
    'At most 25 replicas by the carbon budget. The budget of 900 g/h allows it: 100 W a replica (measured) x PUE 1.2 x 300 g/kWh in DE = 36 g/h a replica.',
    'At most 400 replicas by the cost budget. The budget of 12 EUR/h allows it: 100 W a replica (measured) x PUE 1.2 x 0.25 EUR/kWh = 0.03 EUR/h a replica.',
  ])
})
