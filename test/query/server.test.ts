/**
 * Guarantees of the query server for clients, over the real embedded engine: the JSON and the ClickHouse interface
 * answer the same rows, @clickhouse/client works unchanged, errors look as each kind of client expects, limits are
 * reported, a client that disconnects frees its slot, the page and health routes have the right headers.
 */
import { connect } from 'node:net'
import {
  brotliCompressSync,
  brotliDecompressSync,
  deflateSync,
  gunzipSync,
  gzipSync,
  inflateSync,
  zstdCompressSync,
  zstdDecompressSync,
} from 'node:zlib'
import { ClickHouseLogLevel, createClient } from '@clickhouse/client'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Problem, StatusAnswer } from '../../core/api/answers.ts'
import { configSchema } from '../../core/catalogue/config/schema.ts'
import { EventBus } from '../../core/catalogue/events/event-bus.ts'
import { createLogger } from '../../core/catalogue/events/logger.ts'
import { traces } from '../../core/model/streams/index.ts'
import { Lz4FrameStream, unframeLz4 } from '../../query/codings/lz4-frame.ts'
import { compressedBlocks, decompressBlocks } from '../../query/codings/native-blocks.ts'
import type { QueryServer } from '../../query/http/query-server.ts'
import { createQueryServer } from '../../query/server.ts'
import { eventually } from '../support/until.ts'
import { spanRow } from './support/rows.ts'
import { openTestWarehouse, type TestWarehouse } from './support/warehouse.ts'

let store: TestWarehouse
let server: QueryServer
let base: string
let reasons: readonly string[] = []
const events = new EventBus(createLogger('error'))
const config = configSchema.parse({ limits: { sql: { concurrent: 2, result_rows: 1000, seconds: 20 } } })
const page = new Map([
  ['index.html', { type: 'text/html; charset=utf-8', body: Buffer.from('<!doctype html><title>w</title>') }],
  ['assets/main-AB12CD34.js', { type: 'text/javascript; charset=utf-8', body: Buffer.from('1') }],
])

beforeAll(async () => {
  store = await openTestWarehouse()
  await store.insert(traces, [
    spanRow({}),
    spanRow({ SpanId: 'b7ad6b7169203332', ServiceName: 'pay' }),
    spanRow({ Tenant: 'other' }),
  ])
  server = createQueryServer({
    config,
    warehouse: store.warehouse,
    events,
    readiness: async () => ({ collector: reasons, query: [] }),
    page,
    version: '0.1.0',
    otlpHttp: 'http://127.0.0.1:4318',
    otlpGrpc: 'http://127.0.0.1:4317',
    started: new Date('2026-11-20T11:00:00Z'),
    now: () => Date.parse('2026-11-20T12:00:30Z'),
  })
  const address = await server.listen('127.0.0.1', 0)
  base = `http://127.0.0.1:${address.port}`
})
afterAll(async () => {
  await server.stop()
  await store.close()
})

async function framed(body: Uint8Array): Promise<Uint8Array> {
  const stream = new Lz4FrameStream()
  stream.end(body)
  return Buffer.concat(await stream.toArray())
}

