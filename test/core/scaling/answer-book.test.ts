// Guarantees: answers of tenants are apart; an answer is stale exactly when its decision or its demand is older than
// `stale_after`, and says which; listeners hear of new, stale, fresh and removed answers, and an older answer never replaces a newer one.
import { expect, it } from 'vitest'
import type { AnswerChange } from '../../../core/scaling/answer.ts'
import { AnswerBook } from '../../../core/scaling/answer-book.ts'
import { answerOf as answer, T0 } from './fixture.ts'

function bookAt(start: number) {
  const clock = { s: start }
  const book = new AnswerBook(() => clock.s * 1000)
  const changes: AnswerChange[] = []
  const stop = book.onChange(change => changes.push(change))
  return { clock, book, changes, stop }
}

it('keeps tenants apart, and lists by name', () => {
  const { book } = bookAt(T0)
  book.put(answer({ name: 'b' }))
  book.put(answer({ name: 'a' }))
  book.put(answer({ tenant: 'other', name: 'c' }))
  expect(book.list('shop').map(({ name }) => name)).toEqual(['a', 'b'])
  expect(book.find('other', 'a')).toBeUndefined()
  expect(book.list('nobody')).toEqual([])
})

it('is stale once the decision is older than stale_after', () => {
  const { book, clock } = bookAt(T0)
  book.put(answer())
  clock.s = T0 + 120
  expect(book.find('shop', 'checkout')?.stale).toBeNull()
  clock.s = T0 + 121
  expect(book.find('shop', 'checkout')?.stale).toMatchObject({
    reason: 'decision_old',
    text: expect.stringContaining('121 s ago; stale_after is 120 s'),
  })
})

it('tells old demand from unknown demand and from an old decision', () => {
  const { book, clock } = bookAt(T0 + 100)
  book.put(answer({ decidedAt: T0 + 100, asOf: T0 }))
  book.put(answer({ name: 'new', decidedAt: T0 + 100, asOf: null }))
  expect(book.find('shop', 'checkout')?.stale).toBeNull()
  expect(book.find('shop', 'new')?.stale?.reason).toBe('demand_unknown')
  clock.s = T0 + 150
  expect(book.find('shop', 'checkout')?.stale?.reason).toBe('demand_old')
})

it('tells listeners about every change once, also of what time changes', () => {
  const { book, clock, changes, stop } = bookAt(T0)
  book.put(answer())
  clock.s = T0 + 200
  book.noteTime()
  book.noteTime()
  book.put(answer({ decisionId: 'd2', decidedAt: T0 + 200, asOf: T0 + 200 }))
  book.remove('shop', 'checkout')
  book.remove('shop', 'checkout')
  expect(
    changes.map(({ answer: one }) => (one === undefined ? 'gone' : (one.stale?.reason ?? one.decisionId))),
  ).toEqual(['d1', 'decision_old', 'd2', 'gone'])
  stop()
  book.put(answer())
  expect(changes).toHaveLength(4)
})

it('never replaces an answer by an older one', () => {
  const { book, changes } = bookAt(T0)
  book.put(answer({ decisionId: 'd2', decidedAt: T0 + 10 }))
  book.put(answer({ decisionId: 'd1' }))
  expect(book.find('shop', 'checkout')?.decisionId).toBe('d2')
  expect(changes).toHaveLength(1)
  expect(book.all().map(({ decisionId }) => decisionId)).toEqual(['d2'])
})
