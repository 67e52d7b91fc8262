/**
 * Guarantees: answers have the envelope, the statuses and the words of Prometheus' HTTP API; parameters are read from the
 * address and from a form; what is wrong in them is 400 with its name; lists that are cut say so; limits hold.
 */
import { gunzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ledger, metricPoints } from '../../../core/model/streams/index.ts'
import { unescapedName } from '../../../query/prometheus/http/questions.ts'
import { exponentText } from '../../../query/prometheus/rules/routes.ts'
import { ledgerRow, unixSeconds } from '../support/rows.ts'
import { type Api, openApi } from './support/api.ts'
import { seriesRows } from './support/points.ts'

const AT = unixSeconds('2026-11-20T12:00:00Z')
let api: Api

const rule = { alert: 'Hot', sql: "SELECT 1 AS value, 'a' AS host", above: 0, labels: { severity: 'page' } }
beforeAll(async () => {
  api = await openApi({
    nowMs: (AT + 600) * 1000,
    config: {
      limits: { promql: { samples: 2_000, samples_read: 3_000, result_points: 1_500 } },
      alerts: { groups: [{ name: 'g', rules: [rule] }] },
    },
  })
  await api.store.insert(metricPoints, [
    ...['a', 'b'].flatMap(pod =>
      seriesRows(
        { startS: AT, stepS: 1, values: Array.from({ length: 600 }, (_, at) => at) },
        { MetricName: 'm', Labels: `{"pod":"${pod}"}` },
      ),
    ),
    ...seriesRows(
      { startS: AT, stepS: 60, values: [1e21, 1e-7, Number.NaN, Number.POSITIVE_INFINITY, -0] },
      { MetricName: 'odd', Labels: '{"q":"a\\"b\\n"}' },
    ),
    ...seriesRows(
      { startS: AT, stepS: 1, values: Array.from({ length: 4_000 }, () => 1) },
      { MetricName: 'many' },
    ),
  ])
  await api.store.insert(ledger, [ledgerRow({ EnergyUj: 5n, WindowStart: AT, EntryId: 'one' })])
})
afterAll(() => api.close())

const QUERY = '/api/v1/query'
const RANGE = '/api/v1/query_range'
const range = (query: string, step = '60'): string =>
  `${RANGE}?query=${encodeURIComponent(query)}&start=${AT}&end=${AT + 240}&step=${step}`

describe('values', () => {
  it('are texts as Go writes them', async () => {
    const { body, headers } = await api.get(range('odd'))
    expect(headers.get('content-type')).toMatch(/^application\/json/)
    expect(body).toEqual({
      status: 'success',
      data: {
        resultType: 'matrix',
        result: [
          {
            metric: { __name__: 'odd', instance: 'a:1', job: 'web', q: 'a"b\n' },
            values: [
              [AT, '1e+21'],
              [AT + 60, '1e-07'],
              [AT + 120, 'NaN'],
              [AT + 180, '+Inf'],
              [AT + 240, '-0'],
            ],
          },
        ],
      },
    })
  })

  it('are scalars and texts where the expression is', async () => {
    const at = '1700000000.123'
    expect((await api.get(`${QUERY}?query=1%2F4&time=${at}`)).body.data).toEqual({
      resultType: 'scalar',
      result: [1_700_000_000.123, '0.25'],
    })
    expect((await api.get(`${QUERY}?query=%22x%22&time=${at}`)).body.data).toEqual({
      resultType: 'string',
      result: [1_700_000_000.123, 'x'],
    })
    expect((await api.get(`${QUERY}?query=nothing`)).body.data).toEqual({ resultType: 'vector', result: [] })
  })
})

describe('parameters', () => {
  it.each([
    ['RFC 3339', '2026-11-20T12:00:02Z'],
    ['RFC 3339 with a zone and a plus that was not escaped', '2026-11-20T13:00:02+01:00'],
    ['seconds', String(AT + 2)],
    ['seconds with an exponent', `${(AT + 2) / 1e9}e9`],
  ])('take a time in %s', async (_, time) => {
    const { body } = await api.get(`${QUERY}?query=m{pod="a"}&time=${time}`)
    expect(body.data).toMatchObject({ result: [{ value: [AT + 2, '2'] }] })
  })

  it('come from a form, which goes first', async () => {
    const { body } = await api.post(`${QUERY}?query=x&time=${AT + 3}`, { query: 'm{pod="a"}' })
    expect(body.data).toMatchObject({ result: [{ value: [AT + 3, '3'] }] })
  })

  it.each([
    [`${QUERY}?query=up&time=x`, 'invalid parameter "time": cannot parse "x" to a valid timestamp'],
    [`${RANGE}?query=up&start=2&end=1&step=1`, 'invalid parameter "end"'],
    [`${RANGE}?query=up&start=1&end=2&step=0`, 'invalid parameter "step": zero or negative'],
    [`${RANGE}?query=up&start=1&end=2&step=1x`, 'invalid parameter "step": cannot parse "1x"'],
    [`${RANGE}?query=up&start=1&end=20000&step=1`, 'exceeded maximum resolution of 11,000 points'],
    [`${RANGE}?query=m[5m]&start=1&end=2&step=1`, 'invalid parameter "query": '],
    [`${QUERY}?query=up&timeout=0`, 'invalid parameter "timeout"'],
    [`${QUERY}?query=up&limit=-1`, 'invalid parameter "limit"'],
    [`${QUERY}?query=sum(`, 'invalid parameter "query": 1:5: parse error: '],
    [`${QUERY}?query=`, 'invalid parameter "query": '],
    ['/api/v1/series', 'no match[] parameter provided'],
    ['/api/v1/series?match[]={job=~".*"}', 'invalid parameter "match[]": '],
    ['/api/v1/labels?match[]=sum(up)', 'invalid parameter "match[]": '],
    ['/api/v1/format_query?query=(', 'invalid parameter "query": '],
  ])('are refused: %s', async (path, error) => {
    const { status, body } = await api.get(path)
    expect([status, body.status, body.errorType]).toEqual([400, 'error', 'bad_data'])
    expect(body.error?.startsWith(error) ? error : body.error).toBe(error)
  })

  it('undo the escaping of names', () => {
    expect(['host', 'U__http_2e_route', 'U__a__b', 'U__x_zz_'].map(unescapedName)).toEqual([
      'host',
      'http.route',
      'a_b',
      'U__x_zz_',
    ])
  })
})

