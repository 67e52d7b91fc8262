/**
 * Guarantees: stored gauges, sums, histograms and summaries are series of PromQL, by the names and labels that Prometheus
 * gives them, with the values that were stored; a series ends at its stale marker, and a point that was stored twice counts
 * once.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  metricExpHistograms,
  metricHistograms,
  metricPoints,
  metricSummaries,
} from '../../../core/model/streams/index.ts'
import { unixSeconds } from '../support/rows.ts'
import { type Api, openApi } from './support/api.ts'
import { nanoS, OF_POINT, pointRow, seriesRows, staleValue } from './support/points.ts'

const AT = unixSeconds('2026-11-20T12:00:00Z')
const OTLP = '{"service.name":"shop","service.namespace":"eu","service.instance.id":"i-1","host.name":"h1"}'
const identity = { instance: 'i-1', job: 'eu/shop' }
let api: Api

const counter = { Kind: 1, Meta: '{"description":"Requests.","unit":"","temporality":2,"monotonic":true}' }
const otlpMeta = (unit: string, rest: object = {}): string =>
  JSON.stringify({ description: 'd', unit, ...rest, scope: 'meter' })

beforeAll(async () => {
  api = await openApi({ nowMs: (AT + 3_600) * 1000 })
  const values = Array.from({ length: 240 }, (_, index) => index * 30)
  await api.store.insert(metricPoints, [
    ...['200', '500'].flatMap(code =>
      seriesRows(
        { startS: AT, stepS: 15, values: values.map(value => (code === '500' ? value / 4 : value)) },
        { ...counter, MetricName: 'http_requests_total', Labels: `{"code":"${code}","path":"/é"}` },
      ),
    ),
    ...seriesRows({ startS: AT, stepS: 15, values: [1, 2, 3] }, { MetricName: 'ended' }),
    pointRow({ MetricName: 'ended', Value: staleValue, TimeUnix: nanoS(AT + 45), Flags: 1 }),
    ...[5, 6].map(Value => pointRow({ MetricName: 'twice', Value, TimeUnix: nanoS(AT + 60) })),
    ...[
      ['a', 1],
      ['b', 2],
    ].map(([pid, Value]) =>
      pointRow({
        MetricName: 'moved',
        Value: Number(Value),
        TimeUnix: nanoS(AT + 10 * Number(Value)),
        Resource: `{"service.name":"web","service.instance.id":"a:1","process.pid":"${pid}"}`,
      }),
    ),
    ...seriesRows(
      { startS: AT, stepS: 60, values: [1, 2, 4] },
      {
        MetricName: 'http.server.active_requests',
        ServiceName: 'shop',
        Resource: OTLP,
        Labels: '{"http.route":"/cart","1st":"x"}',
        Meta: otlpMeta('By/s'),
      },
    ),
    ...seriesRows(
      { startS: AT, stepS: 60, values: [1, 2, 4] },
      { MetricName: 'jobs.done', Kind: 2, Meta: otlpMeta('{job}', { temporality: 1, monotonic: true }) },
    ),
  ])
  const histogram = { ...OF_POINT, MetricName: 'rpc.duration', ServiceName: 'shop', Resource: OTLP }
  await api.store.insert(metricHistograms, [
    {
      ...histogram,
      Kind: 1,
      Meta: otlpMeta('ms', { temporality: 2 }),
      TimeUnix: nanoS(AT),
      Count: 7n,
      Sum: 12.5,
      BucketCounts: [1n, 4n, 2n],
      ExplicitBounds: [0.5, 1e-7 + 2],
      Min: 0,
      Max: 0,
      IsFloat: false,
      FloatCount: 0,
      FloatBucketCounts: [],
      ResetHint: 0,
    },
  ])
  await api.store.insert(metricExpHistograms, [
    {
      ...histogram,
      MetricName: 'rpc.size',
      Kind: 1,
      Meta: otlpMeta('By', { temporality: 2 }),
      TimeUnix: nanoS(AT),
      Count: 6n,
      Sum: 20,
      Scale: 0,
      ZeroCount: 1n,
      ZeroThreshold: 0,
      PositiveOffset: 0,
      PositiveBucketCounts: [2n, 0n, 3n],
      NegativeOffset: 0,
      NegativeBucketCounts: [],
      Min: 0,
      Max: 0,
      IsFloat: false,
      FloatCount: 0,
      FloatZeroCount: 0,
      FloatPositiveBucketCounts: [],
      FloatNegativeBucketCounts: [],
      ResetHint: 0,
    },
  ])
  const { Exemplars: _, ...summary } = histogram
  await api.store.insert(metricSummaries, [
    {
      ...summary,
      MetricName: 'gc',
      Kind: 1,
      Meta: otlpMeta('s'),
      TimeUnix: nanoS(AT),
      Count: 3n,
      Sum: 9,
      Quantiles: [0.5, 0.99],
      QuantileValues: [2, 5],
    },
  ])
})
afterAll(() => api.close())

const pairs = async (query: string, time: number, label: string): Promise<unknown[]> =>
  (await api.vector(query, time)).map(({ metric, value }) => [metric[label], value]).toSorted()

describe('gauges and sums', () => {
  it('have the labels of Prometheus', async () => {
    expect(await api.vector('http_requests_total{code="200"}', AT + 30)).toEqual([
      {
        metric: { __name__: 'http_requests_total', code: '200', instance: 'a:1', job: 'web', path: '/é' },
        value: 60,
      },
    ])
  })

  it('are evaluated', async () => {
    const [rate] = await api.vector('sum by (job) (rate(http_requests_total[5m]))', AT + 1_800)
    expect(rate?.metric).toEqual({ job: 'web' })
    expect(rate?.value).toBeCloseTo(2.5, 12)
    const range = await api.post('/prometheus/api/v1/query_range', {
      query: 'http_requests_total{code=~"2..",job="web"}',
      start: String(AT),
      end: String(AT + 120),
      step: '1m',
    })
    expect(range.body.data).toEqual({
      resultType: 'matrix',
      result: [
        {
          metric: { __name__: 'http_requests_total', code: '200', instance: 'a:1', job: 'web', path: '/é' },
          values: [
            [AT, '0'],
            [AT + 60, '120'],
            [AT + 120, '240'],
          ],
        },
      ],
    })
  })

  it('end at their stale marker', async () => {
    expect(await pairs('ended', AT + 44, 'job')).toEqual([['web', 3]])
    expect(await api.vector('ended', AT + 45)).toEqual([])
    expect(await pairs('count_over_time(ended[5m])', AT + 60, 'job')).toEqual([['web', 3]])
  })

  it('count a point once, and are one series where only their resource differs', async () => {
    expect(await pairs('count_over_time(twice[5m])', AT + 60, 'job')).toEqual([['web', 1]])
    expect(await pairs('twice', AT + 60, 'job')).toEqual([['web', 6]])
    expect(await pairs('count_over_time(moved[5m])', AT + 60, 'job')).toEqual([['web', 2]])
    expect(await pairs('moved', AT + 60, 'job')).toEqual([['web', 2]])
  })
})

describe('OpenTelemetry', () => {
  it('has names as Prometheus translates them, and as they were sent', async () => {
    const name = 'http_server_active_requests_bytes_per_second'
    expect(await api.vector(name, AT + 60)).toEqual([
      { metric: { __name__: name, http_route: '/cart', key_1st: 'x', ...identity }, value: 2 },
    ])
    expect(await api.vector('{"http.server.active_requests","http.route"="/cart"}', AT + 60)).toEqual([
      {
        metric: { __name__: 'http.server.active_requests', 'http.route': '/cart', '1st': 'x', ...identity },
        value: 2,
      },
    ])
  })

  it('shows deltas as sums', async () => {
    expect(await pairs('jobs_done_total', AT + 120, 'job')).toEqual([['web', 7]])
  })

  it('describes resources', async () => {
    expect(await api.vector('target_info{job="eu/shop"}', AT + 60)).toEqual([
      { metric: { __name__: 'target_info', host_name: 'h1', ...identity }, value: 1 },
    ])
  })
})

describe('histograms and summaries', () => {
  it('are classic series', async () => {
    expect(await pairs('rpc_duration_milliseconds_bucket', AT + 5, 'le')).toEqual([
      ['+Inf', 7],
      ['0.5', 1],
      ['2.0000001', 5],
    ])
    expect(await pairs('rpc_duration_milliseconds_count', AT + 5, 'job')).toEqual([['eu/shop', 7]])
    expect(await pairs('rpc_duration_milliseconds_sum', AT + 5, 'job')).toEqual([['eu/shop', 12.5]])
    expect(await pairs('gc_seconds', AT + 5, 'quantile')).toEqual([
      ['0.5', 2],
      ['0.99', 5],
    ])
  })

  it('are native histograms', async () => {
    expect(await pairs('histogram_count(rpc_duration_milliseconds)', AT + 5, 'job')).toEqual([['eu/shop', 7]])
    const { body } = await api.get(`/api/v1/query?query=rpc_size_bytes&time=${AT + 5}`)
    expect(body.data).toEqual({
      resultType: 'vector',
      result: [
        {
          metric: { __name__: 'rpc_size_bytes', ...identity },
          histogram: [
            AT + 5,
            {
              count: '6',
              sum: '20',
              buckets: [
                [3, '-0', '0', '1'],
                [0, '1', '2', '2'],
                [0, '4', '8', '3'],
              ],
            },
          ],
        },
      ],
    })
  })
})

it('lists names, labels, values and metadata', async () => {
  const names = await api.get('/api/v1/label/__name__/values')
  expect(names.body.data).toEqual([
    'ended',
    'gc_seconds',
    'gc_seconds_count',
    'gc_seconds_sum',
    'http_requests_total',
    'http_server_active_requests_bytes_per_second',
    'jobs_done_total',
    'moved',
    'rpc_duration_milliseconds',
    'rpc_duration_milliseconds_bucket',
    'rpc_duration_milliseconds_count',
    'rpc_duration_milliseconds_sum',
    'rpc_size_bytes',
    'twice',
  ])
  const codes = await api.get('/api/v1/label/code/values?match[]=http_requests_total&limit=1')
  expect([codes.body.data, codes.body.warnings]).toEqual([['200'], ['results truncated due to limit']])
  const labels = await api.get('/api/v1/labels?match[]=rpc_duration_milliseconds_bucket')
  expect(labels.body.data).toEqual(['__name__', 'instance', 'job', 'le'])
  const { body } = await api.get('/api/v1/metadata?metric=http_requests_total')
  expect(body.data).toEqual({ http_requests_total: [{ type: 'counter', help: 'Requests.', unit: '' }] })
})