const sql = (body: unknown): Promise<Response> =>
  fetch(`${base}/api/v1/sql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  })
const problem = async (answer: Response): Promise<Problem> => {
  expect(answer.headers.get('content-type')).toContain('application/problem+json')
  return (await answer.json()) as Problem
}

describe('POST /api/v1/sql', () => {
  it('answers meta, data and rows, with 64-bit integers as text', async () => {
    const answer = await sql({
      query: 'SELECT ServiceName, count() AS n FROM otel_traces WHERE ServiceName = {s:String} GROUP BY 1',
      params: { s: 'pay' },
    })
    expect(answer.status).toBe(200)
    expect(await answer.json()).toMatchObject({
      meta: [
        { name: 'ServiceName', type: 'LowCardinality(String)' },
        { name: 'n', type: 'UInt64' },
      ],
      data: [{ ServiceName: 'pay', n: '1' }],
      rows: 1,
    })
  })

  it('binds null as NULL', async () => {
    const answer = await sql({ query: 'SELECT {n:Nullable(String)} AS n, 1 AS one', params: { n: null } })
    expect(await answer.json()).toMatchObject({ data: [{ n: null, one: 1 }] })
  })

  it.each([
    [{ query: 'DROP TABLE ledger' }, 400, 'sql_refused'],
    [{ query: 'SELECT nonsense FROM otel_traces' }, 400, 'sql_failed'],
    [{ query: 'SELEKT 1' }, 400, 'sql_failed'],
    [{ query: '' }, 400, 'sql_refused'],
    [{ query: 'SELECT number FROM numbers(2000)' }, 422, 'sql_limit'],
    [{ query: 'SELECT 1', params: { x: {} } }, 400, 'parameter_invalid'],
    [{ quary: 'SELECT 1' }, 400, 'parameter_invalid'],
    ['{"query":', 400, 'parameter_invalid'],
    [{ query: `SELECT '${'x'.repeat(300_000)}'` }, 400, 'sql_refused'],
  ])('explains the error: case %#', async (body, status, code) => {
    const answer = await sql(body)
    expect(answer.status).toBe(status)
    const { detail, remedy, ...rest } = await problem(answer)
    expect(rest).toMatchObject({ code, status, instance: '/api/v1/sql', type: 'about:blank' })
    expect(detail).not.toContain('formatQuerySingleLine')
    expect(remedy).not.toBe('')
  })

  it('counts refusals by reason', () => {
    const counted = events.samples().get('wattline_sql_refused_total')
    expect(counted?.get('reason="statement"')).toBeGreaterThan(0)
  })
})

describe('/clickhouse/', () => {
  it('serves @clickhouse/client: ping, query, parameters, streams, errors', async () => {
    const client = createClient({
      url: base,
      pathname: '/clickhouse',
      // Refusals are expected here.
      log: { level: ClickHouseLogLevel.OFF },
      compression: { response: true },
    })
    try {
      expect(await client.ping()).toEqual({ success: true })
      expect(await client.ping({ select: true })).toEqual({ success: true })
      const plain = await client.query({
        query:
          "SELECT ServiceName FROM otel_traces WHERE has({list:Array(String)}, ServiceName) AND {q:String} != ''",
        query_params: { list: ['pay', "o'x\ty"], q: 'tab\there \\ back' },
        format: 'JSONEachRow',
      })
      expect(await plain.json()).toEqual([{ ServiceName: 'pay' }])
      const echoed = await client.query({ query: 'SELECT {q:String} AS q', query_params: { q: "a\tb'\\c" } })
      expect((await echoed.json<{ q: string }>()).data).toEqual([{ q: "a\tb'\\c" }])
      const none = await client.query({
        query: 'SELECT {q:Nullable(String)} AS q',
        query_params: { q: null },
      })
      expect((await none.json<{ q: null }>()).data).toEqual([{ q: null }])
      await expect(client.query({ query: 'SELECT * FROM missing' })).rejects.toMatchObject({ code: '60' })
      await expect(client.query({ query: 'SELECT sleep(1)' })).rejects.toMatchObject({ code: '497' })
      await expect(client.command({ query: 'DROP TABLE ledger' })).rejects.toMatchObject({ code: '497' })
    } finally {
      await client.close()
    }
  })

  it('uses the format from the text, the URL or the header, and names it', async () => {
    const csv = await fetch(
      `${base}/clickhouse/?query=${encodeURIComponent('SELECT 1 AS a, 2 FORMAT CSVWithNames')}`,
    )
    expect(await csv.text()).toBe('"a","2"\n1,2\n')
    expect(csv.headers.get('x-clickhouse-format')).toBe('CSVWithNames')
    const json = await fetch(`${base}/clickhouse/?default_format=JSONCompactEachRow`, {
      method: 'POST',
      body: 'SELECT 1',
    })
    expect(await json.text()).toBe('[1]\n')
    const plain = await fetch(`${base}/clickhouse/?query=SELECT%201`)
    expect(await plain.text()).toBe('1\n')
    const odd = await fetch(`${base}/clickhouse/?query=${encodeURIComponent('SELECT 1 FORMAT Template')}`)
    expect(odd.status).toBe(403)
  })

  it('binds param_ values and answers under the query id', async () => {
    const url = `${base}/clickhouse/?query_id=my-1&param_n=7&query=${encodeURIComponent('SELECT {n:UInt8} + 1')}`
    const answer = await fetch(url)
    expect(await answer.text()).toBe('8\n')
    expect(answer.headers.get('x-clickhouse-query-id')).toBe('my-1')
  })

  it('compresses when asked', async () => {
    const answer = await fetch(`${base}/clickhouse/?query=SELECT%201`, {
      headers: { 'accept-encoding': 'gzip' },
    })
    expect(answer.headers.get('content-encoding')).toBe('gzip')
    expect(await answer.text()).toBe('1\n')
  })

  it('reports errors as ClickHouse does', async () => {
    const answer = await fetch(`${base}/clickhouse/`, { method: 'POST', body: 'SELECT * FROM missing' })
    expect(answer.status).toBe(404)
    expect(answer.headers.get('x-clickhouse-exception-code')).toBe('60')
    expect(await answer.text()).toMatch(/^Code: 60\. DB::Exception: .*missing.*\(UNKNOWN_TABLE\)\n$/s)
    const other = await fetch(`${base}/clickhouse/?database=system&query=SELECT%201`)
    expect([other.status, other.headers.get('x-clickhouse-exception-code')]).toEqual([404, '81'])
  })

  it('compresses in blocks of ClickHouse for clients that request or send them', async () => {
    const answer = await fetch(`${base}/clickhouse/?compress=1&query=SELECT%201`)
    expect(answer.status).toBe(200)
    const block = Buffer.from(await answer.arrayBuffer())
    expect([block[16], block.readUInt32LE(17), block.readUInt32LE(21)]).toEqual([0x82, block.length - 16, 2])
    expect(block.subarray(-2).toString()).toBe('1\n')
    const asked = Buffer.concat([...compressedBlocks(Buffer.from('SELECT '.concat('4 + '.repeat(99), '4')))])
    const send = (body: Uint8Array): Promise<Response> =>
      fetch(`${base}/clickhouse/?decompress=1`, { method: 'POST', body: new Uint8Array(body) })
    expect(await (await send(asked)).text()).toBe('400\n')
    const damaged = await send(Buffer.concat([asked.subarray(0, -1), Buffer.of(0)]))
    expect([damaged.status, damaged.headers.get('x-clickhouse-exception-code')]).toEqual([400, '271'])
  })

  it.each([
    ['lz4', framed],
    ['Lz4', framed],
    ['ZSTD', zstdCompressSync],
    ['x-gzip', gzipSync],
    ['gzip, zstd', (body: Uint8Array) => zstdCompressSync(gzipSync(body))],
    ['gzip', gzipSync],
    ['GZIP', gzipSync],
    ['deflate', deflateSync],
    ['br', brotliCompressSync],
    ['zstd', zstdCompressSync],
  ])('reads bodies in %s, and none that inflates without limit', async (encoding, encode) => {
    const send = async (text: string): Promise<Response> =>
      fetch(`${base}/clickhouse/`, {
        method: 'POST',
        body: new Uint8Array(await encode(Buffer.from(text))),
        headers: { 'content-encoding': encoding },
      })
    expect(await (await send('SELECT 2')).text()).toBe('2\n')
    expect((await send(`SELECT 2 -- ${'x'.repeat(2_000_000)}`)).status).toBe(400)
  })

  it.each([
    ['zstd', zstdDecompressSync],
    ['LZ4', (body: Uint8Array) => unframeLz4(body, 1_000_000)],
    ['br', brotliDecompressSync],
    ['deflate', inflateSync],
    ['gzip;q=0.5, zstd;q=0', gunzipSync],
  ])('answers in %s', async (accepted, decode) => {
    // Node's fetch decodes by itself, and does not know all of them.
    const { port } = new URL(base)
    const query = encodeURIComponent('SELECT number FROM numbers(900)')
    const socket = connect(Number(port), '127.0.0.1')
    socket.write(
      `GET /clickhouse/?query=${query} HTTP/1.0\r\nHost: 127.0.0.1\r\nAccept-Encoding: ${accepted}\r\n\r\n`,
    )
    const whole = Buffer.concat(await socket.toArray())
    const end = whole.indexOf('\r\n\r\n')
    expect(whole.subarray(0, end).toString().toLowerCase()).toContain(
      `content-encoding: ${accepted.toLowerCase().split(';')[0]}`,
    )
    const rows = Buffer.from(decode(whole.subarray(end + 4))).toString()
    expect(rows).toBe(Array.from({ length: 900 }, (_, n) => `${n}\n`).join(''))
  })

  it('takes statement and parameters from a form, and refuses external tables', async () => {
    const send = async (form: FormData): Promise<[number, string]> => {
      const answer = await fetch(`${base}/clickhouse/?param_b=2`, { method: 'POST', body: form })
      return [answer.status, await answer.text()]
    }
    const form = new FormData()
    form.set('query', 'SELECT {a:String}, {b:UInt8} FORMAT CSV')
    form.set('param_a', "it's\u00fc")
    expect(await send(form)).toEqual([200, '"it\'s\u00fc",2\n'])
    form.set('ext_structure', 'n UInt8')
    form.set('ext', new Blob(['1\n']), 'ext')
    const [status, text] = await send(form)
    expect([status, text]).toEqual([403, expect.stringContaining('External tables')])
    const broken = await fetch(`${base}/clickhouse/`, {
      method: 'POST',
      body: '--x\r\nnothing',
      headers: { 'content-type': 'multipart/form-data; boundary=x' },
    })
    expect(broken.status).toBe(400)
  })

  it('accepts addresses with one slash too many', async () => {
    expect(await (await fetch(`${base}/clickhouse//ping`)).text()).toBe('Ok.\n')
    expect(await (await fetch(`${base}//clickhouse//?query=SELECT%203`)).text()).toBe('3\n')
  })

  it("answers clickhouse-go's handshake as the block that it decodes", async () => {
    const answer = await fetch(`${base}/clickhouse/?default_format=Native&client_protocol_version=54460`, {
      method: 'POST',
      body: 'SELECT displayName(), version(), revision(), timezone()',
      headers: { authorization: `Basic ${Buffer.from('default:').toString('base64')}` },
    })
    const block = Buffer.from(await answer.arrayBuffer())
    expect([...block.subarray(0, 10)]).toEqual([1, 0, 2, 255, 255, 255, 255, 0, 4, 1])
    const column = Buffer.from('\u000ddisplayName()\u0006String\u0000\u0008wattline')
    expect(block.subarray(10, 10 + column.length)).toEqual(column)
    // With lz4 or zstd it asks for blocks.
    const blocks = await fetch(
      `${base}/clickhouse/?default_format=Native&client_protocol_version=54460&compress=1`,
      { method: 'POST', body: 'SELECT displayName(), version(), revision(), timezone()' },
    )
    const inBlocks = Buffer.from(await blocks.arrayBuffer())
    expect(Buffer.from(decompressBlocks(inBlocks, 10_000))).toEqual(block)
    const rows = await fetch(`${base}/clickhouse/?default_format=Native&client_protocol_version=54460`, {
      method: 'POST',
      body: 'SELECT 1',
    })
    // As the handshake requested revision 0: one column, one row, named 1, UInt8.
    expect(Buffer.from(await rows.arrayBuffer())).toEqual(Buffer.from('\u0001\u0001\u00011\u0005UInt8\u0001'))
  })
})

