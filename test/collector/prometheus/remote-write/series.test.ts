// Guarantees: what an independent encoder sends as remote write, 1.0 and 2.0, is in the rows, value by value; what
// cannot be stored is rejected individually, counted by its reason, and affects nothing else.

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { FamilyMemory } from '../../../../collector/prometheus/remote-write/families.ts'
import {
  encodeRaw2,
  encodeWrite1,
  encodeWrite2,
  type SentSeries,
  withStale,
} from '../../../support/remote-write.ts'
import { runs } from '../../../support/runs.ts'
import { encoders, NOW_MS, stored, storedSeries, at as unixNano } from './support.ts'

const VERSIONS = [1, 2] as const
const ids = { trace_id: '5b8efff798038103d269b633813fc60c', span_id: 'eee19b7ec3c1b174' }

const one = (name: string, labels: Record<string, string> = {}): SentSeries => ({
  labels: Object.entries({ __name__: name, ...labels }),
  samples: [{ value: 1, timestamp: NOW_MS }],
})

/** A table of the types that series of single values have by name and type. */
const KINDS: readonly (readonly [name: string, type: number, table: 'sum' | 'gauge'])[] = [
  ['requests_total', 0, 'sum'],
  ['latency_bucket', 0, 'sum'],
  ['latency_sum', 0, 'sum'],
  ['latency_count', 0, 'sum'],
  ['temperature', 0, 'gauge'],
  ['requests', 1, 'sum'],
  ['in_total', 2, 'gauge'],
  ['latency_bucket', 3, 'sum'],
  ['size_bucket', 4, 'gauge'],
  ['size_gcount', 4, 'gauge'],
  ['rpc', 5, 'gauge'],
  ['rpc_sum', 5, 'sum'],
  ['build_info', 6, 'gauge'],
  ['state', 7, 'gauge'],
  ['new_total', 99, 'sum'],
]

const isSum = (row: Readonly<Record<string, unknown>> | undefined): boolean =>
  row?.['IsMonotonic'] === true && row['AggregationTemporality'] === 2

