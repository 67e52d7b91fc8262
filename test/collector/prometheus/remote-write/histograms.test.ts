// Guarantees: native histograms, integer and float, of both signs, become OTLP histograms with the same observations in
// the same buckets; what OTLP cannot represent is rejected individually. Observations are put into buckets by
// Prometheus' definition and looked up by OTLP's.

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { SentHistogram } from '../../../support/remote-write.ts'
import { withStale } from '../../../support/remote-write.ts'
import { at, encoders, NOW_MS, stored, storedHistograms } from './support.ts'

type Row = Readonly<Record<string, unknown>>

const send = (version: 1 | 2, ...histograms: readonly SentHistogram[]) =>
  stored(version, encoders[version]([{ labels: [['__name__', 'h']], histograms }]))

/** Runs and counts of the buckets by their index, as Prometheus writes them. */
function runs(buckets: ReadonlyMap<number, number>) {
  const indices = [...buckets.keys()].toSorted((a, b) => a - b)
  const spans: { offset: number; length: number }[] = []
  let next = 0
  for (const [place, index] of indices.entries()) {
    const last = spans.at(-1)
    if (last !== undefined && index === next) last.length += 1
    else spans.push({ offset: place === 0 ? index : index - next, length: 1 })
    next = index + 1
  }
  const counts = indices.map(index => buckets.get(index)!)
  return { spans, counts, deltas: counts.map((count, place) => count - (counts[place - 1] ?? 0)) }
}

/** Bucket i holds (base^(i-1), base^i]. */
const bucketOf = (value: number, schema: number): number => Math.ceil(Math.log2(value) * 2 ** schema)

function histogramOf(values: readonly number[], schema: number, scale: number): SentHistogram {
  const positive = new Map<number, number>()
  const negative = new Map<number, number>()
  let zero = 0
  for (const value of values) {
    const side = value > 0 ? positive : negative
    if (value === 0) zero += 1
    else side.set(bucketOf(Math.abs(value), schema), (side.get(bucketOf(Math.abs(value), schema)) ?? 0) + 1)
  }
  const [up, down] = [runs(positive), runs(negative)]
  const common = {
    sum: values.reduce((sum, value) => sum + value, 0),
    schema,
    zero_threshold: 0,
    negative_spans: down.spans,
    positive_spans: up.spans,
    timestamp: NOW_MS,
  }
  if (scale === 1) {
    const counts = { count_int: values.length, zero_count_int: zero }
    return { ...common, ...counts, negative_deltas: down.deltas, positive_deltas: up.deltas }
  }
  return {
    ...common,
    count_float: values.length * scale,
    zero_count_float: zero * scale,
    negative_counts: down.counts.map(count => count * scale),
    positive_counts: up.counts.map(count => count * scale),
  }
}

/** Number of observations in the bucket in which OTLP puts a value of this size. */
function countAt(row: Row, side: 'Positive' | 'Negative', index: number): bigint {
  const counts = row[`${side}BucketCounts`] as bigint[]
  return counts[index - (row[`${side}Offset`] as number)] ?? 0n
}

const total = (counts: unknown): bigint => (counts as bigint[]).reduce((sum, count) => sum + count, 0n)

describe.each([1, 2] as const)('version %i', version => {
  const size = fc.double({ min: 0.001, max: 1000, noNaN: true })
  const value = fc.oneof(
    size,
    size,
    size.map(positive => -positive),
    fc.constant(0),
  )

  it('keeps every observation in its bucket', () => {
    fc.assert(
      fc.property(fc.array(value, { maxLength: 60 }), fc.integer({ min: -4, max: 8 }), (values, schema) => {
        const sent = histogramOf(values, schema, 1)
        const { rows, tally } = send(version, sent)
        const row = rows[0]!
        expect(tally).toMatchObject({ histograms: 1, rejected: 0 })
        expect(row).toMatchObject({
          Count: BigInt(values.length),
          Sum: sent.sum,
          Scale: schema,
          ZeroCount: BigInt(values.filter(each => each === 0).length),
          AggregationTemporality: 2,
          TimeUnix: at(NOW_MS),
          Flags: 0,
        })
        for (const [side, sign] of [
          ['Positive', 1],
          ['Negative', -1],
        ] as const) {
          const mine = values.filter(each => each * sign > 0).map(Math.abs)
          expect(total(row[`${side}BucketCounts`])).toBe(BigInt(mine.length))
          // OTLP counts from the lower bound: (base^i, base^(i+1)].
          const indices = mine.map(each => bucketOf(each, schema) - 1)
          for (const index of new Set(indices)) {
            expect(countAt(row, side, index)).toBe(BigInt(indices.filter(other => other === index).length))
          }
        }
      }),
    )
  })

  it('rounds the counts of float histograms to integers that add up', () => {
    const scale = fc.double({ min: 0.01, max: 3, noNaN: true })
    fc.assert(
      fc.property(fc.array(value, { maxLength: 60 }), scale, (values, by) => {
        const row = send(version, histogramOf(values, 2, by)).rows[0]!
        const all =
          total(row['PositiveBucketCounts']) +
          total(row['NegativeBucketCounts']) +
          (row['ZeroCount'] as bigint)
        expect(row['Count']).toBe(all)
        expect(Math.abs(Number(all) - values.length * by)).toBeLessThanOrEqual(0.5 + 1e-6)
      }),
    )
  })
})