describe('limits', () => {
  const slow = 'SELECT count() FROM numbers(100000000000) WHERE cityHash64(number) = 1'

  it('limits concurrent statements, and frees the slot of a client that disconnects', async () => {
    const hangUp = new AbortController()
    const running = [0, 1].map(() =>
      fetch(`${base}/clickhouse/`, { method: 'POST', body: slow, signal: hangUp.signal }).catch(() => 'gone'),
    )
    const answer = await eventually(
      () => sql({ query: 'SELECT 1' }),
      found => found.status === 429,
    )
    expect((await problem(answer)).code).toBe('too_many_queries')
    expect(answer.headers.get('retry-after')).toBe('1')
    hangUp.abort()
    expect(await Promise.all(running)).toEqual(['gone', 'gone'])
    const free = await eventually(
      () => sql({ query: 'SELECT 1' }),
      found => found.status === 200,
    )
    expect(await free.json()).toMatchObject({ rows: 1 })
  })

  it('answers its own queries while all statements of SQL are taken', async () => {
    const hangUp = new AbortController()
    const running = [0, 1].map(() =>
      fetch(`${base}/clickhouse/`, { method: 'POST', body: slow, signal: hangUp.signal }).catch(() => 'gone'),
    )
    await eventually(
      () => sql({ query: 'SELECT 1' }),
      found => found.status === 429,
    )
    const paths = [
      '/api/v1/usage?window=5m',
      '/api/v1/live',
      '/api/v1/traces',
      '/api/v1/lag',
      '/healthz',
      '/',
    ]
    const statuses = paths.map(async path => (await fetch(`${base}${path}`)).status)
    // Lag: this server has no log to read.
    expect(await Promise.all(statuses)).toEqual([200, 200, 200, 503, 200, 200])
    hangUp.abort()
    expect(await Promise.all(running)).toEqual(['gone', 'gone'])
    await eventually(
      () => sql({ query: 'SELECT 1' }),
      found => found.status === 200,
    )
  })

  it('stops statements that exceed the limit of the client or the configuration', async () => {
    const answer = await fetch(`${base}/clickhouse/?max_execution_time=1`, { method: 'POST', body: slow })
    expect(answer.status).toBe(422)
    expect(await answer.text()).toContain('TIMEOUT_EXCEEDED')
  })
})

