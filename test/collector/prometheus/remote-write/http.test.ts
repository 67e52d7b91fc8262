// Guarantees: remote write over HTTP answers as its specifications require, over real sockets: 204 after the samples
// are in the log, the written counts with every answer of 2.0, 400 and never 2xx if a part was refused, 415, 413, 401
// and 403, 429 and 503 with Retry-After, with a text; the tenant is that of the token; a body that lies about its size
// costs nothing.

import { afterEach, describe, expect, it } from 'vitest'
import { newToken, tokenHash } from '../../../../core/auth/token.ts'
import { createTokenAccess } from '../../../../core/auth/token-access.ts'
import { createTokenTable } from '../../../../core/auth/token-table.ts'
import { silentEvents } from '../../../../core/catalogue/events/events.ts'
import { decodeRows } from '../../../../core/columns/rows.ts'
import { metricPoints, readings } from '../../../../core/model/streams/index.ts'
import {
  encodeWrite1,
  encodeWrite2,
  HEADERS_1,
  HEADERS_2,
  type SentSeries,
  snappy,
} from '../../../support/remote-write.ts'
import { type HttpRig, httpRig, post, RawClient, type RawReply } from '../../http/http-rig.ts'

const ROUTE = '/api/v1/write'

let rig: HttpRig
afterEach(async () => {
  await rig.receiver.stop()
  await rig.intake.drain()
})

const series = (name: string, labels: Record<string, string> = {}): SentSeries => ({
  labels: Object.entries({ __name__: name, ...labels }),
  samples: [{ value: 1, timestamp: Date.now() }],
})
const write1 = (...list: SentSeries[]) => snappy(encodeWrite1(list))
const write2 = (...list: SentSeries[]) => snappy(encodeWrite2(list))
const points = () => rig.broker.records('metric_points').flatMap(record => decodeRows(metricPoints, record))
const names = () => points().map(row => row.MetricName)

/** Samples, histograms, exemplars; undefined without a header. */
const written = ({ headers }: RawReply) =>
  ['samples', 'histograms', 'exemplars'].map(kind => headers.get(`x-prometheus-remote-write-${kind}-written`))

describe('success', () => {
  it('is 204 without a body, after the samples are in the log', async () => {
    rig = await httpRig()
    const reply = await post(rig.port, ROUTE, HEADERS_1, write1(series('a'), series('b')))
    expect([reply.status, reply.body.length]).toEqual([204, 0])
    expect(written(reply)).toEqual([undefined, undefined, undefined])
    expect(names()).toEqual(['a', 'b'])
  })

  it('reports in 2.0 how much was written', async () => {
    rig = await httpRig()
    const now = Date.now()
    const histogram = { count_int: 0, sum: 0, schema: 0, timestamp: now }
    const exemplar = { labels: [], value: 1, timestamp: now }
    const body = write2(
      series('a'),
      { ...series('b'), exemplars: [exemplar] },
      { labels: [['__name__', 'h']], histograms: [histogram, histogram, histogram] },
    )
    const reply = await post(rig.port, ROUTE, HEADERS_2, body)
    expect([reply.status, ...written(reply)]).toEqual([204, '2', '3', '1'])
  })

  it.each([
    { what: 'no proto', type: 'application/x-protobuf' },
    { what: 'the message of 1.0', type: 'application/x-protobuf;proto=prometheus.WriteRequest' },
    { what: 'spaces, quotes and capitals', type: 'Application/X-Protobuf ; proto="prometheus.WriteRequest"' },
  ])('accepts 1.0 with $what', async ({ type }) => {
    rig = await httpRig()
    const reply = await post(rig.port, ROUTE, { ...HEADERS_1, 'content-type': type }, write1(series('a')))
    expect([reply.status, names()]).toEqual([204, ['a']])
  })

  it('accepts bodies from senders that name neither type nor coding', async () => {
    rig = await httpRig()
    expect(await post(rig.port, ROUTE, {}, write1(series('a')))).toMatchObject({ status: 204 })
  })

  it('accepts requests without series, and remembers their metadata', async () => {
    rig = await httpRig()
    const metadata = [{ type: 1, metric_family_name: 'clicks', help: 'Clicks.', unit: '' }]
    expect(await post(rig.port, ROUTE, HEADERS_1, snappy(encodeWrite1([], metadata)))).toMatchObject({
      status: 204,
    })
    await post(rig.port, ROUTE, HEADERS_1, write1(series('clicks')))
    const [row] = points()
    expect(row).toMatchObject({ MetricName: 'clicks', Kind: 1 })
    expect(JSON.parse(row!.Meta)).toMatchObject({ description: 'Clicks.', monotonic: true })
  })

  it('recognises the readings of exporters, with the target as their host', async () => {
    rig = await httpRig()
    const labels = {
      job: 'kepler',
      instance: 'node-7:28282',
      zone: 'package',
      path: '/sys/class/powercap/intel-rapl:0',
    }
    const counter = series('kepler_node_cpu_joules_total', labels)
    await post(
      rig.port,
      ROUTE,
      HEADERS_1,
      write1({ ...counter, samples: [{ value: 4600.5, timestamp: Date.now() }] }),
    )
    const rows = rig.broker.records('readings').flatMap(record => decodeRows(readings, record))
    expect(rows).toMatchObject([
      { Host: 'node-7', Quantity: 'energy', Domain: 'package-0', Value: 4_600_500_000n, BootId: '' },
    ])
  })
})

