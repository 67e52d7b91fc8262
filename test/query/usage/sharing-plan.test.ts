/** Guarantees: idle energy is shared in windows that hold every hour that needs it once, each with a bounded number of entries. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { sharingWindows } from '../../../query/usage/sharing-plan.ts'

const HOUR = 3_600
const request = { from: 10 * HOUR + 120, to: 400 * HOUR + 60, idleSharing: 'by_usage' as const }

test('windows hold each hour once, in order, within the window asked for', () => {
  const hour = fc.record({
    at: fc.integer({ min: 10, max: 400 }),
    entries: fc.integer({ min: 1, max: 700_000 }),
  })
  fc.assert(
    fc.property(fc.uniqueArray(hour, { maxLength: 20, selector: ({ at }) => at }), some => {
      const hours = some.toSorted((a, b) => a.at - b.at)
      const windows = sharingWindows(
        request,
        hours.map(({ at, entries }) => ({ start: at * HOUR, entries: String(entries) })),
      )
      for (const [index, { from, to }] of windows.entries()) {
        expect(from).toBeGreaterThanOrEqual(index === 0 ? request.from : windows[index - 1]!.to)
        expect(to).toBeGreaterThan(from)
        expect(to).toBeLessThanOrEqual(request.to)
        const inside = hours.filter(({ at }) => Math.max(at * HOUR, request.from) >= from && at * HOUR < to)
        const entries = inside.reduce((sum, one) => sum + one.entries, 0)
        expect(inside.length === 1 || entries <= 500_000).toBe(true)
      }
      for (const { at } of hours) {
        const start = Math.max(at * HOUR, request.from)
        expect(windows.filter(({ from, to }) => from <= start && start < to).length).toBe(1)
      }
    }),
  )
})

test('more than can be shared at all is refused, with what to do', () => {
  const hours = Array.from({ length: 31 }, (_, index) => ({ start: (10 + index) * HOUR, entries: 500_000 }))
  expect(sharingWindows(request, hours.slice(1)).length).toBe(30)
  expect(() => sharingWindows(request, hours)).toThrow(
    expect.objectContaining({
      code: 'sql_limit',
      message: expect.stringMatching(
        /15500000 entries, more than 15000000\. Ask about a shorter .*metering\.idle_policy: by_usage/,
      ),
    }),
  )
})