describe.each(VERSIONS)('version %i', version => {
  it('translates a large request in steps, so that other requests are served in between', () => {
    const path = 'x'.repeat(2_000)
    const series = Array.from({ length: 2_500 }, (_, n) => one('requests_total', { path: `${path}${n}` }))
    const { rows, steps } = storedSeries(version, ...series)
    expect(steps).toBeGreaterThanOrEqual(5)
    expect(rows.length).toBe(series.length)
    expect(storedSeries(version, ...series.slice(0, 100)).steps).toBe(1)
  })

  it('reads what is next to the series in steps too', () => {
    const beside = Array.from({ length: 300_000 }, (_, n) => (n === 0 ? '' : `symbol-${n}`))
    const families = beside.map(name => ({ type: 1, metric_family_name: name, help: '', unit: '' }))
    const body = version === 1 ? encodeWrite1([], families) : encodeRaw2(beside, [])
    expect(body.length).toBeGreaterThan(3 * 1024 * 1024)
    expect(stored(version, body).steps).toBeGreaterThanOrEqual(4)
  })

  it('puts job and instance on the resource and the other labels on the point', () => {
    const series: SentSeries = {
      labels: [
        ['__name__', 'up'],
        ['a', 'é'],
        ['empty', ''],
        ['instance', 'host:9100'],
        ['job', 'ns/node'],
      ],
      samples: [
        { value: 0.1, timestamp: NOW_MS },
        { value: Number.NEGATIVE_INFINITY, timestamp: NOW_MS + 1 },
      ],
    }
    const { rows, tally } = storedSeries(version, series)
    const common = {
      ServiceName: 'ns/node',
      ResourceAttributes: { 'service.name': 'ns/node', 'service.instance.id': 'host:9100' },
      ScopeName: '',
      MetricName: 'up',
      Attributes: { a: 'é' },
      StartTimeUnix: 0n,
      Flags: 0,
    }
    expect(rows).toMatchObject([
      { ...common, TimeUnix: unixNano(NOW_MS), Value: 0.1 },
      { ...common, TimeUnix: unixNano(NOW_MS + 1), Value: Number.NEGATIVE_INFINITY },
    ])
    expect(tally).toMatchObject({ samples: 2, histograms: 0, exemplars: 0, rejected: 0 })
  })

  it('stores the same for data that arrives together or separately', () => {
    // Neighbours share a resource, a name or neither; a job may also be missing.
    const series = [
      one('a', { job: 'x' }),
      one('a', { job: 'x', z: '1' }),
      one('b', { job: 'x' }),
      one('b'),
      one('b', { instance: 'i' }),
      one('b', { job: 'i' }),
      one('a', { job: 'x' }),
    ]
    const apart = series.flatMap(each => storedSeries(version, each).rows)
    const key = (row: object): string =>
      JSON.stringify(row, (_, value) => (typeof value === 'bigint' ? String(value) : value))
    expect(storedSeries(version, ...series).rows.map(key)).toEqual(apart.map(key))
  })

  it('distinguishes the stale marker from any other NaN', () => {
    const series = [
      { ...one('a'), samples: [{ value: 123.5, timestamp: NOW_MS }] },
      { ...one('b'), samples: [{ value: Number.NaN, timestamp: NOW_MS }] },
    ]
    const { rows, tally } = stored(version, withStale(encoders[version](series), 123.5))
    expect(rows.map(row => [row['MetricName'], row['Value'], row['Flags']])).toEqual([
      ['a', 0, 1],
      ['b', Number.NaN, 0],
    ])
    expect(tally.samples).toBe(2)
  })

  it('keeps exemplars at the first sample of their series, and others in rows without a value', () => {
    const exemplar = (ms: number, labels: Record<string, string>) => ({
      labels: Object.entries(labels),
      value: 0.25,
      timestamp: ms,
    })
    const { rows, tally } = storedSeries(
      version,
      {
        ...one('a_bucket'),
        exemplars: [exemplar(NOW_MS - 5, { ...ids, user: 'u' }), exemplar(NOW_MS - 4, {})],
      },
      { ...one('b_bucket'), samples: [], exemplars: [exemplar(NOW_MS - 3, { trace_id: 'not hex' })] },
    )
    expect(rows).toMatchObject([
      {
        MetricName: 'a_bucket',
        Value: 1,
        Flags: 0,
        'Exemplars.TraceId': [ids.trace_id, ''],
        'Exemplars.SpanId': [ids.span_id, ''],
        'Exemplars.Value': [0.25, 0.25],
        'Exemplars.TimeUnix': [unixNano(NOW_MS - 5), unixNano(NOW_MS - 4)],
        'Exemplars.FilteredAttributes': [{ user: 'u' }, {}],
      },
      {
        MetricName: 'b_bucket',
        Value: 0,
        Flags: 1,
        TimeUnix: unixNano(NOW_MS - 3),
        'Exemplars.TraceId': [''],
        'Exemplars.FilteredAttributes': [{ trace_id: 'not hex' }],
      },
    ])
    expect(tally).toMatchObject({ samples: 1, exemplars: 3, rejected: 0 })
  })

  it('accepts unsorted labels, and stores them sorted', () => {
    const { rows } = storedSeries(version, {
      ...one(''),
      labels: [
        ['z', '1'],
        ['job', 'j'],
        ['b', '2'],
        ['__name__', 'm'],
        ['ab', '3'],
      ],
    })
    expect(rows).toMatchObject([{ MetricName: 'm', ServiceName: 'j' }])
    expect(Object.entries(rows[0]?.['Attributes'] ?? {})).toEqual([
      ['ab', '3'],
      ['b', '2'],
      ['z', '1'],
    ])
  })

  it.each([
    { reason: 'metric_name_missing', labels: [['a', 'b']] },
    { reason: 'metric_name_missing', labels: [['__name__', '']] },
    {
      reason: 'label_name_empty',
      labels: [
        ['', 'x'],
        ['__name__', 'm'],
      ],
    },
    {
      reason: 'label_name_twice',
      labels: [
        ['__name__', 'm'],
        ['a', '1'],
        ['a', '1'],
      ],
    },
    {
      reason: 'label_name_twice',
      labels: [
        ['a', '1'],
        ['__name__', 'm'],
        ['a', '2'],
      ],
    },
    {
      reason: 'label_too_long',
      labels: [
        ['__name__', 'm'],
        ['a', 'x'.repeat(4097)],
      ],
    },
    {
      reason: 'label_too_long',
      labels: [
        ['__name__', 'm'],
        ['x'.repeat(4097), 'a'],
      ],
    },
    {
      reason: 'labels_too_many',
      labels: [['__name__', 'm'], ...Array.from({ length: 129 }, (_, at) => [`l${at}`, 'x'])],
    },
    {
      reason: 'labels_too_many',
      labels: [['__name__', 'm'], ...Array.from({ length: 200 }, (_, at) => [`l${at}`, 'x'])],
    },
  ] as { reason: string; labels: [string, string][] }[])(
    'refuses a series by itself: $reason',
    ({ reason, labels }) => {
      const bad: SentSeries = {
        labels,
        samples: [
          { value: 1, timestamp: NOW_MS },
          { value: 2, timestamp: NOW_MS },
        ],
        exemplars: [{ labels: [], value: 1, timestamp: NOW_MS }],
      }
      const { rows, tally } = storedSeries(version, one('before'), bad, one('after'))
      expect(rows.map(row => row['MetricName'])).toEqual(['before', 'after'])
      expect(tally).toMatchObject({ samples: 2, exemplars: 0, rejected: 3 })
      expect([...tally.reasons]).toEqual([[reason, 3]])
      expect(tally.example).toContain(reason)
    },
  )

  it('accepts as many labels as an item may have attributes, beside name, job and instance', () => {
    const labels = Object.fromEntries(Array.from({ length: 128 }, (_, at) => [`l${at}`, 'x'.repeat(4096)]))
    const { rows, tally } = storedSeries(version, one('m', { ...labels, job: 'j', instance: 'i' }))
    expect(Object.keys(rows[0]?.['Attributes'] ?? {})).toHaveLength(128)
    expect(tally.rejected).toBe(0)
  })

  it('refuses labels that are not UTF-8', () => {
    const body = encoders[version]([one('m', { a: 'PLACE' }), one('n')])
    body.write('\xff\xfe', body.indexOf('PLACE'), 'latin1')
    const { rows, tally } = stored(version, body)
    expect(rows.map(row => row['MetricName'])).toEqual(['n'])
    expect([...tally.reasons]).toEqual([['label_not_utf8', 1]])
  })

  it('rejects individually samples and exemplars with an invalid or distant time', () => {
    const hour = 3_600_000
    const times = [0, -5, NOW_MS - 366 * 24 * hour, NOW_MS, NOW_MS + hour, NOW_MS + hour + 1, 2 ** 62]
    const { rows, tally } = storedSeries(version, {
      ...one('m'),
      samples: times.map(timestamp => ({ value: 1, timestamp })),
      exemplars: times.map(timestamp => ({ labels: [], value: 1, timestamp })),
    })
    expect(rows.map(row => row['TimeUnix'])).toEqual([unixNano(NOW_MS), unixNano(NOW_MS + hour)])
    expect(rows[0]?.['Exemplars.TimeUnix']).toEqual([unixNano(NOW_MS), unixNano(NOW_MS + hour)])
    expect(tally).toMatchObject({ samples: 2, exemplars: 2, rejected: 10 })
    expect(Object.fromEntries(tally.reasons)).toEqual({ time_in_past: 6, time_in_future: 4 })
  })

  it('refuses a series with samples and histograms', () => {
    const histogram = { count_int: 0, sum: 0, schema: 0, timestamp: NOW_MS }
    const { rows, tally } = storedSeries(version, { ...one('m'), histograms: [histogram] })
    expect(rows).toEqual([])
    expect([...tally.reasons]).toEqual([['samples_and_histograms', 2]])
  })

  it('accepts an empty series, and a request without series', () => {
    expect(storedSeries(version, { labels: [] }, { labels: [['__name__', 'm']] })).toMatchObject({
      rows: [],
      tally: { rejected: 0 },
    })
    expect(storedSeries(version)).toMatchObject({ rows: [], tally: { rejected: 0 } })
    expect(stored(version, Buffer.alloc(0)).rows).toEqual([])
  })

  it('stores what was sent, for any input', () => {
    const text = fc.string({ unit: 'grapheme', maxLength: 12 })
    const name = fc.stringMatching(/^[a-z_:][a-z0-9_:]{0,12}$/)
    const labels = fc.dictionary(fc.stringMatching(/^[a-z_.][a-z0-9_é.]{0,9}$/u), text, { maxKeys: 6 })
    const sample = fc.record({
      value: fc.double(),
      timestamp: fc.integer({ min: NOW_MS - 1_000_000_000, max: NOW_MS + 3_600_000 }),
    })
    const sent = fc.record({
      name,
      job: fc.constantFrom('', 'a', 'b'),
      instance: fc.constantFrom('', 'i'),
      labels,
      samples: fc.array(sample, { minLength: 1, maxLength: 3 }),
    })
    fc.assert(
      fc.property(fc.array(sent, { maxLength: 12 }), list => {
        const series = list.map(each => ({
          labels: Object.entries({
            ...each.labels,
            __name__: each.name,
            job: each.job,
            instance: each.instance,
          }).toSorted(([a], [b]) => Buffer.compare(Buffer.from(a), Buffer.from(b))),
          samples: each.samples,
        }))
        const expected = list.flatMap(each =>
          each.samples.map(({ value, timestamp }) => {
            const { job: _job, instance: _instance, __name__: _name, ...own } = each.labels
            return {
              MetricName: each.name,
              ServiceName: each.job,
              InstanceId: each.instance,
              Attributes: Object.fromEntries(Object.entries(own).filter(([, text]) => text !== '')),
              TimeUnix: unixNano(timestamp),
              Value: value,
              isSum: /_(total|bucket|sum|count)$/.test(each.name),
            }
          }),
        )
        const { rows, tally } = storedSeries(version, ...series)
        const actual = rows.map(row => ({
          MetricName: row['MetricName'],
          ServiceName: row['ServiceName'],
          InstanceId: (row['ResourceAttributes'] as Record<string, string>)['service.instance.id'] ?? '',
          Attributes: row['Attributes'],
          TimeUnix: row['TimeUnix'],
          Value: row['Value'],
          isSum: isSum(row),
        }))
        // Gauges and sums lie in different tables.
        const byTable = [...expected.filter(row => !row.isSum), ...expected.filter(row => row.isSum)]
        expect(actual).toEqual(byTable)
        expect(tally).toMatchObject({ samples: expected.length, rejected: 0 })
      }),
    )
  })

  it('throws only its own error and leaves no partial point, for any bytes', () => {
    const body = encoders[version]([one('m', { job: 'j', a: 'b' }), one('n_total')])
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat(body.length - 1), fc.nat(255)), { minLength: 1, maxLength: 4 }),
        changes => {
          const mutated = Buffer.from(body)
          for (const [place, byte] of changes) mutated[place] = byte
          try {
            const { rows, tally } = stored(version, mutated)
            expect(rows.length).toBe(tally.samples + tally.histograms)
          } catch (error) {
            expect(error).toMatchObject({ code: 'body_undecodable' })
          }
        },
      ),
      { numRuns: runs(250) },
    )
  })
})

