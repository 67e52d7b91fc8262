// Guarantees: Prometheus series, written as OTLP and decoded like every request, become the right rows: types, times to
// the nanosecond, stale markers, exemplars, buckets that add up.

import fc from 'fast-check'
import { expect, it } from 'vitest'
import { classicProblem } from '../../../collector/prometheus/metric.ts'
import { MetricsWriter } from '../../../collector/prometheus/metrics-writer.ts'
import { nanoParts } from '../../../collector/prometheus/nano-parts.ts'
import { CONTEXT, rowsOf } from '../otlp/rows.ts'

const NOW_MS = Number(CONTEXT.nowUnixNano / 1_000_000n)
const at = (ms: number): bigint => BigInt(ms) * 1_000_000n

function written(write: (out: MetricsWriter) => void): Readonly<Record<string, unknown>>[] {
  const out = new MetricsWriter()
  write(out)
  return rowsOf('metrics', out.finish())
}

it('writes nothing for a resource and a metric without points', () => {
  expect(
    written(out => {
      out.resource([['service.name', 'a']])
      out.metric({ name: 'm', type: 'gauge', help: '', unit: '' })
    }),
  ).toEqual([])
})

it('writes a counter as a cumulative monotonic sum, with its exemplars', () => {
  const rows = written(out => {
    out.resource([
      ['service.name', 'shop'],
      ['service.instance.id', 'a:80'],
      ['empty', ''],
    ])
    out.metric({ name: 'requests_total', type: 'counter', help: 'Requests.', unit: 'requests' })
    out.begin('number', NOW_MS, NOW_MS - 1000, false)
    out.label('code', '200')
    out.value(42.5)
    out.exemplar({
      value: 3,
      timeMs: NOW_MS - 1,
      labels: [
        ['trace_id', '5b8efff798038103d269b633813fc60c'],
        ['span_id', 'eee19b7ec3c1b17'],
        ['user', 'u'],
      ],
    })
    out.end()
  })
  expect(rows).toMatchObject([
    {
      ServiceName: 'shop',
      ResourceAttributes: { 'service.name': 'shop', 'service.instance.id': 'a:80' },
      MetricName: 'requests_total',
      MetricDescription: 'Requests.',
      MetricUnit: 'requests',
      Attributes: { code: '200' },
      StartTimeUnix: at(NOW_MS - 1000),
      TimeUnix: at(NOW_MS),
      Value: 42.5,
      Flags: 0,
      AggregationTemporality: 2,
      IsMonotonic: true,
      'Exemplars.TraceId': ['5b8efff798038103d269b633813fc60c'],
      'Exemplars.SpanId': [''],
      'Exemplars.Value': [3],
      'Exemplars.TimeUnix': [at(NOW_MS - 1)],
      'Exemplars.FilteredAttributes': [{ span_id: 'eee19b7ec3c1b17', user: 'u' }],
    },
  ])
})

it.each(['gauge', 'info', 'stateset', 'unknown'] as const)('writes a %s as a gauge', type => {
  const rows = written(out => {
    out.metric({ name: 'm', type, help: '', unit: '' })
    out.begin('number', NOW_MS, 0, false)
    out.value(Number.NaN)
    out.end()
    out.begin('number', NOW_MS + 1, 0, true)
    out.end()
  })
  expect(rows.map(row => [row['ServiceName'], row['Value'], row['Flags'], row['StartTimeUnix']])).toEqual([
    ['', Number.NaN, 0, 0n],
    ['', 0, 1, 0n],
  ])
  expect(rows[0]).not.toHaveProperty('IsMonotonic')
})

it('keeps points of a metric together, and separates shapes of a metric and metrics of a resource', () => {
  const rows = written(out => {
    out.resource([['service.name', 'a']])
    out.metric({ name: 'h', type: 'histogram', help: '', unit: '' })
    out.begin('classic', NOW_MS, 0, false)
    out.classic([0.5, 1], [1, 3, 4], 2.5)
    out.end()
    out.begin('native', NOW_MS, 0, false)
    out.native({
      count: 6,
      sum: 7,
      schema: -4,
      zeroThreshold: 0.001,
      zeroCount: 1,
      positive: { offset: -3, counts: [2, 0, 1] },
      negative: { offset: 5, counts: [2] },
      exact: null,
    })
    out.end()
    out.metric({ name: 's', type: 'summary', help: '', unit: '' })
    out.begin('quantiles', NOW_MS, 0, false)
    out.summary(3, 1.5, [0.5, 0.99], [0.25, 1])
    out.label('a', 'b')
    out.end()
    out.resource([['service.name', 'b']])
    out.metric({ name: 'g', type: 'gaugehistogram', help: '', unit: '' })
    out.begin('classic', NOW_MS, 0, false)
    out.classic([], [2], undefined)
    out.end()
    out.begin('classic', NOW_MS + 1, 0, false)
    out.classic([1], [0, 0], undefined)
    out.end()
  })
  expect(rows).toMatchObject([
    {
      ServiceName: 'a',
      MetricName: 'h',
      Count: 4n,
      Sum: 2.5,
      BucketCounts: [1n, 2n, 1n],
      ExplicitBounds: [0.5, 1],
      AggregationTemporality: 2,
    },
    { ServiceName: 'b', MetricName: 'g', Count: 2n, BucketCounts: [2n], AggregationTemporality: 0 },
    { ServiceName: 'b', MetricName: 'g', Count: 0n, BucketCounts: [0n, 0n], TimeUnix: at(NOW_MS + 1) },
    {
      ServiceName: 'a',
      MetricName: 'h',
      Count: 6n,
      Sum: 7,
      Scale: -4,
      ZeroCount: 1n,
      PositiveOffset: -3,
      PositiveBucketCounts: [2n, 0n, 1n],
      NegativeOffset: 5,
      NegativeBucketCounts: [2n],
    },
    {
      ServiceName: 'a',
      MetricName: 's',
      Count: 3n,
      Sum: 1.5,
      'ValueAtQuantiles.Quantile': [0.5, 0.99],
      'ValueAtQuantiles.Value': [0.25, 1],
      Attributes: { a: 'b' },
    },
  ])
})

