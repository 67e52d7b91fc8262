// Guarantees, for weeks of several seeds with the product's own decision code: never below a floor, no deadline missed, the service no slower
// than with plain load scaling; less carbon and money than that, and never less carbon than an oracle could; the same week again
// gives the same numbers.
import { expect, it } from 'vitest'
import { runs } from '../support/runs.ts'
import { createWeek, type Outcome, oracle, simulate } from './simulate.ts'
import { loadStrategy, policyStrategy } from './strategies.ts'

const sum = (outcome: Outcome, pick: (totals: Outcome['checkout']) => number): number =>
  Object.values(outcome).reduce((total, one) => total + pick(one), 0)

const SEEDS = [17, 1, 2, 3, 4, 5, 6, 7].slice(0, runs(1))

it.each(SEEDS)('a week of seed %s', seed => {
  const week = createWeek(seed)
  const [ours, plain, best] = [simulate(week, policyStrategy), simulate(week, loadStrategy), oracle(week)]
  expect(sum(ours, one => one.floorBreaches)).toBe(0)
  expect(sum(ours, one => one.lateJobs)).toBe(0)
  expect(ours.checkout.slowMinutes).toBeLessThanOrEqual(plain.checkout.slowMinutes)
  expect(sum(ours, one => one.grams)).toBeLessThan(sum(plain, one => one.grams))
  expect(sum(ours, one => one.money)).toBeLessThan(sum(plain, one => one.money))
  for (const name of ['checkout', 'uploads', 'reports'] as const)
    expect(ours[name].grams).toBeGreaterThanOrEqual(best[name].grams)
  expect(ours.reports.grams).toBeLessThan(1.1 * best.reports.grams)
})

it('is the same again', () => {
  expect(simulate(createWeek(5), policyStrategy)).toEqual(simulate(createWeek(5), policyStrategy))
})