describe('a part that cannot be stored', () => {
  it.each([
    { version: '1.0', headers: HEADERS_1, write: write1, counts: [undefined, undefined, undefined] },
    { version: '2.0', headers: HEADERS_2, write: write2, counts: ['2', '0', '0'] },
  ])(
    'is answered with 400 and the reason, and the rest is stored: $version',
    async ({ headers, write, counts }) => {
      rig = await httpRig()
      const late = { ...series('late'), samples: [{ value: 1, timestamp: Date.now() + 7_200_000 }] }
      const reply = await post(
        rig.port,
        ROUTE,
        headers,
        write(series('a'), late, series('b'), series('c', { '': 'x' })),
      )
      expect([reply.status, written(reply)]).toEqual([400, counts])
      expect(reply.headers.get('content-type')).toBe('text/plain; charset=utf-8')
      const text = reply.body.toString()
      expect(text).toContain('series_invalid: 2 samples, histograms and exemplars were rejected')
      expect(text).toContain('time_in_future: 1, label_name_empty: 1), 2 stored')
      expect(text).toContain('time_in_future in {__name__="late"}')
      expect(names()).toEqual(['a', 'b'])
      expect(rig.events.sum('itemsRejected', { signal: 'metrics', reason: 'time_in_future' })).toBe(1)
    },
  )
})

describe('refusals', () => {
  const refused = async (headers: Record<string, string>, body: Uint8Array, status: number, code: string) => {
    const reply = await post(rig.port, ROUTE, headers, body)
    expect([reply.status, reply.body.toString().split(':')[0]]).toEqual([status, code])
    expect(reply.headers.get('content-type')).toBe('text/plain; charset=utf-8')
    expect(points()).toEqual([])
    return reply
  }

  it.each([
    { 'content-type': 'application/json' },
    { 'content-type': 'application/x-protobuf;proto=io.prometheus.write.v3.Request' },
    { 'content-type': 'application/x-protobuf;proto=' },
    { 'content-type': 'text/plain' },
    { 'content-encoding': 'gzip' },
    { 'content-encoding': 'zstd' },
    { 'content-encoding': 'x-snappy-framed' },
  ])('415: %o', async change => {
    rig = await httpRig()
    await refused({ ...HEADERS_1, ...change }, write1(series('a')), 415, 'media_type_unsupported')
  })

  it('405 for another method', async () => {
    rig = await httpRig()
    const client = new RawClient(rig.port)
    client.write(`GET ${ROUTE} HTTP/1.1\r\nhost: localhost\r\n\r\n`)
    const reply = await client.reply()
    client.socket.destroy()
    expect([reply.status, reply.headers.get('allow')]).toEqual([405, 'POST'])
  })

  it('400 for a body that is not snappy or not a message, with nothing stored', async () => {
    rig = await httpRig()
    const message = encodeWrite2([series('a'), series('b')])
    const counts = await refused(HEADERS_2, message, 400, 'body_undecodable')
    expect(written(counts)).toEqual(['0', '0', '0'])
    const cut = await refused(HEADERS_2, snappy(message.subarray(0, -3)), 400, 'body_undecodable')
    expect(cut.body.toString()).toContain('The body is not a remote write request in protobuf')
    expect(written(cut)).toEqual(['0', '0', '0'])
  })

  it('400 for a message of the other version than its Content-Type says, with nothing stored', async () => {
    rig = await httpRig()
    const metadata = encodeWrite1([], [{ metric_family_name: 'a', type: 1, help: '', unit: '' }])
    for (const body of [write1(series('a')), snappy(metadata)]) {
      const newer = await refused(HEADERS_2, body, 400, 'body_undecodable')
      expect(newer.body.toString()).toContain('it is a message of 1.0, and its Content-Type says 2.0')
      expect(written(newer)).toEqual(['0', '0', '0'])
    }
    const older = await refused(HEADERS_1, write2(series('a')), 400, 'body_undecodable')
    expect(older.body.toString()).toContain('it is a message of 2.0, and its Content-Type does not say so')
  })

  it('413 for a body above the limit, compressed, decoded, or expanded from its symbols', async () => {
    rig = await httpRig({ limits: { body_bytes: 20_000 } })
    await refused(HEADERS_1, Buffer.alloc(20_001, 1), 413, 'body_too_large')
    await refused(HEADERS_1, snappy(Buffer.alloc(20_001)), 413, 'body_too_large')
    const labels = Object.fromEntries(Array.from({ length: 20 }, (_, at) => [`l${at}`, 'x'.repeat(200)]))
    const body = write2(...Array.from({ length: 20 }, () => series('m', labels)))
    expect(body.length).toBeLessThan(20_000)
    await refused(HEADERS_2, body, 413, 'body_too_large')
    expect(rig.intake.stats().inFlightBytes).toBe(0)
  })

  it('does not trust an impossible length', async () => {
    rig = await httpRig()
    await refused(HEADERS_1, Buffer.from([0x80, 0x80, 0x80, 0x20, 0, 0]), 400, 'body_undecodable')
  })

  it('429 with Retry-After when too much is in flight, before memory is taken', async () => {
    rig = await httpRig({ limits: { in_flight_bytes: 10_000 } })
    const reply = await refused(HEADERS_2, snappy(Buffer.alloc(15_000)), 429, 'overloaded')
    expect([reply.headers.get('retry-after'), ...written(reply)]).toEqual(['1', '0', '0', '0'])
    expect(rig.intake.stats().inFlightBytes).toBe(0)
  })

  it('503 with Retry-After while the log rejects records', async () => {
    rig = await httpRig()
    rig.broker.mood = () => 'refuse'
    rig.broker.pingFails = true
    const reply = await post(rig.port, ROUTE, HEADERS_2, write2(series('a')))
    expect([reply.status, reply.headers.get('retry-after'), ...written(reply)]).toEqual([
      503,
      '1',
      '0',
      '0',
      '0',
    ])
    expect(reply.body.toString()).toMatch(/^broker_unavailable: /)
  })

  it('503 while it stops', async () => {
    rig = await httpRig()
    const client = new RawClient(rig.port)
    client.post(ROUTE, HEADERS_1, write1(series('a')))
    expect(await client.reply()).toMatchObject({ status: 204 })
    const body = write1(series('b'))
    client.write(
      `POST ${ROUTE} HTTP/1.1\r\nhost: localhost\r\ncontent-encoding: snappy\r\ncontent-length: ${body.length}\r\n`,
    )
    await rig.intake.drain()
    client.write(Buffer.concat([Buffer.from('\r\n'), body]))
    const reply = await client.reply()
    client.socket.destroy()
    expect([reply.status, reply.headers.get('retry-after')]).toEqual([503, '1'])
    expect(reply.body.toString()).toMatch(/^draining: /)
  })
})