it('writes labels from bytes as from strings, short and long ones', () => {
  const label = fc.tuple(
    fc.string({ unit: 'grapheme', minLength: 1, maxLength: 100 }),
    fc.string({ unit: 'grapheme', maxLength: 1000 }),
  )
  fc.assert(
    fc.property(fc.uniqueArray(label, { selector: ([name]) => name, maxLength: 8 }), labels => {
      const pieces = labels.flat().map(text => Buffer.from(text))
      const source = new Uint8Array(Buffer.concat(pieces))
      const rows = written(out => {
        out.begin('number', NOW_MS, 0, false)
        for (const [name, value] of labels) out.label(name, value)
        out.end()
        out.begin('number', NOW_MS, 0, false)
        let start = 0
        for (let index = 0; index < pieces.length; index += 2) {
          const middle = start + pieces[index]!.length
          const end = middle + pieces[index + 1]!.length
          out.labelBytes(source, start, middle, middle, end)
          start = end
        }
        out.end()
      })
      const text = labels.map(pair => pair.map(part => Buffer.from(part).toString()))
      expect(rows.map(row => row['Attributes'])).toEqual([Object.fromEntries(text), Object.fromEntries(text)])
    }),
  )
})

it('rounds buckets to integers that add up to the count, each off by less than one', () => {
  const counts = fc.array(fc.double({ min: 0, max: 1e6, noNaN: true }), { minLength: 1, maxLength: 20 })
  fc.assert(
    fc.property(counts, buckets => {
      let total = 0
      const cumulative = buckets.map(bucket => (total += bucket))
      const bounds = buckets.slice(1).map((_, index) => index)
      expect(classicProblem(bounds, cumulative)).toBeUndefined()
      const [row] = written(out => {
        out.begin('classic', NOW_MS, 0, false)
        out.classic(bounds, cumulative, 0)
        out.end()
      })
      const whole = row?.['BucketCounts'] as bigint[]
      expect(whole.reduce((sum, bucket) => sum + bucket)).toBe(row?.['Count'])
      expect(row?.['Count']).toBe(BigInt(Math.round(total)))
      const off = whole.map((bucket, index) => Math.abs(Number(bucket) - buckets[index]!))
      expect(Math.max(...off)).toBeLessThan(1 + 1e-6)
    }),
  )
})

it.each([
  { bounds: [1], cumulative: [1], problem: 'the buckets do not fit their bounds' },
  { bounds: [1, 1], cumulative: [1, 1, 1], problem: 'the bounds are not in ascending order' },
  { bounds: [Number.NaN], cumulative: [1, 1], problem: 'the bounds are not in ascending order' },
  {
    bounds: [Number.POSITIVE_INFINITY],
    cumulative: [1, 1],
    problem: 'the bounds are not in ascending order',
  },
  { bounds: [1], cumulative: [2, 1], problem: 'the cumulative counts decrease' },
  { bounds: [1], cumulative: [Number.NaN, 1], problem: 'the cumulative counts decrease' },
  { bounds: [1], cumulative: [-1, 1], problem: 'the cumulative counts decrease' },
  { bounds: [1], cumulative: [1, 1e16], problem: 'the count exceeds 2^53' },
])('detects that $problem', ({ bounds, cumulative, problem }) => {
  expect(classicProblem(bounds, cumulative)).toBe(problem)
})

it('gives the nanoseconds of any millisecond', () => {
  const words = { low: 0, high: 0 }
  const nano = (ms: number): bigint => {
    nanoParts(ms, words)
    return (BigInt(words.high) << 32n) | BigInt(words.low)
  }
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 18_446_744_073_708 }), ms => {
      expect(nano(ms)).toBe(BigInt(ms) * 1_000_000n)
    }),
  )
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 4_000_000_000_000 }),
      fc.integer({ min: 0, max: 999 }),
      (ms, us) => {
        const said = nano(ms + us / 1000) - (BigInt(ms) * 1_000_000n + BigInt(us) * 1000n)
        // A double of this size is exact to half a microsecond.
        expect(Number(said < 0n ? -said : said)).toBeLessThanOrEqual(500)
      },
    ),
  )
  for (const none of [Number.NaN, -1, 0, Number.POSITIVE_INFINITY, 2e13]) expect(nano(none)).toBe(0n)
})