it('keeps the counts of float histograms to the bit, and the hint about resets', () => {
  const scale = fc.double({ min: 0.01, max: 3, noNaN: true })
  const sizes = fc.array(fc.double({ min: 0.001, max: 1000, noNaN: true }), { maxLength: 40 })
  fc.assert(
    fc.property(sizes, sizes, scale, fc.constantFrom(0, 1, 2, 3), (up, down, by, reset_hint) => {
      const sent = { ...histogramOf([...up, ...down.map(value => -value), 0], 1, by), reset_hint }
      const { native } = storedHistograms(2, { labels: [['__name__', 'h']], histograms: [sent] })
      const [row] = native
      const full = (counts: readonly number[]): readonly number[] => counts.filter(count => count !== 0)
      expect(row).toMatchObject({ IsFloat: by !== 1, ResetHint: reset_hint, ZeroThreshold: 0 })
      if (by === 1) return
      expect(row).toMatchObject({ FloatCount: sent.count_float, FloatZeroCount: sent.zero_count_float })
      expect(full(row!.FloatPositiveBucketCounts)).toEqual(sent.positive_counts)
      expect(full(row!.FloatNegativeBucketCounts)).toEqual(sent.negative_counts)
      expect(row!.FloatPositiveBucketCounts).toHaveLength(row!.PositiveBucketCounts.length)
    }),
  )
  const custom = {
    count_float: 4.25,
    sum: 9,
    schema: -53,
    custom_values: [1, 2, 5],
    positive_spans: [
      { offset: 0, length: 1 },
      { offset: 2, length: 1 },
    ],
    positive_counts: [0.75, 3.5],
    timestamp: NOW_MS,
  }
  expect(storedHistograms(2, { labels: [['__name__', 'h']], histograms: [custom] }).custom).toMatchObject([
    {
      IsFloat: true,
      FloatCount: 4.25,
      FloatBucketCounts: [0.75, 0, 0, 3.5],
      BucketCounts: [1n, 0n, 0n, 3n],
      ExplicitBounds: [1, 2, 5],
    },
  ])
})

const EMPTY: SentHistogram = { count_int: 0, sum: 0, schema: 0, timestamp: NOW_MS }

it('keeps the start, and marks a gauge histogram as not cumulative', () => {
  const { rows } = send(
    2,
    { ...EMPTY, start_timestamp: NOW_MS - 1000 },
    { ...EMPTY, reset_hint: 3 },
    { ...EMPTY, reset_hint: 1 },
  )
  expect(rows.map(row => [row['StartTimeUnix'], row['AggregationTemporality']])).toEqual([
    [at(NOW_MS - 1000), 2],
    [0n, 0],
    [0n, 2],
  ])
})

it('recognises a gauge histogram by its type as well', () => {
  const metadata = { type: 4, help: '', unit: '' }
  const body = encoders[2]([{ labels: [['__name__', 'h']], histograms: [EMPTY], metadata }])
  expect(stored(2, body).rows).toMatchObject([{ AggregationTemporality: 0 }])
})

it('flags the end of a series, which has no buckets', () => {
  const body = encoders[1]([{ labels: [['__name__', 'h']], histograms: [{ ...EMPTY, sum: 77.25 }] }])
  const { rows, tally } = stored(1, withStale(body, 77.25))
  expect(rows).toMatchObject([{ Flags: 1, Sum: 0, Count: 0n, Scale: 0 }])
  expect(tally.histograms).toBe(1)
})

it('keeps a lone exemplar of a native histogram beside the histogram', () => {
  const exemplars = [{ labels: [['trace_id', 'ab'.repeat(16)]] as const, value: 0.5, timestamp: NOW_MS }]
  const metadata = { type: 3, help: '', unit: '' }
  const { rows } = stored(2, encoders[2]([{ labels: [['__name__', 'h']], exemplars, metadata }]))
  expect(rows).toMatchObject([{ Scale: 0, Flags: 1, 'Exemplars.TraceId': ['ab'.repeat(16)] }])
})

