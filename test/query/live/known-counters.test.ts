// Guarantees: what pages get is what a reading of the whole span would give, however samples arrive within half a minute; later ones
// are found within a minute; a source whose samples are all old is followed like any other; nothing is kept for pages that are closed.
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { KnownCounters } from '../../../query/live/known-counters.ts'
import type { CounterRow } from '../../../query/live/statements.ts'

const START = 1_796_000_000_000
const SPAN_MS = 300_000
const BUCKET_MS = 1_666

interface Reading {
  readonly series: string
  readonly timeMs: number
  readonly arrivesMs: number
}

/** What the statement gives: the last sample of each bucket since a time, of what has arrived. */
function statement(readings: readonly Reading[], nowMs: number, sinceMs: number): readonly CounterRow[] {
  const seen = readings.filter(({ arrivesMs, timeMs }) => arrivesMs <= nowMs && timeMs >= sinceMs)
  return [...Map.groupBy(seen, ({ series }) => series)]
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([series, some]) => {
      const last = new Map<number, number>()
      for (const { timeMs } of some) {
        const bucket = Math.floor(timeMs / BUCKET_MS)
        last.set(bucket, Math.max(timeMs, last.get(bucket) ?? 0))
      }
      const samples = [...last.values()].toSorted((a, b) => a - b)
      return {
        Quantity: 'cpu_time',
        Domain: '',
        Device: '',
        WorkloadKind: 'process',
        WorkloadId: series,
        BootId: 'b1',
        Attributes: {},
        Source: series.startsWith('slow') ? 'edge' : 'own',
        Quality: 'measured',
        RangeMax: '0',
        samples: samples.map(time => [String(time), String(time)] as const),
      }
    })
}

function rig(readings: readonly Reading[]) {
  const known = new KnownCounters()
  const sinceMs: number[] = []
  return {
    sinceMs,
    find: (nowMs: number) =>
      known.find({ key: 'a', nowMs, spanMs: SPAN_MS, bucketMs: BUCKET_MS }, async since => {
        sinceMs.push(since)
        return statement(readings, nowMs, since)
      }),
  }
}

/** A series of samples, each of which arrives within so many ms. */
const arrivals = (series: string, mostLateMs: number): fc.Arbitrary<readonly Reading[]> =>
  fc
    .array(fc.record({ timeMs: fc.nat(SPAN_MS * 2), lateMs: fc.nat(mostLateMs) }), { maxLength: 80 })
    .map(some =>
      some.map(({ timeMs, lateMs }) => ({
        series,
        timeMs: START + timeMs,
        arrivesMs: START + timeMs + lateMs,
      })),
    )

it('gives what a reading of the whole span gives', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(arrivals('a', 0), { maxLength: 1 }).map(some => some.flat()),
      arrivals('b', 24_000),
      fc.array(fc.integer({ min: 1_000, max: 15_000 }), { minLength: 1, maxLength: 40 }),
      async (a, b, pauses) => {
        const readings = [...a, ...b]
        const { find } = rig(readings)
        let nowMs = START + SPAN_MS / 2
        for (const pause of pauses) {
          nowMs += pause
          // The newest samples may be older than half a minute: then more is read.
          expect(await find(nowMs)).toEqual(statement(readings, nowMs, nowMs - SPAN_MS))
        }
      },
    ),
    { numRuns: 60, seed: 17 },
  )
})

it('reads little most of the time, and finds what came late within a minute', async () => {
  const every = (series: string, behindMs: number): readonly Reading[] =>
    Array.from({ length: 120 }, (_, index) => ({
      series,
      timeMs: START + index * 5_000 - behindMs,
      arrivesMs: START + index * 5_000,
    }))
  const late = { series: 'late', timeMs: START + 301_000, arrivesMs: START + 342_000 }
  const { find, sinceMs } = rig([...every('a', 0), late])
  for (let nowMs = START + 300_000; nowMs <= START + 360_000; nowMs += 5_000) {
    const rows = await find(nowMs)
    expect(rows.map(row => row.WorkloadId)).toEqual(nowMs < START + 360_000 ? ['a'] : ['a', 'late'])
  }
  const spans = sinceMs.map((since, index) => START + 300_000 + index * 5_000 - since)
  expect(spans[0]).toBe(SPAN_MS)
  expect(spans.at(-1)).toBe(SPAN_MS)
  expect(Math.max(...spans.slice(1, -1))).toBeLessThan(40_000)
  // A source that is two minutes behind is read from there.
  const slow = rig([...every('a', 0), ...every('slow', 120_000)])
  await slow.find(START + 300_000)
  const rows = await slow.find(START + 305_000)
  expect(rows.at(-1)?.samples.at(-1)?.[0]).toBe(String(START + 185_000))
})

it('keeps nothing for a page that is closed, or after a step of the clock', async () => {
  const { find, sinceMs } = rig([{ series: 'a', timeMs: START, arrivesMs: START }])
  for (const nowMs of [START, START + 5_000, START + 25_000, START + 1_000]) await find(nowMs)
  expect(
    sinceMs.map((since, index) => [START, START + 5_000, START + 25_000, START + 1_000][index]! - since),
  ).toEqual([SPAN_MS, expect.any(Number), SPAN_MS, SPAN_MS])
  expect(START + 5_000 - sinceMs[1]!).toBeLessThan(40_000)
})