it.each(KINDS)('2.0: %s of type %i is a %s', (name, type, table) => {
  const metadata = { type, help: 'What it is.', unit: 'By' }
  const { rows } = storedSeries(2, { ...one(name), metadata })
  expect(rows).toMatchObject([{ MetricName: name, MetricDescription: 'What it is.', MetricUnit: 'By' }])
  expect(isSum(rows[0])).toBe(table === 'sum')
})

it('2.0: keeps the start of a counter', () => {
  const samples = [{ value: 5, timestamp: NOW_MS, start_timestamp: NOW_MS - 60_000 }]
  const { rows } = storedSeries(2, { ...one('a_total'), samples })
  expect(rows).toMatchObject([{ StartTimeUnix: unixNano(NOW_MS - 60_000) }])
})

it('2.0: distinguishes metrics of one name with different types or texts', () => {
  const metadata = (type: number, help: string) => ({ type, help, unit: '' })
  const { rows } = storedSeries(
    2,
    { ...one('m'), metadata: metadata(1, 'one') },
    { ...one('m'), metadata: metadata(2, 'one') },
    { ...one('m'), metadata: metadata(2, 'two') },
    one('m'),
  )
  // Gauges come first.
  expect(rows.map(row => [isSum(row), row['MetricDescription']])).toEqual([
    [false, 'one'],
    [false, 'two'],
    [false, ''],
    [true, 'one'],
  ])
})

