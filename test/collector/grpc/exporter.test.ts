/**
 * Guarantees: the real clients work with the receiver. What the official gRPC exporters send, compressed or not, with a
 * token, over TLS and with their own certificate, is in the log when they report success; they learn what may be
 * retried and what may not; grpc-js reads status, message and details as intended.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Client, credentials, Metadata, type ServiceError, status } from '@grpc/grpc-js'
import { OTLPLogExporter } from '@opentelemetry/exporter-logs-otlp-grpc'
import { OTLPMetricExporter } from '@opentelemetry/exporter-metrics-otlp-grpc'
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-grpc'
import { afterEach, describe, expect, it } from 'vitest'
import { newToken, tokenHash } from '../../../core/auth/token.ts'
import { createTokenAccess } from '../../../core/auth/token-access.ts'
import { createTokenTable } from '../../../core/auth/token-table.ts'
import { silentEvents } from '../../../core/catalogue/events/events.ts'
import { decodeRows } from '../../../core/columns/rows.ts'
import { openListenerTls } from '../../../core/http/tls.ts'
import { logs, metricPoints, traces } from '../../../core/model/streams/index.ts'
import { createAuthority } from '../../support/certificates.ts'
import { eventually } from '../../support/until.ts'
import { readStatus } from '../http/answers.ts'
import { tracesBytes } from '../intake/payloads.ts'
import { logRecords, RESOURCE_METRICS, spansAt } from '../otlp/telemetry.ts'
import { type GrpcRig, grpcRig, METHODS } from './grpc-rig.ts'

const GZIP = 'gzip' as never
const NONE = 'none' as never
const DAYS = { retention: { signals_days: 36_500 } }

let rig: GrpcRig
let folder: string | undefined
afterEach(async () => {
  if (folder !== undefined) rmSync(folder, { recursive: true, force: true })
  await rig.receiver.stop()
  await rig.intake.drain()
})

interface Exporter<Items> {
  export(items: Items, done: (result: { code: number; error?: Error }) => void): void
  shutdown(): Promise<void>
}

async function exported<Items>(exporter: Exporter<Items>, items: Items) {
  const { promise, resolve } = Promise.withResolvers<{ code: number; error?: Error }>()
  exporter.export(items, resolve)
  const result = await promise
  await exporter.shutdown()
  return result
}

const url = (): string => `http://127.0.0.1:${rig.port}`
const spans = (...names: string[]) => spansAt(Date.now(), names)

describe('the official exporters', () => {
  it.each([NONE, GZIP])('send spans, metrics and logs with compression %s', async compression => {
    rig = await grpcRig(DAYS)
    const options = { url: url(), compression }
    expect(await exported(new OTLPTraceExporter(options), spans('checkout', 'pay'))).toEqual({ code: 0 })
    expect(await exported(new OTLPMetricExporter(options), RESOURCE_METRICS)).toEqual({ code: 0 })
    expect(await exported(new OTLPLogExporter(options), logRecords)).toEqual({ code: 0 })
    expect(rig.broker.spanNames()).toEqual(['checkout', 'pay'])
    const rows = (stream: typeof metricPoints | typeof logs) =>
      rig.broker.records(stream.name).flatMap(record => decodeRows(stream, record))
    expect(rows(metricPoints)).toContainEqual(expect.objectContaining({ MetricName: 'sum', Value: 12 }))
    expect(rows(logs)).toMatchObject([{ SeverityText: 'ERROR', ServiceName: 'shop' }])
  })

  // JavaScript exporters leave retries over gRPC to their caller.
  it('are told to retry what the log refused, and succeed then', async () => {
    rig = await grpcRig()
    let refusals = 1
    rig.broker.mood = () => (refusals-- > 0 ? 'refuse' : 'store')
    const send = () => exported(new OTLPTraceExporter({ url: url() }), spans('checkout'))
    expect(await send()).toMatchObject({
      code: 1,
      error: { code: status.UNAVAILABLE },
    })
    await eventually(send, ({ code }) => code === 0)
    expect(rig.broker.spanNames()).toEqual(['checkout'])
    expect(rig.events.sum('requestRejected', { code: 'broker_unavailable' })).toBeGreaterThanOrEqual(1)
  })

  it('send a token in their metadata, and give up at once without one', async () => {
    const token = newToken()
    const sha256 = tokenHash(token).toString('hex')
    const entry = { tenant: 'shop', scopes: ['ingest'], accounts: null, name: '', expiresMs: null } as const
    const table = createTokenTable([{ ...entry, sha256 }])
    rig = await grpcRig({}, { access: createTokenAccess({ tokens: () => table, events: silentEvents }) })
    const metadata = new Metadata()
    metadata.set('authorization', `Bearer ${token}`)
    expect(await exported(new OTLPTraceExporter({ url: url(), metadata }), spans('a'))).toEqual({ code: 0 })
    const refused = await exported(new OTLPTraceExporter({ url: url() }), spans('b'))
    expect(refused).toMatchObject({ code: 1, error: { code: status.UNAUTHENTICATED } })
    const rows = rig.broker.records('traces').flatMap(record => decodeRows(traces, record))
    expect(rows.map(row => [row.SpanName, row.Tenant])).toEqual([['a', 'shop']])
    expect(rig.events.sum('requestRejected')).toBe(1)
  })

  it('send over TLS with a client certificate, and fail without one', async () => {
    folder = mkdtempSync(join(tmpdir(), 'wattline-grpc-tls-'))
    const authority = createAuthority('Fleet')
    const own = authority.issue(['localhost', '127.0.0.1'])
    const files = { cert: join(folder, 'crt'), key: join(folder, 'key'), clientCa: join(folder, 'ca') }
    writeFileSync(files.cert, own.cert)
    writeFileSync(files.key, own.key)
    writeFileSync(files.clientCa, authority.cert)
    const tls = await openListenerTls(files, silentEvents)
    rig = await grpcRig({}, { tls, timeouts: { drainMs: 200 } })
    const secure = `https://localhost:${rig.port}`
    const client = authority.issue(['agent-1'])
    const trusted = credentials.createSsl(
      Buffer.from(authority.cert),
      Buffer.from(client.key),
      Buffer.from(client.cert),
    )
    const sent = await exported(new OTLPTraceExporter({ url: secure, credentials: trusted }), spans('a'))
    expect(sent).toEqual({ code: 0 })
    const without = { url: secure, credentials: credentials.createSsl(Buffer.from(authority.cert)) }
    const refused = await exported(new OTLPTraceExporter({ ...without, timeoutMillis: 500 }), spans('b'))
    expect(refused.code).toBe(1)
    expect(rig.events.sum('accessRefused', { reason: 'tls' })).toBeGreaterThan(0)
    const plain = await exported(new OTLPTraceExporter({ url: url(), timeoutMillis: 500 }), spans('c'))
    expect(plain.code).toBe(1)
    expect(rig.broker.spanNames()).toEqual(['a'])
    tls.close()
  })
})

describe('grpc-js', () => {
  const asIs = (bytes: Buffer): Buffer => bytes

  async function call(bytes: Uint8Array, options: { deadline?: number } = {}) {
    const client = new Client(`127.0.0.1:${rig.port}`, credentials.createInsecure())
    const { promise, resolve } = Promise.withResolvers<{ error: ServiceError | null; answer?: Buffer }>()
    client.makeUnaryRequest(
      METHODS.traces,
      asIs,
      asIs,
      Buffer.from(bytes),
      new Metadata(),
      options,
      (error, answer) => resolve({ error, ...(answer === undefined ? {} : { answer }) }),
    )
    const result = await promise
    client.close()
    return result
  }
  const detailsOf = (error: ServiceError | null) =>
    readStatus(error?.metadata.get('grpc-status-details-bin')[0] as Buffer)
  const fresh = (name: string) => tracesBytes([name], { startUnixNano: BigInt(Date.now()) * 1_000_000n })

  it('reads an answer, including a message larger than one window', async () => {
    rig = await grpcRig()
    expect(await call(fresh('a'))).toEqual({ error: null, answer: Buffer.alloc(0) })
    const many = tracesBytes(
      Array.from({ length: 40_000 }, (_, index) => `span-${index}`),
      { startUnixNano: BigInt(Date.now()) * 1_000_000n },
    )
    expect(many.length).toBeGreaterThan(2_000_000)
    expect((await call(many)).error).toBeNull()
    expect(rig.broker.spanNames()).toHaveLength(40_001)
  })

  it('reads status, message and details of a refusal', async () => {
    rig = await grpcRig()
    const { error } = await call(Buffer.from('\u000aabc'))
    expect(error?.code).toBe(status.INVALID_ARGUMENT)
    expect(error?.details).toMatch(/^body_undecodable: /)
    expect(detailsOf(error)).toMatchObject({ code: 3, violation: expect.stringContaining('protobuf') })
  })

  it('learns that a message is too large while still sending it', async () => {
    rig = await grpcRig({ limits: { body_bytes: 100_000 } })
    const { error } = await call(Buffer.alloc(20_000_000))
    expect(error?.code).toBe(status.RESOURCE_EXHAUSTED)
    expect(detailsOf(error).retrySeconds).toBeUndefined()
  })

  it('learns when to retry', async () => {
    rig = await grpcRig({ limits: { in_flight_bytes: 10 } })
    const { error } = await call(fresh('a'))
    expect([error?.code, detailsOf(error).retrySeconds]).toEqual([status.UNAVAILABLE, 1])
  })

  it('gives up at its deadline, and what it sent is stored anyway', async () => {
    rig = await grpcRig()
    const { promise, resolve } = Promise.withResolvers<void>()
    rig.broker.gate = promise
    const { error } = await call(fresh('a'), { deadline: Date.now() + 200 })
    expect(error?.code).toBe(status.DEADLINE_EXCEEDED)
    resolve()
    await expect.poll(() => rig.broker.spanNames()).toEqual(['a'])
  })
})
