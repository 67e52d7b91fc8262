/**
 * A simulated week: what scaling policies save against plain load scaling and fixed thresholds, and what an oracle would.
 *
 *   npm run week [-- --seed N]
 *
 * Every strategy gets the same grid and the same work. `scaling policies` runs the product's own decision code. Exits with 1 if a policy
 * was below its floor, missed a deadline, or saved nothing.
 */
import { createWeek, type Outcome, oracle, STRATEGIES, simulate } from './simulate.ts'

const index = process.argv.indexOf('--seed')
const seed = index === -1 ? 17 : Number(process.argv[index + 1])
const week = createWeek(seed)
const outcomes: readonly (readonly [string, Outcome])[] = [
  ...Object.entries(STRATEGIES).map(([name, strategyOf]) => [name, simulate(week, strategyOf)] as const),
  ['oracle', oracle(week)],
]

const sum = (outcome: Outcome, pick: (totals: Outcome['checkout']) => number): number =>
  Object.values(outcome).reduce((total, one) => total + pick(one), 0)
const plain = outcomes[0]![1]
const change = (value: number, from: number): string => `${(((value - from) / from) * 100).toFixed(1)} %`

const lines = outcomes.map(([name, outcome]) => {
  const [grams, money] = [sum(outcome, one => one.grams), sum(outcome, one => one.money)]
  return [
    name,
    (grams / 1000).toFixed(2),
    change(
      grams,
      sum(plain, one => one.grams),
    ),
    money.toFixed(2),
    change(
      money,
      sum(plain, one => one.money),
    ),
    ...(['checkout', 'uploads', 'reports'] as const).map(workload =>
      (outcome[workload].grams / 1000).toFixed(2),
    ),
    name === 'oracle' ? '0' : String(sum(outcome, one => one.floorBreaches)),
    name === 'oracle' ? '0' : String(sum(outcome, one => one.slowMinutes)),
    name === 'oracle' ? '0' : String(sum(outcome, one => one.lateJobs)),
  ]
})
const headings = [
  'strategy',
  'kg',
  '',
  'EUR',
  '',
  'checkout kg',
  'uploads kg',
  'reports kg',
  'below floor',
  'slow minutes',
  'late jobs',
]
for (const row of [headings, headings.map(() => '---'), ...lines])
  process.stdout.write(`| ${row.join(' | ')} |\n`)

const ours = outcomes.find(([name]) => name === 'scaling policies')![1]
const isGood =
  sum(ours, one => one.floorBreaches) === 0 &&
  sum(ours, one => one.lateJobs) === 0 &&
  sum(ours, one => one.grams) < sum(plain, one => one.grams)
process.exitCode = isGood ? 0 : 1
