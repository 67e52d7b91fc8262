/**
 * Guarantees of the OTLP receiver: rows carry the tenant of the token, whatever is sent; a client without one is told
 * so in the encoding of the request, and nothing is stored; the official exporter works with a token and over TLS with
 * a client certificate; browsers may send only from the configured pages.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http'
import protobuf from 'protobufjs'
import { afterEach, describe, expect, it } from 'vitest'
import type { Access } from '../../../core/auth/access.ts'
import { newToken, tokenHash } from '../../../core/auth/token.ts'
import { createTokenAccess } from '../../../core/auth/token-access.ts'
import type { TokenEntry } from '../../../core/auth/token-list.ts'
import { createTokenTable } from '../../../core/auth/token-table.ts'
import { silentEvents } from '../../../core/catalogue/events/events.ts'
import { decodeRows } from '../../../core/columns/rows.ts'
import { openListenerTls } from '../../../core/http/tls.ts'
import { traces } from '../../../core/model/streams/index.ts'
import { createAuthority } from '../../support/certificates.ts'
import { tracesBytes, tracesJson } from '../intake/payloads.ts'
import { spansAt } from '../otlp/telemetry.ts'
import { type HttpRig, httpRig, post, RawClient, type RawReply } from './http-rig.ts'

const { root } = protobuf.parse('syntax = "proto3"; message Status { int32 code = 1; string message = 2; }')
const PROTOBUF = { 'content-type': 'application/x-protobuf' }
const JSON_TYPE = { 'content-type': 'application/json' }

const tokens = { shop: newToken(), bank: newToken(), reader: newToken() }
const entry = (secret: string, fields: Partial<TokenEntry>): TokenEntry => ({
  tenant: '',
  scopes: ['ingest'],
  accounts: null,
  name: '',
  expiresMs: null,
  ...fields,
  sha256: tokenHash(secret).toString('hex'),
})
let table = createTokenTable([
  entry(tokens.shop, { tenant: 'shop' }),
  entry(tokens.bank, { tenant: 'bank' }),
  entry(tokens.reader, { tenant: 'shop', scopes: ['read', 'admin'] }),
])
const access: Access = createTokenAccess({ tokens: () => table, events: silentEvents })

let rig: HttpRig
let folder: string | undefined
afterEach(async () => {
  if (folder !== undefined) rmSync(folder, { recursive: true, force: true })
  await rig.receiver.stop()
  await rig.intake.drain()
})

const stored = () => rig.broker.records('traces').flatMap(record => decodeRows(traces, record))
const now = () => BigInt(Date.now()) * 1_000_000n
const body = (...names: string[]) => tracesBytes(names, { startUnixNano: now() })
const bearer = (token: string) => ({ authorization: `Bearer ${token}` })

function refusal(reply: RawReply): { status: number; code: number } {
  const isJson = reply.headers.get('content-type') === 'application/json'
  const said = isJson
    ? (JSON.parse(reply.body.toString()) as { code: number })
    : root.lookupType('Status').toObject(root.lookupType('Status').decode(reply.body))
  return { status: reply.status, code: said['code'] as number }
}

describe('with tokens', () => {
  it('writes the tenant of the token, whatever the payload says', async () => {
    rig = await httpRig({}, { access })
    const claims = tracesJson(['c'], { startUnixNano: now() })
    claims.resourceSpans[0]!.resource.attributes = ['tenant', 'Tenant', 'wattline.tenant', 'tenant.id'].map(
      key => ({
        key,
        value: { stringValue: 'bank' },
      }),
    )
    const headers = { ...JSON_TYPE, 'x-scope-orgid': 'bank', tenant: 'bank' }
    const replies = [
      await post(rig.port, '/v1/traces', { ...PROTOBUF, ...bearer(tokens.shop) }, body('a')),
      await post(
        rig.port,
        '/v1/traces',
        { ...PROTOBUF, authorization: `Basic ${btoa(`bank:${tokens.bank}`)}` },
        body('b'),
      ),
      await post(
        rig.port,
        '/v1/traces?tenant=bank',
        { ...headers, ...bearer(tokens.shop) },
        JSON.stringify(claims),
      ),
    ]
    expect(replies.map(reply => reply.status)).toEqual([200, 200, 200])
    const rows = stored().map(row => [row.SpanName, row.Tenant])
    expect(rows.toSorted()).toEqual([
      ['a', 'shop'],
      ['b', 'bank'],
      ['c', 'shop'],
    ])
  })

  it.each([
    ['nothing', {}, 401, 16],
    ['a wrong token', bearer(newToken()), 401, 16],
    ['a token that may only read', bearer(tokens.reader), 403, 7],
  ])('refuses %s in both encodings, on every path, and stores nothing', async (_, headers, status, code) => {
    rig = await httpRig({}, { access })
    for (const signal of ['traces', 'metrics', 'logs']) {
      for (const type of [PROTOBUF, JSON_TYPE]) {
        const reply = await post(
          rig.port,
          `/v1/${signal}`,
          { ...type, ...headers },
          type === JSON_TYPE ? '{}' : body('a'),
        )
        expect(refusal(reply)).toEqual({ status, code })
        expect(reply.headers.get('content-type')).toBe(type['content-type'])
        expect(reply.headers.get('www-authenticate')).toBe(
          status === 401 ? 'Bearer realm="wattline"' : undefined,
        )
      }
    }
    expect(stored()).toEqual([])
  })

  it('requires a token to forward records as well', async () => {
    rig = await httpRig({}, { access })
    for (const [headers, status] of [
      [{}, 401],
      [bearer(tokens.reader), 403],
    ] as const) {
      const type = { 'content-type': 'application/vnd.apache.arrow.stream' }
      expect((await post(rig.port, '/v1/wattline/records/traces', { ...type, ...headers }, 'x')).status).toBe(
        status,
      )
    }
  })

  it('checks the token before it reads the body', async () => {
    rig = await httpRig({}, { access })
    const client = new RawClient(rig.port)
    client.write(
      'POST /v1/traces HTTP/1.1\r\nHost: any.example\r\nContent-Type: application/x-protobuf\r\nContent-Length: 1000000\r\n\r\n',
    )
    expect((await client.reply()).status).toBe(401)
    client.socket.destroy()
  })

  it('accepts and revokes a token on a connection that stays open', async () => {
    rig = await httpRig({}, { access })
    const client = new RawClient(rig.port)
    const send = async (): Promise<number> => {
      client.post('/v1/traces', { ...PROTOBUF, ...bearer(tokens.shop) }, body('a'))
      return (await client.reply()).status
    }
    const before = table
    expect(await send()).toBe(200)
    table = createTokenTable([entry(tokens.bank, { tenant: 'bank' })])
    expect(await send()).toBe(401)
    table = before
    expect(await send()).toBe(200)
    client.socket.destroy()
  })
})

describe('the official exporter', () => {
  const exported = async (options: ConstructorParameters<typeof OTLPTraceExporter>[0]) => {
    const exporter = new OTLPTraceExporter(options)
    const { promise, resolve } = Promise.withResolvers<{ code: number; error?: Error }>()
    exporter.export(spansAt(Date.now(), ['checkout']), resolve)
    const result = await promise
    await exporter.shutdown()
    return result
  }

  it('sends its token in a header, and gives up at once without one', async () => {
    rig = await httpRig({}, { access })
    const url = `http://127.0.0.1:${rig.port}/v1/traces`
    expect(await exported({ url, headers: { Authorization: `Bearer ${tokens.shop}` } })).toMatchObject({
      code: 0,
    })
    expect(stored().map(row => row.Tenant)).toEqual(['shop'])
    const refused = await exported({ url })
    expect([refused.code, String(refused.error)]).toEqual([1, expect.stringContaining('Unauthorized')])
    expect(stored()).toHaveLength(1)
  })

  it('sends over TLS with a client certificate, and fails without one', async () => {
    folder = mkdtempSync(join(tmpdir(), 'wattline-otlp-tls-'))
    const authority = createAuthority('Fleet')
    const own = authority.issue(['localhost', '127.0.0.1'])
    const files = { cert: join(folder, 'crt'), key: join(folder, 'key'), clientCa: join(folder, 'ca') }
    writeFileSync(files.cert, own.cert)
    writeFileSync(files.key, own.key)
    writeFileSync(files.clientCa, authority.cert)
    const tls = await openListenerTls(files, silentEvents)
    rig = await httpRig({}, { access, tls })
    const url = `https://127.0.0.1:${rig.port}/v1/traces`
    const headers = bearer(tokens.shop)
    const client = authority.issue(['agent-1'])
    const good = await exported({ url, headers, httpAgentOptions: { ca: authority.cert, ...client } })
    expect(good).toMatchObject({ code: 0 })
    const without = { url, headers, timeoutMillis: 500, httpAgentOptions: { ca: authority.cert } }
    expect((await exported(without)).code).toBe(1)
    // The certificate says who may connect, the token identifies the client.
    const nobody = await exported({ url, httpAgentOptions: { ca: authority.cert, ...client } })
    expect(String(nobody.error)).toContain('Unauthorized')
    expect(stored().map(row => row.Tenant)).toEqual(['shop'])
    tls.close()
  })

  it('stops in time with a connection that never completes its handshake', async () => {
    folder = mkdtempSync(join(tmpdir(), 'wattline-otlp-tls-'))
    const own = createAuthority('Fleet').issue(['localhost'])
    writeFileSync(join(folder, 'crt'), own.cert)
    writeFileSync(join(folder, 'key'), own.key)
    const files = { cert: join(folder, 'crt'), key: join(folder, 'key'), clientCa: undefined }
    const tls = await openListenerTls(files, silentEvents)
    rig = await httpRig({}, { access, tls, timeouts: { drainMs: 100 } })
    const silent = new RawClient(rig.port)
    // The beginning of a TLS record, and no more.
    silent.write(Buffer.from([22, 3, 1]))
    await new Promise(resolve => setTimeout(resolve, 20))
    await rig.receiver.stop()
    await silent.closed()
    tls.close()
  })
})

describe('browsers', () => {
  const corsOrigins = ['https://shop.example', 'https://*.bank.example:8443']
  const preflight = async (origin: string, method = 'POST'): Promise<RawReply> => {
    const client = new RawClient(rig.port)
    client.write(
      `OPTIONS /v1/traces HTTP/1.1\r\nHost: localhost\r\nOrigin: ${origin}\r\nAccess-Control-Request-Method: ${method}\r\n` +
        'Access-Control-Request-Headers: authorization,content-type\r\n\r\n',
    )
    const reply = await client.reply()
    client.socket.destroy()
    return reply
  }

  it('may send from the configured pages, and read the answers', async () => {
    rig = await httpRig({}, { access, corsOrigins })
    for (const origin of [
      'https://shop.example',
      'https://www.bank.example:8443',
      'https://a.b.bank.example:8443',
    ]) {
      const allowed = await preflight(origin)
      expect(allowed.status).toBe(204)
      expect(Object.fromEntries(allowed.headers)).toMatchObject({
        'access-control-allow-origin': origin,
        'access-control-allow-methods': 'POST',
        'access-control-allow-headers': 'authorization,content-type',
        vary: 'Origin',
      })
      const sent = await post(
        rig.port,
        '/v1/traces',
        { ...PROTOBUF, ...bearer(tokens.shop), origin },
        body('page'),
      )
      expect([sent.status, sent.headers.get('access-control-allow-origin')]).toEqual([200, origin])
      const refused = await post(rig.port, '/v1/traces', { ...PROTOBUF, origin }, body('page'))
      expect([refused.status, refused.headers.get('access-control-allow-origin')]).toEqual([401, origin])
      // Nothing that a browser sends by itself gives access.
      expect(sent.headers.get('access-control-allow-credentials')).toBeUndefined()
    }
  })

  it.each([
    'https://evil.example',
    'http://shop.example',
    'https://shop.example.evil.example',
    'https://bank.example:8443',
    'https://www.bank.example',
    'https://evilbank.example:8443',
    'https://x.shop.example',
    'null',
  ])('may not send from %s', async origin => {
    rig = await httpRig({}, { access, corsOrigins })
    const reply = await preflight(origin)
    expect([reply.status, reply.headers.get('access-control-allow-origin')]).toEqual([403, undefined])
    expect(JSON.parse(reply.body.toString()).message).toContain('origin_refused')
  })

  it('may send from every origin when configured as *, and from none by default', async () => {
    rig = await httpRig({}, { access, corsOrigins: ['*'] })
    expect((await preflight('https://any.example')).headers.get('access-control-allow-origin')).toBe(
      'https://any.example',
    )
    await rig.receiver.stop()
    await rig.intake.drain()
    rig = await httpRig({}, { access })
    expect((await preflight('https://shop.example')).status).toBe(405)
  })

  it('are rejected by name and origin in an open instance, and accepted if configured', async () => {
    rig = await httpRig({}, { corsOrigins })
    const send = async (headers: Readonly<Record<string, string>>): Promise<number> =>
      (await post(rig.port, '/v1/traces', { ...PROTOBUF, ...headers }, body('a'))).status
    expect(await send({ origin: 'https://shop.example' })).toBe(200)
    expect(await send({ origin: 'https://evil.example' })).toBe(403)
    expect(await send({ host: 'rebound.evil.example:4318' })).toBe(403)
    expect(await send({ host: '127.0.0.1:4318' })).toBe(200)
    expect(rig.broker.spanNames()).toEqual(['a', 'a'])
  })
})
