/** Guarantees: retention drops only from the front, only what all groups have read, and never more than required. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { planTrim, readByAll, SLICE_RECORDS } from '../../../core/broker/embedded/retention.ts'

const head = (storedBytes: number, timestampMs: number) => ({
  storedBytes,
  timestampMs,
  chunks: 2,
  valueBytes: 0,
})
const bounds = (first: bigint, next: bigint, bytes: number) => ({ first, next, bytes })
const keep = { groups: [], timeMs: 1_000_000, bytes: 1_000_000 }

test.each([
  // bytes allowed, age allowed, read by all -> new first offset of records 10..19, 100 bytes and 10 ms each
  { bytes: 1000, timeMs: 1000, read: 20n, first: 10n },
  { bytes: 999, timeMs: 1000, read: 20n, first: 11n },
  { bytes: 500, timeMs: 1000, read: 20n, first: 15n },
  { bytes: 500, timeMs: 1000, read: 13n, first: 13n },
  { bytes: 0, timeMs: 1000, read: 20n, first: 20n },
  { bytes: 0, timeMs: 0, read: 10n, first: 10n },
  { bytes: 1000, timeMs: 60, read: 20n, first: 14n },
  { bytes: 1000, timeMs: 0, read: 12n, first: 12n },
])('$bytes bytes, $timeMs ms, read up to $read: first becomes $first', ({ bytes, timeMs, read, first }) => {
  // Record 10 is 90 ms old, record 19 is new.
  const at = (offset: bigint) => head(100, 1000 + Number(offset - 10n) * 10)
  const trim = planTrim(bounds(10n, 20n, 1000), read, { groups: [], timeMs, bytes }, 1090, at)
  expect(trim.first).toBe(first)
  expect(trim.bytes).toBe(Number(first - 10n) * 100)
  expect(trim.dropped.map(d => d.offset)).toEqual(
    Array.from({ length: Number(first - 10n) }, (_, i) => 10n + BigInt(i)),
  )
  expect(trim.more).toBe(false)
})

test('a slice is limited, and says that there is more', () => {
  const trim = planTrim(bounds(0n, 10_000n, 10_000), 10_000n, { ...keep, bytes: 0 }, 0, () => head(1, 0))
  expect(trim.dropped.length).toBe(SLICE_RECORDS)
  expect(trim.more).toBe(true)
})

test('an unreadable record is dropped like the others and leaves no bytes behind', () => {
  const trim = planTrim(bounds(0n, 2n, 300), 2n, { ...keep, bytes: 0 }, 0, offset =>
    offset === 0n ? null : head(100, 0),
  )
  expect(trim).toMatchObject({ first: 2n, bytes: 300 })
})

test('for any sizes and ages: nothing unread is dropped, and what remains is within limits or unread', () => {
  const sizes = fc.array(
    fc.record({ storedBytes: fc.integer({ min: 1, max: 100 }), timestampMs: fc.nat(100) }),
    {
      maxLength: 50,
    },
  )
  fc.assert(
    fc.property(sizes, fc.nat(60), fc.nat(3000), fc.nat(100), (all, read, bytes, timeMs) => {
      const total = all.reduce((sum, r) => sum + r.storedBytes, 0)
      const readTo = BigInt(Math.min(read, all.length))
      const at = (offset: bigint) => head(all[Number(offset)]!.storedBytes, all[Number(offset)]!.timestampMs)
      const retention = { groups: [], timeMs, bytes }
      const trim = planTrim(bounds(0n, BigInt(all.length), total), readTo, retention, 100, at)
      expect(trim.first <= readTo).toBe(true)
      const next = all[Number(trim.first)]
      if (trim.first < readTo && next !== undefined) {
        expect(total - trim.bytes).toBeLessThanOrEqual(bytes)
        expect(100 - next.timestampMs).toBeLessThan(timeMs)
      }
    }),
  )
})

test('a group that has committed nothing retains everything; without groups nothing is retained', () => {
  const log = bounds(0n, 9n, 0)
  const committed = new Map([['a', 5n]])
  expect(readByAll(log, ['a'], committed)).toBe(5n)
  expect(readByAll(log, ['a', 'b'], committed)).toBe(0n)
  expect(readByAll(log, [], committed)).toBe(9n)
})
