// Guarantees, for random policies and series of inputs: floor and ceiling always hold; demand never makes a number go down within the
// time of stabilisation after it went up; steps limit what demand changes; the same inputs give the same decisions, also after
// memory was written down and read back.
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { boundsOf } from '../../../core/scaling/bounds.ts'
import { decide } from '../../../core/scaling/decide.ts'
import {
  NO_MEMORY,
  type ScalingDecision,
  type ScalingInputs,
  type ScalingMemory,
} from '../../../core/scaling/inputs.ts'
import type { ScalingPolicy } from '../../../core/scaling/policy.ts'
import { inputsOf, policyOf, T0 } from './fixture.ts'

const INTERVAL = 30
const seconds = fc.integer({ min: 0, max: 10 }).map(count => count * INTERVAL)
const replicas = fc.integer({ min: 0, max: 50 })
const step = fc.option(
  fc.record({
    replicas: fc.integer({ min: 1, max: 8 }),
    percent: fc.integer({ min: 0, max: 100 }),
    perSeconds: fc.constantFrom(30, 60, 120),
  }),
)
const source = { kind: 'sql', sql: 'SELECT 1' } as const

const policies: fc.Arbitrary<ScalingPolicy> = fc
  .record({
    floor: fc.integer({ min: 0, max: 5 }),
    missed: fc.option(replicas),
    ceiling: fc.option(replicas),
    grams: fc.option(fc.integer({ min: 1, max: 2_000 })),
    cost: fc.option(fc.double({ min: 0.01, max: 3, noNaN: true })),
    intensity: fc.array(fc.record({ above: fc.integer({ min: 0, max: 800 }), replicas }), { maxLength: 3 }),
    up: fc.record({ stabilisationSeconds: seconds, step }),
    down: fc.record({ stabilisationSeconds: seconds, step }),
    shift: fc.option(
      fc.constant({ deadlineSeconds: 600, durationSeconds: 120, objective: 'carbon' } as const),
      { freq: 4 },
    ),
  })
  .map(({ floor, missed, ceiling, grams, cost, intensity, up, down, shift }) =>
    policyOf({
      floor: {
        replicas: floor,
        serviceLevel:
          missed === null ? null : { source, windowSeconds: 60, max: 100, min: null, replicas: missed },
      },
      ceiling: { replicas: ceiling, carbonGramsPerHour: grams, costPerHour: cost, intensity },
      up,
      down,
      shift,
    }),
  )

const moments = fc.array(
  fc.record({
    demand: fc.option(fc.integer({ min: 0, max: 3_000 }), { freq: 8 }),
    level: fc.option(fc.integer({ min: 0, max: 200 })),
    gramsPerKwh: fc.option(fc.integer({ min: 10, max: 900 }), { freq: 8 }),
    watts: fc.option(fc.integer({ min: 1, max: 400 }), { freq: 8 }),
    window: fc.option(fc.integer({ min: -60, max: 900 })),
  }),
  { minLength: 1, maxLength: 60 },
)
type Moment = typeof moments extends fc.Arbitrary<(infer T)[]> ? T : never

const inputsAt = (moment: Moment, index: number): ScalingInputs => {
  const at = T0 + index * INTERVAL
  const base = inputsOf({ at, ...(moment.demand === null ? {} : { demand: moment.demand }) })
  return {
    ...base,
    serviceLevel: moment.level === null ? null : { value: moment.level, at },
    intensity:
      moment.gramsPerKwh === null ? null : { gramsPerKwh: moment.gramsPerKwh, version: '', staleSeconds: 0 },
    costs: { ...base.costs, watts: moment.watts, quality: moment.watts === null ? 'unknown' : 'measured' },
    window: moment.window === null ? null : { start: at + moment.window, saving: 0.2 },
  }
}

function run(
  policy: ScalingPolicy,
  series: readonly Moment[],
  keep: (memory: ScalingMemory) => ScalingMemory = one => one,
) {
  let memory: ScalingMemory = NO_MEMORY
  const decisions: ScalingDecision[] = []
  for (const [index, moment] of series.entries()) {
    const decided = decide(policy, inputsAt(moment, index), memory)
    memory = keep(decided.memory)
    decisions.push(decided.decision)
  }
  return { decisions, memory }
}

const options = { seed: 17, numRuns: 400 }

it('keeps to floor and ceiling at every moment, and the floor wins', () => {
  fc.assert(
    fc.property(policies, moments, (policy, series) => {
      const { decisions } = run(policy, series)
      for (const [index, { replicas: found }] of decisions.entries()) {
        const { floor, ceiling } = boundsOf(policy, inputsAt(series[index]!, index))
        expect(found).toBeGreaterThanOrEqual(floor.replicas)
        const most = Math.max(ceiling?.replicas ?? Number.POSITIVE_INFINITY, decisions[index]!.floor.replicas)
        expect(found).toBeLessThanOrEqual(most)
      }
    }),
    options,
  )
})

it('does not go down within stabilisation after it went up, unless a ceiling says so', () => {
  fc.assert(
    fc.property(policies, moments, (policy, series) => {
      const { decisions } = run(policy, series)
      let wentUpAt = Number.NEGATIVE_INFINITY
      for (const { at, replicas: found, previous, ruledBy, ceiling, floor } of decisions) {
        const isHeldLow = ceiling !== null && found === Math.max(ceiling.replicas, floor.replicas)
        if (previous !== null && found < previous && !isHeldLow)
          expect(at - wentUpAt).toBeGreaterThanOrEqual(policy.down.stabilisationSeconds)
        const isByDemand = ruledBy === 'demand' || ruledBy === 'step' || ruledBy === 'stabilisation'
        if (previous !== null && found > previous && isByDemand) wentUpAt = at
      }
    }),
    options,
  )
})

it('adds no more than its steps allow, unless the floor says so', () => {
  fc.assert(
    fc.property(policies, moments, (policy, series) => {
      const { step: limit } = policy.up
      if (limit === null) return
      const { decisions } = run(policy, series)
      const before = (at: number): number | undefined =>
        (decisions.findLast(one => one.at <= at) ?? decisions[0])?.replicas
      for (const { at, replicas: found, previous, floor } of decisions.slice(1)) {
        if (previous === null || found <= previous || found === floor.replicas) continue
        const start = before(at - limit.perSeconds) ?? 0
        const most = Math.max(limit.replicas, Math.ceil((start * limit.percent) / 100))
        expect(found).toBeLessThanOrEqual(Math.max(start + most, previous))
      }
    }),
    options,
  )
})

it('decides the same again, from the start and from memory that was written down', () => {
  fc.assert(
    fc.property(policies, moments, (policy, series) => {
      const first = run(policy, series)
      const again = run(policy, series, memory => JSON.parse(JSON.stringify(memory)) as ScalingMemory)
      expect(again.decisions).toEqual(first.decisions)
    }),
    options,
  )
})

it('remembers no more than it looks back', () => {
  fc.assert(
    fc.property(policies, moments, (policy, series) => {
      const looks = [policy.up, policy.down].flatMap(one => [
        one.stabilisationSeconds,
        one.step?.perSeconds ?? 0,
      ])
      const { memory } = run(policy, series)
      expect(memory.history.length).toBeLessThanOrEqual(Math.max(...looks) / INTERVAL + 2)
    }),
    options,
  )
})
