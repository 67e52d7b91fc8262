/**
 * The promises of every OTLP receiver, for any transport: the same rows for the same bytes, the same limits, the same
 * reasons for a refusal, and the same care for requests in flight.
 */
import { randomBytes } from 'node:crypto'
import { deflateSync, gzipSync, zstdCompressSync } from 'node:zlib'
import {
  ProtobufLogsSerializer,
  ProtobufMetricsSerializer,
  ProtobufTraceSerializer,
} from '@opentelemetry/otlp-transformer'
import { afterEach, describe, expect, it } from 'vitest'
import { systemClock } from '../../../collector/intake/clock.ts'
import { jsonToProtobuf } from '../../../collector/otlp/json/json.ts'
import { createBuilders, SIGNAL_BUILDERS, SIGNALS, type Signal } from '../../../collector/otlp/signals.ts'
import type { Access } from '../../../core/auth/access.ts'
import { newToken, tokenHash } from '../../../core/auth/token.ts'
import { createTokenAccess } from '../../../core/auth/token-access.ts'
import { createTokenTable } from '../../../core/auth/token-table.ts'
import { silentEvents } from '../../../core/catalogue/events/events.ts'
import { decodeRows } from '../../../core/columns/rows.ts'
import { traces } from '../../../core/model/streams/index.ts'
import { spanJson, tracesBytes, tracesJson } from '../../collector/intake/payloads.ts'
import { type IntakeRig, intakeRig } from '../../collector/otlp/intake-rig.ts'
import { CONTEXT, rowsOf } from '../../collector/otlp/rows.ts'
import { logRecords, RESOURCE_METRICS, spans } from '../../collector/otlp/telemetry.ts'
import { exporterRows, type PointRows } from '../../support/exporter-rows.ts'

export const CODINGS = ['identity', 'gzip', 'zstd', 'deflate'] as const
type Coding = (typeof CODINGS)[number]

export interface ExportRequest {
  readonly signal: Signal
  /** Already compressed, if a coding is named. */
  readonly body: Uint8Array
  readonly coding?: Coding
  readonly headers?: Readonly<Record<string, string>>
}

export type Outcome =
  | { readonly kind: 'accepted'; readonly rejected: number; readonly message: string }
  | {
      readonly kind: 'refused'
      /** Code and message of the catalogue: `overloaded: ...`. */
      readonly message: string
      /** Whether a client of this transport may retry. */
      readonly mayRetry: boolean
      readonly retrySeconds: number | undefined
      /** Of `google.rpc.BadRequest`. */
      readonly violation: string | undefined
    }
  /** The connection ended without an answer. */
  | { readonly kind: 'gone' }

/** A request that was started and not ended. */
export interface Unfinished {
  readonly outcome: Promise<Outcome>
  hangUp(): void
}

/** A receiver that listens, and a client for its transport. */
export interface OpenDoor {
  send(request: ExportRequest): Promise<Outcome>
  /** Announces a body of this size, and sends part of it. */
  begin(signal: Signal, announcedBytes: number, sent: Uint8Array): Unfinished
  stop(): Promise<void>
}

export interface DoorOptions {
  readonly access?: Access
  /** For a complete request. */
  readonly requestMs?: number
  readonly drainMs?: number
}

export type OpenReceiver = (rig: IntakeRig, options: DoorOptions) => Promise<OpenDoor>

const COMPRESS: Readonly<Record<Coding, (bytes: Uint8Array) => Uint8Array>> = {
  identity: bytes => bytes,
  gzip: gzipSync,
  zstd: zstdCompressSync,
  deflate: deflateSync,
}

const PAYLOADS: Readonly<Record<Signal, Uint8Array>> = {
  traces: ProtobufTraceSerializer.serializeRequest(spans)!,
  metrics: ProtobufMetricsSerializer.serializeRequest(RESOURCE_METRICS)!,
  logs: ProtobufLogsSerializer.serializeRequest(logRecords)!,
}