it.each([
  { reason: 'symbol_unknown', series: { labels_refs: [1, 9] } },
  { reason: 'symbol_unknown', series: { labels_refs: [9, 1] } },
  { reason: 'symbol_unknown', series: { labels_refs: [1, 2], metadata: { help_ref: 9 } } },
  { reason: 'symbol_unknown', series: { labels_refs: [1, 2], metadata: { unit_ref: 4_294_967_295 } } },
  { reason: 'label_refs_odd', series: { labels_refs: [1, 2, 3] } },
  { reason: 'metric_name_missing', series: { labels_refs: [] } },
])('2.0: rejects a single series: $reason', ({ reason, series }) => {
  const samples = [{ value: 1, timestamp: NOW_MS }]
  const good = { labels_refs: [1, 2], samples }
  const { rows, tally } = stored(
    2,
    encodeRaw2(['', '__name__', 'm', 'a'], [good, { ...series, samples }, good]),
  )
  expect(rows).toHaveLength(2)
  expect([...tally.reasons]).toEqual([[reason, 1]])
})

it('2.0: rejects an exemplar with unknown symbols, and keeps its sample', () => {
  const series = {
    labels_refs: [1, 2],
    samples: [{ value: 1, timestamp: NOW_MS }],
    exemplars: [
      { labels_refs: [7, 7], value: 1, timestamp: NOW_MS },
      { labels_refs: [2, 1], value: 2, timestamp: NOW_MS },
    ],
  }
  const { rows, tally } = stored(2, encodeRaw2(['', '__name__', 'm'], [series]))
  expect(rows).toMatchObject([{ Value: 1, 'Exemplars.Value': [2] }])
  expect(tally).toMatchObject({ samples: 1, exemplars: 1, rejected: 1 })
})

