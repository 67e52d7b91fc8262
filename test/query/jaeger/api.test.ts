/**
 * Guarantees: Jaeger's query API has the values of the tables in Jaeger's shapes: times in microseconds, tags with types,
 * references, logs and processes; errors are in its form; nothing of another tenant is in any answer.
 */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { A, AT, B, openTraceWorld, type TraceWorld } from '../traces/world.ts'

let world: TraceWorld
beforeAll(async () => {
  world = await openTraceWorld()
})
beforeEach(() => world.become('shop'))
afterAll(() => world.close())

interface Answer {
  readonly status: number
  readonly body: {
    readonly data: readonly Record<string, unknown>[] | null
    readonly errors: readonly { readonly code: number; readonly msg: string }[] | null
  } & Readonly<Record<string, unknown>>
}
async function ask(path: string): Promise<Answer> {
  const answer = await fetch(`${world.base}/jaeger/api${path}`)
  return { status: answer.status, body: (await answer.json()) as Answer['body'] }
}
const START = Number(AT / 1_000n)

describe('names', () => {
  it('have the envelope of version 1, or none in version 3', async () => {
    expect((await ask('/services')).body).toEqual({
      data: ['cart', 'db'],
      total: 2,
      limit: 0,
      offset: 0,
      errors: null,
    })
    expect((await ask('/services/cart/operations')).body.data).toEqual(['GET /cart', 'slow'])
    expect((await ask('/operations?service=cart&spanKind=client')).body.data).toEqual([
      { name: 'slow', spanKind: 'client' },
    ])
    expect((await ask('/v3/services')).body).toEqual({ services: ['cart', 'db'] })
    expect((await ask('/v3/operations?service=db')).body).toEqual({
      operations: [{ name: 'SELECT', spanKind: 'server' }],
    })
  })
})

describe('a trace by id', () => {
  it('is complete', async () => {
    const { status, body } = await ask(`/traces/${A}`)
    expect(status).toBe(200)
    expect(body).toMatchObject({ total: 0, limit: 0, offset: 0, errors: null })
    expect(body.data).toEqual([
      {
        traceID: A,
        spans: [
          {
            traceID: A,
            spanID: '1'.repeat(16),
            operationName: 'GET /cart',
            references: [{ refType: 'FOLLOWS_FROM', traceID: B, spanID: '9'.repeat(16) }],
            startTime: START,
            duration: 2_500,
            tags: [
              { key: 'bytes', type: 'binary', value: 'AAE=' },
              { key: 'error', type: 'bool', value: true },
              { key: 'http.route', type: 'string', value: '/cart' },
              { key: 'is.it', type: 'bool', value: true },
              { key: 'list', type: 'string', value: '[1,"a"]' },
              { key: 'number', type: 'int64', value: 42 },
              { key: 'otel.scope.name', type: 'string', value: 'test' },
              { key: 'otel.scope.version', type: 'string', value: '1' },
              { key: 'otel.status_code', type: 'string', value: 'ERROR' },
              { key: 'otel.status_description', type: 'string', value: 'broken' },
              { key: 'part', type: 'float64', value: 0.5 },
              { key: 'span.kind', type: 'string', value: 'server' },
              { key: 'text', type: 'string', value: 'ü "x"' },
              { key: 'w3c.tracestate', type: 'string', value: 'k=v' },
            ],
            logs: [
              {
                timestamp: START + 1,
                fields: [
                  { key: 'event', type: 'string', value: 'exception' },
                  { key: 'exception.type', type: 'string', value: 'E' },
                ],
              },
            ],
            processID: 'p1',
            warnings: null,
          },
          expect.objectContaining({
            spanID: '2'.repeat(16),
            references: [{ refType: 'CHILD_OF', traceID: A, spanID: '1'.repeat(16) }],
            processID: 'p2',
          }),
        ],
        processes: {
          p1: { serviceName: 'cart', tags: [{ key: 'host.name', type: 'string', value: 'h1' }] },
          p2: { serviceName: 'db', tags: [] },
        },
        warnings: null,
      },
    ])
  })

  it('is OTLP in version 3', async () => {
    const { body } = await ask(`/v3/traces/${A}`)
    expect(body).toMatchObject({
      result: {
        resourceSpans: [
          {
            scopeSpans: [
              {
                spans: [
                  {
                    traceId: A,
                    kind: 2,
                    startTimeUnixNano: String(AT),
                    status: { code: 2, message: 'broken' },
                  },
                ],
              },
            ],
          },
          {},
        ],
      },
    })
  })

  it.each([
    ['/traces/00000000000000000000000000000001', 404],
    ['/traces/zz', 400],
    ['/v3/traces/1', 404],
    ['/traces', 400],
    ['/traces?service=cart&start=abc', 400],
    ['/traces?service=cart&minDuration=abc', 400],
    ['/traces?service=cart&tags=[1]', 400],
    ['/traces?service=cart&tag=abc', 400],
    ['/traces?service=cart&limit=-1', 400],
    ['/traces?service=cart&minDuration=2s&maxDuration=1s', 400],
    ['/operations', 400],
  ])('%s: %i in the form of Jaeger', async (path, status) => {
    const answer = await ask(path)
    expect([answer.status, answer.body.data, answer.body.errors?.[0]?.code]).toEqual([status, null, status])
    expect(answer.body.errors?.[0]?.msg).toMatch(/\w/)
  })
})

