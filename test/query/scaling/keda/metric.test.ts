// Guarantees: however KEDA rounds a value and its target, the autoscaler arrives at the decided number of replicas.
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { kedaPair } from '../../../../query/scaling/keda/metric.ts'

/** As KEDA 2.21 does: thousandths, the rest cut off, floats only where they are positive. */
const milli = (whole: number, amount: number): number => Math.trunc((amount > 0 ? amount : whole) * 1_000)

const replicasBy = (replicas: number, value: number, target: number): readonly number[] => {
  const pair = kedaPair({ replicas, metric: { name: 'm', labels: {}, value, target } })
  return [
    Math.ceil(
      milli(pair.value.wholeAmount, pair.value.amount) / milli(pair.spec.wholeAmount, pair.spec.amount),
    ),
    // Clients that do not know the floats.
    Math.ceil(pair.value.wholeAmount / pair.spec.wholeAmount),
  ]
}

it('keeps the number of replicas for any target and value', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 0, max: 10_000 }),
      fc.double({ min: 1e-6, max: 1e6, noNaN: true }),
      fc.double({ min: 0, max: 1, noNaN: true }),
      (replicas, target, part) => {
        const value = replicas === 0 ? 0 : (replicas - part) * target
        expect(replicasBy(replicas, value, target)).toEqual([replicas, replicas])
      },
    ),
    { seed: 1, numRuns: 2_000 },
  )
})

it('leaves values alone that survive the rounding', () => {
  const pair = kedaPair({ replicas: 6, metric: { name: 'rps', labels: {}, value: 287.5, target: 50 } })
  expect(pair.value).toEqual({ name: 'rps', amount: 287.5, wholeAmount: 300 })
  expect(pair.spec).toEqual({ name: 'rps', amount: 50, wholeAmount: 50 })
})

it('makes up for targets that KEDA cannot say', () => {
  expect(replicasBy(5, 0.061728, 0.0123456)).toEqual([5, 5])
  expect(replicasBy(5, 5 * 4.35, 4.35)).toEqual([5, 5])
})