it('2.0: refuses a request whose first symbol is not empty', () => {
  expect(() => stored(2, encodeRaw2(['__name__', 'm'], []))).toThrow('the first symbol is not empty')
})

it('2.0: accepts symbols after the series, and references one by one', () => {
  const series = encodeRaw2([], [{ labels_refs: [1, 2], samples: [{ value: 1, timestamp: NOW_MS }] }])
  // labels_refs comes packed: 0a 02 01 02 becomes 08 01 08 02, of the same length.
  const packed = series.indexOf(Buffer.from([0x0a, 2, 1, 2]))
  series.set([0x08, 1, 0x08, 2], packed)
  const symbols = encodeRaw2(['', '__name__', 'm'], [])
  expect(stored(2, Buffer.concat([series, symbols])).rows).toMatchObject([{ MetricName: 'm' }])
})

it('1.0: identifies a metric by the metadata its sender gave for its family, in this request or before', () => {
  const families = new FamilyMemory()
  const metadata = [
    { type: 1, metric_family_name: 'clicks', help: 'Clicks.', unit: '' },
    { type: 5, metric_family_name: 'rpc', help: 'Calls.', unit: 'seconds' },
    { type: 2, metric_family_name: 'jobs_total', help: 'Jobs now.', unit: '' },
  ]
  const series = ['clicks', 'rpc', 'rpc_sum', 'jobs_total', 'other_total'].map(name => one(name))
  const told = (rows: readonly Readonly<Record<string, unknown>>[]) =>
    Object.fromEntries(
      rows.map(row => [row['MetricName'], [isSum(row), row['MetricDescription'], row['MetricUnit']]]),
    )
  const expected = {
    clicks: [true, 'Clicks.', ''],
    rpc: [false, 'Calls.', 'seconds'],
    rpc_sum: [true, 'Calls.', 'seconds'],
    jobs_total: [false, 'Jobs now.', ''],
    other_total: [true, '', ''],
  }
  expect(told(stored(1, encodeWrite1(series)).rows)).toMatchObject({ clicks: [false, '', ''] })
  expect(told(stored(1, encodeWrite1(series, metadata), families).rows)).toEqual(expected)
  expect(told(stored(1, encodeWrite1(series), families).rows)).toEqual(expected)
})

it('refuses a body of the other version', () => {
  const series = [one('m')]
  expect(() => stored(1, encodeWrite2(series))).toThrow(/it is a message of 2\.0/)
  expect(() => stored(2, encodeWrite1(series))).toThrow(/it is a message of 1\.0/)
})