describe('limits', () => {
  it.each([
    ['samples held', `${QUERY}?query=count_over_time(many[1h])&time=${AT + 2_500}`],
    ['samples read', `${QUERY}?query=count_over_time(many[2h])&time=${AT + 4_000}`],
    ['points of the answer', `${RANGE}?query=m&start=${AT}&end=${AT + 900}&step=1`],
  ])('hold for %s', async (_, path) => {
    const { status, body } = await api.get(path)
    expect([status, body.errorType]).toEqual([422, 'execution'])
  })

  it('cut lists, and say so', async () => {
    const { body } = await api.get(`${QUERY}?query=m&time=${AT}&limit=1`)
    expect(body.warnings).toEqual(['results truncated due to limit'])
    expect((body.data as { result: unknown[] }).result).toHaveLength(1)
  })
})

it('answers a gzip that says what the plain answer says', async () => {
  const plain = await api.get(range('odd'))
  const answer = await fetch(api.base + range('odd'), { headers: { 'accept-encoding': 'gzip' } })
  expect(answer.headers.get('content-encoding')).toBe('gzip')
  expect(await answer.text()).toBe(plain.text)
  expect(() => gunzipSync(Buffer.from(plain.text))).toThrow()
})

it('counts samples on demand', async () => {
  const { body } = await api.get(`${range('sum(m)')}&stats=all`)
  const { stats } = body.data as {
    stats: { samples: Record<string, unknown>; timings: Record<string, number> }
  }
  expect(stats.samples['totalQueryableSamples']).toBe(10)
  expect(stats.samples['totalQueryableSamplesPerStep']).toEqual(
    [0, 60, 120, 180, 240].map(second => [AT + second, 2]),
  )
  expect(Object.keys(stats.timings).toSorted()).toEqual([
    'evalTotalTime',
    'execQueueTime',
    'execTotalTime',
    'innerEvalTime',
    'queryPreparationTime',
    'resultSortTime',
  ])
  expect((await api.get(range('sum(m)'))).body.data as object).not.toHaveProperty('stats')
})

it('tells what kind of server it is', async () => {
  const build = await api.get('/api/v1/status/buildinfo')
  expect(build.body.data).toMatchObject({ version: expect.stringMatching(/^3\.\d+\.\d+$/) })
  for (const path of ['/-/healthy', '/-/ready', '/prometheus/-/healthy'])
    expect((await api.get(path)).status).toBe(200)
  for (const path of ['runtimeinfo', 'flags', 'config', 'tsdb'])
    expect((await api.get(`/prometheus/api/v1/status/${path}`)).body.status).toBe('success')
})

it('formats and parses expressions', async () => {
  const path = `query=${encodeURIComponent('sum  by(a) (rate( m{b="c"}[5m]))')}`
  expect((await api.get(`/api/v1/format_query?${path}`)).body.data).toBe('sum by (a) (rate(m{b="c"}[5m]))')
  expect((await api.get(`/api/v1/parse_query?${path}`)).body.data).toMatchObject({
    type: 'aggregation',
    op: 'sum',
    grouping: ['a'],
    expr: {
      type: 'call',
      func: { name: 'rate', argTypes: ['matrix'], variadic: 0, returnType: 'vector' },
      args: [{ type: 'matrixSelector', name: 'm', range: 300_000, offset: 0 }],
    },
  })
})

it('shows rules and alerts in the form of Prometheus', async () => {
  const rules = await api.get('/prometheus/api/v1/rules')
  expect(rules.body.data).toMatchObject({
    groups: [{ name: 'g', rules: [{ name: 'Hot', type: 'alerting', state: 'inactive', alerts: [] }] }],
  })
  expect((await api.get('/prometheus/api/v1/rules?type=record')).body.data).toEqual({ groups: [] })
  expect((await api.get('/prometheus/api/v1/alerts')).body.data).toEqual({ alerts: [] })
  expect([1, 1500, 0.25, -1e-12].map(exponentText)).toEqual(['1e+00', '1.5e+03', '2.5e-01', '-1e-12'])
})

it('federates the newest samples', async () => {
  const { text, headers } = await api.get('/federate?match[]={__name__=~"m|odd"}')
  expect(headers.get('content-type')).toMatch(/^text\/plain/)
  expect(text.split('\n').slice(0, 2)).toEqual([
    `m{instance="a:1",job="web",pod="a"} 599 ${(AT + 599) * 1000}`,
    `m{instance="a:1",job="web",pod="b"} 599 ${(AT + 599) * 1000}`,
  ])
})

it('describes the ledger', async () => {
  const { body } = await api.get('/api/v1/metadata?metric=wattline_power_watts')
  expect(body.data).toMatchObject({ wattline_power_watts: [{ type: 'gauge', unit: 'watts' }] })
})