export function receiverContract(name: string, openReceiver: OpenReceiver): void {
  let rig: IntakeRig
  let door: OpenDoor
  const open = async (settings: Record<string, unknown> = {}, options: DoorOptions = {}): Promise<void> => {
    rig = intakeRig(settings, { clock: { ...systemClock, unixNano: () => CONTEXT.nowUnixNano } })
    door = await openReceiver(rig, options)
  }
  afterEach(async () => {
    await door.stop()
    await rig.intake.drain()
  })

  const send = (body: Uint8Array, more: Partial<ExportRequest> = {}): Promise<Outcome> =>
    door.send({ signal: 'traces', body, ...more })
  const nothingHeld = () => expect.poll(() => rig.intake.stats().inFlightBytes).toBe(0)
  const storedRows = (signal: Signal) => {
    const builders = createBuilders()
    const rows = SIGNAL_BUILDERS[signal].map(builder => {
      const { stream } = builders[builder]
      return [builder, rig.broker.records(stream.name).flatMap(record => decodeRows(stream, record))] as const
    })
    const found = Object.fromEntries(rows)
    return Object.values(signal === 'metrics' ? exporterRows(found as unknown as PointRows) : found).flat()
  }

  describe(`an OTLP receiver: ${name}`, () => {
    describe.each(SIGNALS)('%s', signal => {
      it.each(CODINGS)('are stored as sent, %s', async coding => {
        await open()
        const body = COMPRESS[coding](PAYLOADS[signal])
        expect(await send(body, { signal, coding })).toEqual({ kind: 'accepted', rejected: 0, message: '' })
        const expected = rowsOf(signal, PAYLOADS[signal])
        expect(expected.length).toBeGreaterThan(0)
        expect(storedRows(signal)).toEqual(expected)
        expect(rig.events.sum('itemsAccepted', { signal })).toBe(expected.length)
      })

      it('may be none', async () => {
        await open()
        expect((await send(new Uint8Array(), { signal })).kind).toBe('accepted')
      })

      it('are refused with the reason when they are something else', async () => {
        await open()
        const outcome = await send(Buffer.from('\u000aabc'), { signal })
        expect(outcome).toMatchObject({ kind: 'refused', mayRetry: false, retrySeconds: undefined })
        expect(outcome).toMatchObject({ message: expect.stringMatching(/^body_undecodable: /) })
        expect(outcome).toMatchObject({ violation: expect.stringContaining('protobuf') })
        expect(rig.events.sum('requestRejected', { code: 'body_undecodable' })).toBe(1)
        expect(rig.broker.stored).toEqual([])
      })
    })

    it('counts what it rejects, gives the reason, and stores the rest', async () => {
      await open()
      const request = tracesJson(['good', 'bad'])
      request.resourceSpans[0]!.scopeSpans[0]!.spans[1] = { ...spanJson('bad'), traceId: '0'.repeat(32) }
      const body = jsonToProtobuf('traces', Buffer.from(JSON.stringify(request)))
      expect(await send(body)).toEqual({
        kind: 'accepted',
        rejected: 1,
        message: '1 spans rejected (trace_id_invalid: 1).',
      })
      expect(rig.broker.spanNames()).toEqual(['good'])
    })

    it.each(CODINGS.filter(coding => coding !== 'identity'))(
      'refuses a body that is not a %s',
      async coding => {
        await open()
        const truncated = COMPRESS[coding](randomBytes(1_000)).subarray(0, 500)
        const trailing = Buffer.concat([COMPRESS[coding](PAYLOADS.traces), Buffer.from('more')])
        for (const body of [Buffer.from('neither'), new Uint8Array(), truncated, trailing]) {
          expect(await send(body, { coding })).toMatchObject({
            kind: 'refused',
            message: expect.stringMatching(/^body_undecodable: /),
            mayRetry: false,
          })
        }
        await nothingHeld()
        expect(rig.broker.stored).toEqual([])
      },
    )

    it('refuses a body above its limit, announced or inflated', async () => {
      await open({ limits: { body_bytes: 10_000 } })
      const refused = {
        kind: 'refused',
        message: expect.stringMatching(/^body_too_large: /),
        mayRetry: false,
        retrySeconds: undefined,
      }
      expect(await send(new Uint8Array(10_001))).toMatchObject(refused)
      expect(await send(new Uint8Array(1_000_000))).toMatchObject(refused)
      for (const coding of CODINGS.filter(coding => coding !== 'identity')) {
        const bomb = COMPRESS[coding](new Uint8Array(5_000_000))
        expect(bomb.length).toBeLessThan(10_000)
        expect(await send(bomb, { coding })).toMatchObject(refused)
      }
      await nothingHeld()
      expect((await send(tracesBytes(['a']))).kind).toBe('accepted')
    })

    it('keeps a compression bomb within its limit', async () => {
      await open({ limits: { body_bytes: 1_000_000 } })
      const gibibyte = 2 ** 30
      const bomb = gzipSync(Buffer.alloc(gibibyte / 8))
      const eightfold = Buffer.concat(Array.from({ length: 8 }, () => bomb))
      expect(eightfold.length).toBeGreaterThan(1_000_000)
      const before = process.memoryUsage.rss()
      expect(await send(eightfold.subarray(0, 1_000_000), { coding: 'gzip' })).toMatchObject({
        message: expect.stringMatching(/^body_too_large: /),
      })
      expect(process.memoryUsage.rss() - before).toBeLessThan(100_000_000)
    })

    it('answers "retry later" when too many bytes are in flight, before it reads them', async () => {
      await open({ limits: { in_flight_bytes: 5_000 } })
      const overloaded = {
        kind: 'refused',
        message: expect.stringMatching(/^overloaded: /),
        mayRetry: true,
        retrySeconds: 1,
      }
      const begun = door.begin('traces', 4_000, Buffer.from('abc'))
      await expect.poll(() => rig.intake.stats().inFlightBytes).toBe(4_000)
      expect(await send(new Uint8Array(2_000))).toMatchObject(overloaded)
      begun.hangUp()
      await nothingHeld()
      expect(await send(gzipSync(new Uint8Array(100_000)), { coding: 'gzip' })).toMatchObject(overloaded)
      await nothingHeld()
      expect((await send(tracesBytes(['a']))).kind).toBe('accepted')
      expect(rig.events.sum('requestRejected', { code: 'overloaded' })).toBe(2)
      expect(rig.events.sum('requestFailed')).toBe(0)
    })

    it('answers "retry later" while the log fails', async () => {
      await open()
      rig.broker.mood = () => 'refuse'
      rig.broker.pingFails = true
      for (const name of ['first', 'second']) {
        expect(await send(tracesBytes([name]))).toMatchObject({
          kind: 'refused',
          message: expect.stringMatching(/^broker_unavailable: /),
          mayRetry: true,
          retrySeconds: expect.any(Number),
        })
      }
      expect(rig.events.sum('requestFailed')).toBe(0)
    })

    it('accepts only requests with a token, and writes its tenant', async () => {
      const [shop, reader] = [newToken(), newToken()]
      const entry = { accounts: null, name: '', expiresMs: null, tenant: 'shop' }
      const table = createTokenTable([
        { ...entry, scopes: ['ingest'], sha256: tokenHash(shop).toString('hex') },
        { ...entry, scopes: ['read'], sha256: tokenHash(reader).toString('hex') },
      ])
      await open({}, { access: createTokenAccess({ tokens: () => table, events: silentEvents }) })
      const as = async (authorization?: string) => {
        const headers = authorization === undefined ? {} : { authorization }
        const outcome = await send(tracesBytes(['a']), { headers })
        return outcome.kind === 'refused'
          ? [outcome.message.split(':', 1)[0], outcome.mayRetry]
          : outcome.kind
      }
      expect(await as(`Bearer ${shop}`)).toBe('accepted')
      expect(await as(`Basic ${btoa(`any:${shop}`)}`)).toBe('accepted')
      expect(await as()).toEqual(['unauthenticated', false])
      expect(await as(`Bearer ${newToken()}`)).toEqual(['unauthenticated', false])
      expect(await as(`Bearer ${reader}`)).toEqual(['forbidden', false])
      const rows = rig.broker.records('traces').flatMap(record => decodeRows(traces, record))
      expect(rows.map(row => row.Tenant)).toEqual(['shop', 'shop'])
    })

    it('forgets a client that disconnects in its body', async () => {
      await open()
      const body = tracesBytes(['a', 'b', 'c'])
      const begun = door.begin('traces', body.length, body.subarray(0, body.length - 1))
      await expect.poll(() => rig.intake.stats().inFlightBytes).toBe(body.length)
      begun.hangUp()
      await nothingHeld()
      expect((await send(tracesBytes(['d']))).kind).toBe('accepted')
      expect(rig.broker.spanNames()).toEqual(['d'])
      expect(rig.events.sum('requestFailed')).toBe(0)
    })

    it('ends a body that arrives too slowly', async () => {
      await open({}, { requestMs: 100 })
      const begun = door.begin('traces', 1_000, Buffer.from('abc'))
      expect((await begun.outcome).kind).toBe('refused')
      await nothingHeld()
      begun.hangUp()
    })

    it('does not acknowledge what is not stored, and loses nothing, when it stops under load', async () => {
      await open()
      const acknowledged: string[] = []
      const outcomes = new Set<string>()
      let number = 0
      const client = async (): Promise<void> => {
        for (let isOpen = true; isOpen; ) {
          const name = `span-${number++}`
          const outcome = await send(tracesBytes([name]))
          outcomes.add(outcome.kind === 'refused' ? outcome.message.split(':', 1)[0]! : outcome.kind)
          if (outcome.kind === 'accepted') acknowledged.push(name)
          isOpen = outcome.kind === 'accepted'
        }
      }
      const clients = Array.from({ length: 8 }, client)
      await expect.poll(() => acknowledged.length).toBeGreaterThan(50)
      await door.stop()
      await Promise.all(clients)
      await rig.intake.drain()
      const stored = rig.broker.spanNames()
      expect(acknowledged.filter(name => !stored.includes(name))).toEqual([])
      expect(new Set(stored).size).toBe(stored.length)
      expect([...outcomes].filter(kind => !['accepted', 'draining', 'gone'].includes(kind))).toEqual([])
    })

    it('answers requests in flight when it stops, and then is gone', async () => {
      await open()
      const { promise, resolve } = Promise.withResolvers<void>()
      rig.broker.gate = promise
      const inFlight = send(tracesBytes(['a']))
      await expect.poll(() => rig.broker.inFlight).toBe(1)
      const stopped = door.stop()
      resolve()
      expect((await inFlight).kind).toBe('accepted')
      await stopped
      expect((await send(tracesBytes(['b']))).kind).toBe('gone')
      expect(rig.broker.spanNames()).toEqual(['a'])
    })

    it('closes requests that do not end in time when it stops', async () => {
      await open({}, { drainMs: 50 })
      const begun = door.begin('traces', 100, Buffer.from('abc'))
      await expect.poll(() => rig.intake.stats().inFlightBytes).toBe(100)
      await door.stop()
      expect((await begun.outcome).kind).toBe('gone')
      await nothingHeld()
    })
  })
}
