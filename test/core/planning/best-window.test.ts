// Guarantees: the best window equals the result of trying every start, on 10,000 random jobs; of equal ones the
// earliest; a job that does not fit has none, and a signal with a gap is refused.
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { chooseWindow, type PlannedJob } from '../../../core/planning/best-window.ts'
import { integralOf, type PlanningSignal } from '../../../core/planning/signal.ts'

/** Pieces of the given lengths and values from 0 on. */
function signalOf(pieces: readonly (readonly [seconds: number, value: number])[]): PlanningSignal {
  let at = 0
  return pieces.map(([seconds, value]) => {
    const from = at
    at += seconds
    return { from, to: at, value: BigInt(value), low: 0n, high: 0n, basis: 'final' as const }
  })
}

function bruteForce(signal: PlanningSignal, { durationS, notBefore, deadline, stepS }: PlannedJob) {
  const all: { start: number; integral: bigint }[] = []
  for (let start = notBefore; start + durationS <= deadline; start += stepS) {
    all.push({ start, integral: integralOf(signal, start, start + durationS) })
  }
  if (all.length === 0) return null
  const least = all.reduce((a, b) => (b.integral < a.integral ? b : a))
  const most = all.reduce((a, b) => (b.integral > a.integral ? b : a))
  return { best: least, worst: most, first: all[0] }
}

it('equals trying every start', () => {
  const pieces = fc.array(fc.tuple(fc.integer({ min: 1, max: 40 }), fc.integer({ min: -5, max: 20 })), {
    minLength: 1,
    maxLength: 12,
  })
  const job = fc.record({
    pieces,
    a: fc.nat(1_000),
    b: fc.nat(1_000),
    durationS: fc.integer({ min: 1, max: 120 }),
    stepS: fc.integer({ min: 1, max: 9 }),
  })
  fc.assert(
    fc.property(job, ({ pieces: list, a, b, durationS, stepS }) => {
      const signal = signalOf(list)
      const length = list.reduce((sum, [seconds]) => sum + seconds, 0)
      const [notBefore = 0, deadline = 0] = [a % (length + 1), b % (length + 1)].sort((x, y) => x - y)
      const planned = { durationS, notBefore, deadline, stepS }
      expect(chooseWindow(signal, planned)).toEqual(bruteForce(signal, planned))
    }),
    { seed: 4, numRuns: 10_000 },
  )
})

it('does not find a window for a job that does not fit', () => {
  const job = { durationS: 11, notBefore: 0, deadline: 10, stepS: 1 }
  expect(chooseWindow(signalOf([[100, 1]]), job)).toBeNull()
})

it('refuses a signal that does not cover the time of the job', () => {
  const job = { durationS: 5, notBefore: 0, deadline: 30, stepS: 1 }
  expect(() => chooseWindow(signalOf([[20, 1]]), job)).toThrow('not known from 1970-01-01T00:00:20')
  const [first, , third] = signalOf([
    [10, 1],
    [10, 2],
    [10, 3],
  ])
  expect(() => chooseWindow([first!, third!], job)).toThrow('not known from 1970-01-01T00:00:10')
})
