/** Guarantees: an amount spread over time is split at UTC minutes into parts that sum to it. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { spreadEvenly, WINDOW_NS, windowAfter, windowEdges, windowOf } from '../../../core/model/window.ts'

const MINUTE = WINDOW_NS

test('an instant on the edge belongs to the minute that starts there', () => {
  expect([0n, MINUTE - 1n, MINUTE, MINUTE + 1n].map(windowOf)).toEqual([0, 0, 1, 1])
  expect([0n, 1n, MINUTE, MINUTE + 1n].map(windowAfter)).toEqual([0, 1, 1, 2])
})

test('edges are strictly inside', () => {
  expect(windowEdges(0n, MINUTE)).toEqual([])
  expect(windowEdges(0n, MINUTE + 1n)).toEqual([MINUTE])
  expect(windowEdges(MINUTE - 1n, 3n * MINUTE)).toEqual([MINUTE, 2n * MINUTE])
})

test('parts sum to the amount, spans to the interval, and windows are consecutive', () => {
  const instant = fc.bigInt({ min: 0n, max: 20n * MINUTE })
  const amount = fc.bigInt({ min: 0n, max: 1n << 62n })
  fc.assert(
    fc.property(amount, instant, fc.bigInt({ min: 1n, max: 20n * MINUTE }), (total, from, length) => {
      const parts = spreadEvenly(total, from, from + length)
      expect(parts.reduce((sum, part) => sum + part.amount, 0n)).toBe(total)
      expect(parts.reduce((sum, part) => sum + part.spanNs, 0n)).toBe(length)
      expect(parts.map(({ window }) => window)).toEqual(parts.map((_, index) => windowOf(from) + index))
      expect(parts.every(({ spanNs }) => spanNs > 0n && spanNs <= MINUTE)).toBe(true)
      for (const part of parts) {
        const error = part.amount * length - total * part.spanNs
        expect(error < length && -error < length).toBe(true)
      }
    }),
  )
})