describe('a search', () => {
  const within = `start=${START - 60_000_000}&end=${START + 120_000_000}`
  it.each<readonly [string, readonly string[]]>([
    ['service=cart', [B, A]],
    ['service=cart&limit=1', [B]],
    ['service=cart&operation=slow', [B]],
    ['service=cart&minDuration=1s', [B]],
    ['service=cart&maxDuration=100ms', [A]],
    [`service=cart&tags=${encodeURIComponent('{"error":"true"}')}`, [A]],
    [`service=cart&tag=${encodeURIComponent('http.route:/cart')}`, [B, A]],
    ['service=nothing', []],
    [`traceID=${B}&traceID=${A}`, [B, A]],
    ['service=cart&lookback=custom&unknown=1', [B, A]],
  ])('%s', async (query, expected) => {
    const { status, body } = await ask(`/traces?${within}&${query}`)
    expect([status, body.errors]).toEqual([200, null])
    expect(body.data!.map(trace => trace['traceID'])).toEqual(expected)
  })

  it('looks back two days by itself', async () => {
    expect((await ask('/traces?service=db')).body.data).toHaveLength(1)
    const v3 = await ask(
      '/v3/traces?query.service_name=db&query.start_time_min=2026-11-20T12:00:00Z&query.start_time_max=2026-11-20T12:05:00Z',
    )
    expect(JSON.stringify(v3.body)).toContain('SELECT')
  })

  it('names ids that do not exist', async () => {
    const { body } = await ask(`/traces?traceID=${A}&traceID=7`)
    expect(body.data).toHaveLength(1)
    expect(body.errors).toEqual([{ code: 404, msg: 'trace not found', traceID: '7'.padStart(16, '0') }])
  })
})

it('says which service calls which', async () => {
  const end = Math.floor(START / 1_000) + 60_000
  expect((await ask(`/dependencies?endTs=${end}&lookback=3600000`)).body.data).toEqual([
    { parent: 'cart', child: 'db', callCount: 1 },
  ])
})

it('shows nothing of another tenant', async () => {
  const paths = [
    '/services',
    `/traces/${A}`,
    '/traces?service=vault-of-bank',
    '/v3/services',
    '/dependencies',
    `/v3/traces/${A}`,
    `/traces?traceID=${A}`,
  ]
  for (const path of paths) expect(JSON.stringify((await ask(path)).body)).not.toMatch(/of-bank|4444/)
  world.become('bank')
  expect((await ask('/services')).body.data).toEqual(['vault-of-bank'])
  expect((await ask(`/traces/${B}`)).status).toBe(404)
  expect(JSON.stringify((await ask(`/traces/${A}`)).body)).not.toMatch(/1111|2222/)
})