describe('tenants', () => {
  const tokens = { shop: newToken(), reader: newToken() }
  const entry = (secret: string, scope: 'ingest' | 'read') => ({
    tenant: 'shop',
    scopes: [scope],
    accounts: null,
    name: '',
    expiresMs: null,
    sha256: tokenHash(secret).toString('hex'),
  })
  const table = createTokenTable([entry(tokens.shop, 'ingest'), entry(tokens.reader, 'read')])
  const access = createTokenAccess({ tokens: () => table, events: silentEvents })
  const basic = (secret: string) => `Basic ${Buffer.from(`prometheus:${secret}`).toString('base64')}`

  it.each([
    { how: 'Bearer', authorization: `Bearer ${tokens.shop}` },
    { how: 'Basic', authorization: basic(tokens.shop) },
  ])('come from the token, as $how', async ({ authorization }) => {
    rig = await httpRig({}, { access })
    const body = write1(series('a', { tenant: 'bank' }))
    expect(await post(rig.port, ROUTE, { ...HEADERS_1, authorization }, body)).toMatchObject({ status: 204 })
    expect(points()).toMatchObject([{ Tenant: 'shop' }])
  })

  it('are checked before the body is read', async () => {
    rig = await httpRig({}, { access })
    const without = await post(rig.port, ROUTE, HEADERS_2, write2(series('a')))
    expect([without.status, without.headers.get('www-authenticate')]).toEqual([
      401,
      'Bearer realm="wattline"',
    ])
    const reading = { ...HEADERS_2, authorization: basic(tokens.reader) }
    expect(await post(rig.port, ROUTE, reading, write2(series('a')))).toMatchObject({ status: 403 })
    expect(points()).toEqual([])
  })
})

it('refuses requests from pages of another origin', async () => {
  rig = await httpRig({}, { corsOrigins: ['https://shop.example'] })
  const headers = { ...HEADERS_1, origin: 'https://shop.example' }
  expect(await post(rig.port, ROUTE, headers, write1(series('a')))).toMatchObject({ status: 403 })
  expect(points()).toEqual([])
})
