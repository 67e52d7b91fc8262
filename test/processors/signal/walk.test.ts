// Guarantees: a group that only knows "up" and "down" arrives at the decided number, or at the next one above that its steps can
// reach, in steps that are never closer than the interval, and stays there; decisions that come again change nothing.
import fc from 'fast-check'
import { expect, it } from 'vitest'
import {
  type SignalRule,
  type WalkState,
  walk,
  withOutcome,
  withStep,
} from '../../../processors/signal/walk.ts'

const rule = (up: number | null, down: number | null = up, more: Partial<SignalRule> = {}): SignalRule => ({
  up: { receiver: 'heat-up', adjustment: up },
  down: { receiver: 'heat-down', adjustment: down },
  interval: 60,
  initial: null,
  ...more,
})

/** The signals of decisions that come every 30 s. */
function signals(by: SignalRule, wanted: readonly number[], previous: number | null = null) {
  let state: WalkState | undefined
  return wanted.flatMap((replicas, index) => {
    const walked = walk(by, state, {
      at: 30 * index,
      replicas,
      previous: index === 0 ? previous : (wanted[index - 1] ?? null),
    })
    state = walked.state
    return walked.signal === null
      ? []
      : [`${30 * index} ${walked.signal.direction} ${walked.signal.from}-${walked.signal.to}`]
  })
}

it.each([
  ['nothing while the number stays', rule(1), [4, 4, 4], 4, []],
  ['one step after another', rule(1), [6, 6, 6, 6, 6], 4, ['0 up 4-5', '60 up 5-6']],
  ['down, too', rule(1), [2, 2, 2, 2], 4, ['0 down 4-3', '60 down 3-2']],
  ['all at once', rule(null), [6, 9, 9, 2, 2], 4, ['0 up 4-6', '60 up 6-9', '120 down 9-2']],
  ['rounded up, without swinging', rule(2), [5, 5, 5, 5, 5], 4, ['0 up 4-6']],
  ['from the configured number', rule(1, 1, { initial: 1 }), [2, 2], 9, ['0 up 1-2']],
  ['nothing at the first decision of all', rule(1), [6, 6], null, []],
  ['one way alone', rule(1, 1, { down: undefined }), [5, 5, 3, 3], 4, ['0 up 4-5']],
])('says %s', (_what, by, wanted, previous, expected) => {
  expect(signals(by, wanted, previous)).toEqual(expected)
})

it('does not count a decision twice', () => {
  const first = walk(rule(1), undefined, { at: 100, replicas: 5, previous: 4 })
  expect(first.signal).not.toBeNull()
  for (const at of [100, 99]) {
    const again = walk(rule(1), first.state, { at, replicas: 9, previous: 5 })
    expect(again).toEqual({ state: first.state, signal: null })
  }
})

it('arrives at any number and stays', () => {
  const adjustment = fc.integer({ min: 1, max: 5 })
  fc.assert(
    fc.property(adjustment, adjustment, fc.nat(50), fc.nat(50), (up, down, from, to) => {
      let state: WalkState = { replicas: from, sentAt: null, decidedAt: -1 }
      let last = Number.NEGATIVE_INFINITY
      for (let at = 0; at < 60 * 200; at += 20) {
        const { state: next, signal } = walk(rule(up, down), state, { at, replicas: to, previous: to })
        state = next
        if (signal === null) continue
        expect(at - last).toBeGreaterThanOrEqual(60)
        last = at
      }
      expect(state.replicas).toBeGreaterThanOrEqual(to)
      expect(state.replicas - to).toBeLessThan(Math.max(up, down))
      expect(last).toBeLessThan(60 * 150)
    }),
    { seed: 5, numRuns: 300 },
  )
})

it('takes back a step that did not arrive, once, and counts it again when it does', () => {
  const { state } = walk(rule(2), undefined, { at: 0, replicas: 8, previous: 4 })
  const sent = withStep(state, undefined, { id: 'm', by: 2, isDead: false })
  expect(sent.replicas).toBe(6)
  const dead = withOutcome(withOutcome(sent, 'm', 'dead'), 'm', 'dead')
  expect(dead.replicas).toBe(4)
  // The next decision gives the step again.
  expect(walk(rule(2), dead, { at: 60, replicas: 8, previous: 8 }).signal).toMatchObject({ from: 4, to: 6 })
  const replayed = withOutcome(withOutcome(dead, 'm', 'delivered'), 'm', 'delivered')
  expect(replayed).toMatchObject({ replicas: 6, steps: [] })
  expect(withOutcome(sent, 'm', 'delivered')).toMatchObject({ replicas: 6, steps: [] })
  expect(withOutcome(sent, 'other', 'dead')).toBe(sent)
  // A state of an older version has no steps.
  const old: WalkState = { replicas: 3, sentAt: null, decidedAt: 0 }
  expect(withOutcome(old, 'm', 'dead')).toBe(old)
})