it('writes custom buckets as a histogram with those bounds', () => {
  const custom = { ...EMPTY, schema: -53, custom_values: [0.5, 1, 5], sum: 12.5 }
  const { rows, tally } = send(
    2,
    {
      ...custom,
      count_int: 9,
      positive_spans: [
        { offset: 0, length: 1 },
        { offset: 1, length: 2 },
      ],
      positive_deltas: [2, 1, 1],
    },
    { ...custom, count_float: 2.5, positive_spans: [{ offset: 3, length: 1 }], positive_counts: [2.5] },
    { ...custom, count_int: 0 },
  )
  expect(rows.map(row => [row['Count'], row['Sum'], row['BucketCounts'], row['ExplicitBounds']])).toEqual([
    [9n, 12.5, [2n, 0n, 3n, 4n], [0.5, 1, 5]],
    [3n, 12.5, [0n, 0n, 0n, 3n], [0.5, 1, 5]],
    [0n, 12.5, [0n, 0n, 0n, 0n], [0.5, 1, 5]],
  ])
  expect(tally.histograms).toBe(3)
})

it('keeps the count of NaN observations, which are in no bucket', () => {
  const { rows } = send(2, { ...EMPTY, count_int: 3, sum: Number.NaN, zero_count_int: 1 })
  expect(rows).toMatchObject([{ Count: 3n, ZeroCount: 1n, Sum: Number.NaN }])
})

const span = (offset: number, length: number) => ({ offset, length })

it.each<{ problem: string; sent: Partial<SentHistogram> }>([
  { problem: 'schema 9 is unknown', sent: { schema: 9 } },
  { problem: 'schema -5 is unknown', sent: { schema: -5 } },
  {
    problem: 'its buckets do not fit their runs',
    sent: { positive_spans: [span(0, 2)], positive_deltas: [1] },
  },
  { problem: 'its buckets do not fit their runs', sent: { negative_deltas: [1] } },
  {
    problem: 'its runs of buckets overlap',
    sent: { positive_spans: [span(0, 1), span(-1, 1)], positive_deltas: [1, 0], count_int: 2 },
  },
  { problem: 'a count is negative', sent: { positive_spans: [span(0, 2)], positive_deltas: [1, -2] } },
  { problem: 'a count is negative', sent: { count_float: 0, zero_count_float: -1 } },
  {
    problem: 'a count is negative',
    sent: { count_float: 0, negative_spans: [span(0, 1)], negative_counts: [Number.NaN] },
  },
  { problem: 'its count is negative', sent: { count_float: -1 } },
  { problem: 'its count is negative', sent: { count_float: Number.NaN } },
  { problem: 'its buckets hold more than its count', sent: { count_int: 1, zero_count_int: 2 } },
  { problem: 'it has too many buckets, or counts above 2^53', sent: { count_int: 2 ** 60 } },
  {
    problem: 'it spans more than 16384 buckets',
    sent: { count_int: 2, positive_spans: [span(0, 1), span(2_000_000_000, 1)], positive_deltas: [1, 0] },
  },
  {
    problem: 'a bucket is beyond 32 bits',
    sent: { count_int: 1, positive_spans: [span(-(2 ** 31), 1)], positive_deltas: [1] },
  },
  {
    problem: 'it has buckets beyond its bounds',
    sent: {
      schema: -53,
      custom_values: [1],
      count_int: 1,
      positive_spans: [span(2, 1)],
      positive_deltas: [1],
    },
  },
  { problem: 'custom buckets have neither', sent: { schema: -53, custom_values: [1], zero_count_int: 1 } },
  { problem: 'the bounds are not in ascending order', sent: { schema: -53, custom_values: [2, 1] } },
])('refuses one by itself: $problem', ({ problem, sent }) => {
  const { rows, tally } = send(2, EMPTY, { ...EMPTY, ...sent })
  expect(rows).toHaveLength(1)
  expect(tally).toMatchObject({ histograms: 1, rejected: 1 })
  expect([...tally.reasons.keys()]).toEqual(['histogram_invalid'])
  expect(tally.example).toContain(problem)
})

it('limits the cost of a histogram with very many buckets', () => {
  const deltas = Array.from({ length: 100_000 }, () => 0)
  const { rows, tally } = send(1, {
    ...EMPTY,
    positive_spans: [span(0, deltas.length)],
    positive_deltas: deltas,
  })
  expect(rows).toEqual([])
  expect(tally.example).toContain('too many buckets')
})
