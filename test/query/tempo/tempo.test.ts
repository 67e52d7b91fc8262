/**
 * Guarantees: Tempo's API has the values of the tables in Tempo's shapes, in protobuf as Grafana asks and in JSON; searches by
 * TraceQL find what the language says; what is not supported is refused with the place and the reason; nothing of another
 * tenant is in any answer.
 */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { messageType } from '../../collector/otlp/decode/otlp-proto.ts'
import { A, AT, B, openTraceWorld, type TraceWorld } from '../traces/world.ts'

let world: TraceWorld
beforeAll(async () => {
  world = await openTraceWorld()
})
beforeEach(() => world.become('shop'))
afterAll(() => world.close())

const ask = async (path: string, accept = 'application/json') => {
  const answer = await fetch(`${world.base}/tempo/api${path}`, { headers: { accept } })
  const body = Buffer.from(await answer.arrayBuffer())
  return {
    status: answer.status,
    type: answer.headers.get('content-type'),
    body,
    text: body.toString('utf8'),
  }
}
const json = async (path: string): Promise<Record<string, unknown>> =>
  JSON.parse((await ask(path)).text) as Record<string, unknown>

it('says what it is', async () => {
  expect((await ask('/echo')).text).toBe('echo')
  expect(await json('/status/buildinfo')).toMatchObject({ version: expect.stringMatching(/^2\./) as unknown })
})

describe('a trace by id', () => {
  it('comes as protobuf, in both versions', async () => {
    const type = messageType('ExportTraceServiceRequest')
    const first = await ask(`/traces/${A}`, 'application/protobuf')
    expect([first.status, first.type]).toEqual([200, 'application/protobuf'])
    const spans = type.toObject(type.decode(first.body), { longs: String })
    expect(spans).toMatchObject({
      resource_spans: [
        { scope_spans: [{ spans: [{ name: 'GET /cart', start_time_unix_nano: String(AT) }] }] },
        { scope_spans: [{ spans: [{ name: 'SELECT' }] }] },
      ],
    })
    const second = await ask(`/v2/traces/${A}`, 'application/protobuf')
    // TraceByIDResponse{trace=1}: one field, with a length of two bytes.
    expect(second.body[0]).toBe(0x0a)
    expect(type.toObject(type.decode(second.body.subarray(3)), { longs: String })).toEqual(spans)
  })

  it('comes as JSON, with ids in base64 and enums by name', async () => {
    const id = Buffer.from(A, 'hex').toString('base64')
    const span = {
      traceId: id,
      kind: 'SPAN_KIND_SERVER',
      status: { code: 'STATUS_CODE_ERROR', message: 'broken' },
    }
    expect(await json(`/traces/${A}`)).toMatchObject({ batches: [{ scopeSpans: [{ spans: [span] }] }, {}] })
    expect(await json(`/v2/traces/${A}`)).toMatchObject({
      trace: { resourceSpans: [{ scopeSpans: [{ spans: [span] }] }, {}] },
    })
  })

  it('is 404 when there is none, and 400 when that is no id', async () => {
    expect((await ask('/traces/123')).status).toBe(404)
    expect((await ask('/v2/traces/123', 'application/protobuf')).status).toBe(404)
    expect((await ask('/traces/xyz')).status).toBe(400)
  })
})

/** Of five minutes, which one statement reads. */
const TIMES = `&start=${Number(AT / 1_000_000_000n) - 60}&end=${Number(AT / 1_000_000_000n) + 200}`
const search = async (q: string, more = TIMES): Promise<readonly Record<string, unknown>[]> =>
  (await json(`/search?q=${encodeURIComponent(q)}${more}`))['traces'] as readonly Record<string, unknown>[]

