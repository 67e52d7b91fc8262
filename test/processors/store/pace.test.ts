// Guarantees: only little that follows on little waits, and no longer than half a second; what ends the wait ends it at once.
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import type { StoredRecord } from '../../../core/broker/broker.ts'
import { Pace, REST_MS } from '../../../processors/store/pace.ts'

beforeEach(() => void vi.useFakeTimers({ toFake: ['performance', 'setTimeout', 'clearTimeout'] }))
afterEach(() => void vi.useRealTimers())

const recordsOf = (count: number, bytes: number): StoredRecord[] =>
  Array.from({ length: count }, (_, offset) => ({
    offset: BigInt(offset),
    value: new Uint8Array(bytes),
    headers: {},
    timestampMs: 0,
  }))

/** How long a partition rests after inserts of these records, each so long after the one before. */
async function restAfter(
  inserts: readonly (readonly [afterMs: number, records: StoredRecord[]])[],
): Promise<number> {
  const pace = new Pace()
  for (const [afterMs, records] of inserts) {
    vi.advanceTimersByTime(afterMs)
    pace.begin(records)
  }
  const fromMs = performance.now()
  const rest = pace.rest(new AbortController().signal)
  await vi.runAllTimersAsync()
  await rest
  return performance.now() - fromMs
}

const LITTLE = recordsOf(2, 1_000)

it.each([
  ['one alone', [[0, LITTLE]], 0],
  [
    'two in quick succession',
    [
      [0, LITTLE],
      [100, LITTLE],
    ],
    REST_MS,
  ],
  [
    'one after a pause',
    [
      [0, LITTLE],
      [REST_MS, LITTLE],
    ],
    0,
  ],
  [
    'many bytes',
    [
      [0, LITTLE],
      [100, recordsOf(2, 200_000)],
    ],
    0,
  ],
  [
    'many records',
    [
      [0, LITTLE],
      [100, recordsOf(300, 10)],
    ],
    0,
  ],
] as const)('%s', async (_, inserts, expected) => {
  expect(await restAfter(inserts as never)).toBe(expected)
})

it('ends with the signal', async () => {
  const pace = new Pace()
  pace.begin(LITTLE)
  pace.begin(LITTLE)
  const stop = new AbortController()
  const rest = pace.rest(stop.signal)
  stop.abort()
  await rest
})