describe('status and page', () => {
  it('show health, readiness with reasons, and this instance', async () => {
    expect((await fetch(`${base}/healthz`)).status).toBe(200)
    expect(await (await fetch(`${base}/readyz`)).json()).toEqual({
      ready: true,
      reasons: [],
      roles: { collector: [], query: [] },
    })
    reasons = ['the log cannot be written: disk full']
    const answer = await fetch(`${base}/readyz`)
    const status = (await (await fetch(`${base}/api/v1/status`)).json()) as StatusAnswer
    const asked = reasons
    reasons = []
    expect(answer.status).toBe(503)
    expect(await answer.json()).toEqual({
      ready: false,
      reasons: asked,
      roles: { collector: asked, query: [] },
    })
    expect(status).toMatchObject({
      version: '0.1.0',
      tenant: 'default',
      otlp_http: 'http://127.0.0.1:4318',
      otlp_grpc: 'http://127.0.0.1:4317',
      problems: asked,
    })
  })

  it('show counters and the process as Prometheus text', async () => {
    const answer = await fetch(`${base}/metrics`)
    const text = await answer.text()
    expect(answer.headers.get('content-type')).toContain('text/plain; version=0.0.4')
    expect(text).toMatch(/^# TYPE wattline_sql_refused_total counter$/m)
    expect(text).toMatch(/^process_cpu_seconds_total [0-9.e+-]+$/m)
    expect(text).toMatch(/^wattline_ready 1$/m)
    for (const line of text.trimEnd().split('\n')) {
      expect(line).toMatch(/^(# (HELP|TYPE) .+|[a-z_]+(\{.*\})? [0-9.e+-]+)$/)
    }
  })

  it('serve the page with security headers, and 304 for cached files', async () => {
    const answer = await fetch(`${base}/`)
    expect(await answer.text()).toContain('<title>w</title>')
    expect(answer.headers.get('content-security-policy')).toContain("default-src 'self'")
    expect(answer.headers.get('x-content-type-options')).toBe('nosniff')
    const again = await fetch(`${base}/`, { headers: { 'if-none-match': answer.headers.get('etag') ?? '' } })
    expect(again.status).toBe(304)
    const asset = await fetch(`${base}/assets/main-AB12CD34.js`)
    expect(asset.headers.get('cache-control')).toContain('immutable')
    expect(asset.headers.get('content-type')).toContain('text/javascript')
  })

  it('report a missing page', async () => {
    const answer = await fetch(`${base}/nowhere`)
    expect(answer.status).toBe(404)
    expect(await problem(answer)).toMatchObject({ code: 'not_found', instance: '/nowhere' })
    expect((await problem(await fetch(`${base}/api/v1/usage?window=soon`))).detail).toContain('5m')
  })
})