describe('a search', () => {
  it.each<readonly [string, readonly string[]]>([
    ['', [B, A]],
    ['{}', [B, A]],
    ['{ resource.service.name = "db" }', [A]],
    ['{ .service.name = "db" }', [A]],
    ['{ span.service.name = "db" }', []],
    ['{resource.host.name="h1" && name="GET /cart"}', [A]],
    ['{ name =~ "GET.*" }', [A]],
    ['{ name =~ "GET" }', []],
    ['{ name !~ "GET.*" && kind = client }', [B]],
    ['{ duration > 1s }', [B]],
    ['{ 1s < duration }', [B]],
    ['{ duration <= 2500001ns && duration >= 2500001ns }', [A]],
    ['{ status = error }', [A]],
    ['{ status != error && kind = client }', [B]],
    ['{ span:status = error }', [A]],
    ['{ kind = client }', [B]],
    ['{ statusMessage = "broken" }', [A]],
    ['{ span.http.response.status_code >= 200 && kind=client }', [B]],
    ['{ span.http.response.status_code = 200 && kind=client }', [B]],
    ['{ span.text = "ü \\"x\\"" }', [A]],
    ['{ span."text" != nil }', [A]],
    ['{ span.text = nil && name = "GET /cart" }', []],
    ['{ .absent != "x" }', []],
    ['{ event:name = "exception" }', [A]],
    ['{ event.exception.type = "E" }', [A]],
    ['{ link.why = "retry" }', [A]],
    [`{ link:traceID = "${B}" }`, [A]],
    [`{ trace:id = "${A}" }`, [A]],
    ['{ rootServiceName = "cart" && name = "SELECT" }', [A]],
    ['{ trace:rootName = "slow" }', [B]],
    ['{ traceDuration > 5s }', [B]],
    ['{ instrumentation:name = "test" && duration > 1s }', [B]],
    ['{ name = "GET /cart" } && { resource.service.name = "db" }', [A]],
    ['{ name = "slow" } && { resource.service.name = "db" }', []],
    ['{ name = "slow" } || { resource.service.name = "db" }', [B, A]],
    ['{ name = "GET /cart" } > { name = "SELECT" }', [A]],
    ['{ name = "SELECT" } > { name = "GET /cart" }', []],
    ['{ name = "SELECT" } < { name = "GET /cart" }', [A]],
    ['{ name = "SELECT" } ~ { name = "SELECT" }', []],
    ['{} | count() > 1', [A]],
    ['{ kind = server } | count() >= 2', [A]],
    ['{ kind = server } | count() > 2', []],
    ['{} | avg(duration) > 1s', [B]],
    ['{} | max(span.http.response.status_code) = 200', [B, A]],
    ['{ kind = server } | { name = "SELECT" }', [A]],
    ['{ !(kind = server) }', [B]],
    ['{ kind = server } | select(span.http.route) with (most_recent=true)', [A]],
    ['{ (name = "slow" || name = "SELECT") && resource.service.name = "db" }', [A]],
  ])('%s', async (query, expected) => {
    expect((await search(query)).map(trace => trace['traceID'])).toEqual(expected)
  })

  it('shows traces with the spans that fit and the attributes that were asked for', async () => {
    expect(
      await search('{ span.http.route = "/cart" && resource.service.name = "cart" && status = error }'),
    ).toEqual([
      {
        traceID: A,
        rootServiceName: 'cart',
        rootTraceName: 'GET /cart',
        startTimeUnixNano: String(AT),
        durationMs: 2,
        spanSet: expect.anything() as unknown,
        spanSets: [
          {
            matched: 1,
            spans: [
              {
                spanID: '1'.repeat(16),
                name: 'GET /cart',
                startTimeUnixNano: String(AT),
                durationNanos: '2500001',
                attributes: [
                  { key: 'http.route', value: { stringValue: '/cart' } },
                  { key: 'service.name', value: { stringValue: 'cart' } },
                ],
              },
            ],
          },
        ],
        serviceStats: { cart: { spanCount: 1, errorCount: 1 }, db: { spanCount: 1 } },
      },
    ])
  })

  it('shows attributes with their types', async () => {
    const [trace] = await search(
      '{ span.number = 42 && .is.it = true && span.part < 1 } | select(span.bytes)',
    )
    expect(JSON.stringify(trace)).toContain(
      '"attributes":[{"key":"number","value":{"intValue":"42"}},{"key":"is.it","value":{"boolValue":true}},{"key":"part","value":{"doubleValue":0.5}},{"key":"bytes","value":{"bytesValue":"AAE="}}]',
    )
  })

  it('keeps its limits and its time', async () => {
    expect(await search('{}', '&limit=1')).toHaveLength(1)
    const second = Number(AT / 1_000_000_000n)
    expect(
      (await search('{}', `&start=${second - 5}&end=${second + 5}`)).map(trace => trace['traceID']),
    ).toEqual([A])
    expect(await search('{}', `&start=${second - 50}&end=${second - 5}`)).toEqual([])
  })

  it('takes tags and durations, as before TraceQL', async () => {
    const find = async (query: string) =>
      ((await json(`/search?${query}`))['traces'] as readonly Record<string, unknown>[]).map(
        trace => trace['traceID'],
      )
    expect(await find(`tags=${encodeURIComponent('service.name=db')}`)).toEqual([A])
    expect(await find(`tags=${encodeURIComponent('name="GET /cart" error=true')}`)).toEqual([A])
    expect(await find('minDuration=1s')).toEqual([B])
    expect(await find('minDuration=1s&maxDuration=2s')).toEqual([])
  })

  it.each([
    ['{', /ends too early/],
    ['{ foo = 1 }', /at 2: unexpected foo; expected an attribute/],
    ['{ .a = }', /unexpected }/],
    ['{ .a = "x" } >> { .b = "y" }', /operator >> is not supported/],
    ['{ .a + 1 = 2 }', /arithmetic is not supported/],
    ['{ .a = .b }', /two attributes/],
    ['{} | rate()', /PromQL or SQL/],
    ['{} | by(.a)', /stage by is not supported/],
    ['{ status = 5 }', /one of unset, ok, error/],
    ['{ status > error }', /use = or !=/],
    ['{ duration =~ "x" }', /does not fit/],
    ['{ name =~ "(" }', /not a regular expression/],
    ['{ parent.a = "x" }', /parent span/],
    ['{ instrumentation.a = "x" }', /not stored/],
    ['{ .a = "\\d" }', /not an escape/],
    ['{ name = "x" } extra', /unexpected extra/],
    [`{ ${'('.repeat(60)}.a${')'.repeat(60)} }`, /nesting/],
    [`{ ${Array(200).fill('.a = 1').join(' || ')} }`, /more than 100 conditions/],
    [`{ .a = "${'x'.repeat(9_000)}" }`, /more than 8192/],
  ])('%s is refused with the reason', async (query, reason) => {
    const answer = await ask(`/search?q=${encodeURIComponent(query)}`)
    expect([answer.status, answer.text]).toEqual([400, expect.stringMatching(reason)])
  })

  it.each([
    '/search?limit=0',
    '/search?start=x',
    '/search?minDuration=x',
    '/search?tags=abc',
    '/search/tags?scope=x',
  ])('%s is refused', async path => {
    expect((await ask(path)).status).toBe(400)
  })
})

it('says where metrics are to be asked for', async () => {
  const { status, text } = await ask('/metrics/query_range?q={}')
  expect([status, text]).toEqual([404, expect.stringMatching(/PromQL or SQL/)])
})

describe('completion', () => {
  it('lists names by scope', async () => {
    expect(await json('/v2/search/tags')).toMatchObject({
      scopes: [
        { name: 'resource', tags: ['host.name', 'service.name'] },
        {
          name: 'span',
          tags: [
            'bytes',
            'http.response.status_code',
            'http.route',
            'is.it',
            'list',
            'number',
            'part',
            'text',
          ],
        },
        { name: 'event', tags: ['exception.type'] },
        { name: 'link', tags: ['why'] },
        { name: 'intrinsic' },
      ],
    })
    expect((await json('/v2/search/tags?scope=resource'))['scopes']).toHaveLength(1)
    expect((await json('/search/tags?scope=span'))['tagNames']).toEqual([
      'bytes',
      'http.response.status_code',
      'http.route',
      'is.it',
      'list',
      'number',
      'part',
      'text',
    ])
  })

  it('lists values', async () => {
    const values = async (tag: string, q = '') =>
      (await json(`/v2/search/tag/${encodeURIComponent(tag)}/values?q=${encodeURIComponent(q)}`))['tagValues']
    expect(await values('resource.service.name')).toEqual([
      { type: 'string', value: 'cart' },
      { type: 'string', value: 'db' },
    ])
    expect(await values('.service.name', '{ status = error }')).toEqual([{ type: 'string', value: 'cart' }])
    expect(await values('span.number')).toEqual([{ type: 'int', value: '42' }])
    expect(await values('.is.it')).toEqual([{ type: 'bool', value: 'true' }])
    expect(await values('status')).toEqual(
      ['unset', 'ok', 'error'].map(value => ({ type: 'keyword', value })),
    )
    expect(await values('rootName')).toContainEqual({ type: 'string', value: 'slow' })
    expect((await json('/search/tag/service.name/values'))['tagValues']).toEqual(['cart', 'db'])
  })
})

it('shows nothing of another tenant', async () => {
  const paths = [
    '/search',
    `/traces/${A}`,
    '/v2/search/tag/.service.name/values',
    `/search?q=${encodeURIComponent('{ name != "x" } ~ { name != "y" }')}`,
    `/search?q=${encodeURIComponent('{ rootServiceName = "vault-of-bank" }')}`,
  ]
  for (const path of paths) expect((await ask(path)).text).not.toMatch(/of-bank|4444/)
  world.become('bank')
  const [trace] = await search('{}')
  expect(trace).toMatchObject({
    rootServiceName: 'vault-of-bank',
    serviceStats: { 'vault-of-bank': { spanCount: 1 } },
  })
  expect((await ask(`/traces/${B}`)).status).toBe(404)
})
