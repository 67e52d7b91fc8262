/**
 * Cases through the HTTP door of a real receiver and intake: compressed, badly compressed, cut short, with lengths that lie,
 * while the log now and then refuses. Every request is answered with a status that the door knows; what was answered with 200
 * is in the log, each row of it, and nothing is there that was refused for what it is.
 */
import { setTimeout } from 'node:timers/promises'
import { gzipSync, zstdCompressSync } from 'node:zlib'
import type { Clock } from '../../collector/intake/clock.ts'
import { createIntake, type Intake } from '../../collector/intake/intake.ts'
import { createBuilders, SIGNAL_BUILDERS, type Signal } from '../../collector/intake/signals.ts'
import { createOtlpHttpReceiver } from '../../collector/otlp/http.ts'
import { decodeRows } from '../../core/columns/rows.ts'
import { configSchema } from '../../core/runtime/config/schema.ts'
import { silentEvents } from '../../core/runtime/events.ts'
import { decoders, FakeBroker, recogniser } from '../collector/intake/fakes.ts'
import { decodedOf } from '../collector/otlp/decode/ours.ts'
import { NOW } from '../collector/otlp/decode/support.ts'
import { RawClient } from '../collector/otlp/http-rig.ts'
import { type FuzzCase, FuzzCases } from './cases.ts'
import { Dice } from './dice.ts'
import { FUZZ_CONTEXT, FUZZ_RETENTION_DAYS, judge, protobufOf } from './judge.ts'

export interface DoorRun {
  readonly signal: Signal
  readonly seed: number
  readonly first: number
  readonly count: number
}

export interface DoorReport {
  readonly requests: number
  /** Answers by status; 0: none, where the client broke off. */
  readonly statuses: Readonly<Record<number, number>>
  /** Rows of requests that were answered with 200, all found in the log. */
  readonly rows: number
}

const BATCH = 64
/** In one batch of so many the log refuses, or stores and fails. */
const TROUBLE_ONE_IN = 4
const STATUSES = [200, 400, 413, 503]

/** Time of intake: the day of the payloads, and waits a hundredth as long. */
const hastyClock: Clock = {
  monotonicMs: () => performance.now() * 100,
  unixNano: () => NOW,
  after(ms, run) {
    const timer = globalThis.setTimeout(run, ms / 100)
    return () => clearTimeout(timer)
  },
}

export async function fuzzDoor({ signal, seed, first, count }: DoorRun): Promise<DoorReport> {
  const broker = new FakeBroker()
  const config = configSchema.parse({
    retention: { signals_days: FUZZ_RETENTION_DAYS },
  })
  const intake = createIntake({
    broker,
    config,
    events: silentEvents,
    clock: hastyClock,
    decoders,
    recogniser,
  })
  const { limits } = config
  const receiver = createOtlpHttpReceiver({
    host: '127.0.0.1',
    port: 0,
    limits,
    intake,
    events: silentEvents,
  })
  await receiver.start()
  const cases = new FuzzCases(signal, seed)
  const statuses: Record<number, number> = {}
  let rows = 0
  try {
    const dice = new Dice()
    for (let done = 0; done < count; done += BATCH) {
      const from = first + done
      await idle(intake, broker)
      dice.start(seed, from)
      const isTroubled = dice.once(TROUBLE_ONE_IN)
      broker.mood = isTroubled
        ? () => dice.pick(['store', 'refuse', 'store and fail'] as const)
        : () => 'store'
      broker.stored.length = 0
      const requests = Array.from({ length: Math.min(BATCH, count - done) }, (_, at) =>
        wrap(cases.at(from + at), dice),
      )
      const answers = await Promise.all(
        requests.map(request => exchange(receiver.address().port, signal, request)),
      )
      for (const status of answers) statuses[status] = (statuses[status] ?? 0) + 1
      rows += requireKept(signal, requests, answers, broker, from, isTroubled)
    }
  } finally {
    await receiver.stop()
    await intake.drain()
  }
  return { requests: count, statuses, rows }
}

/**
 * Of the batch before, nothing comes any more: a request of several streams is answered 503 when the first fails, and the
 * others may be stored after that. And the log, which is asked again after a refusal, is known to take records.
 */
async function idle(intake: Intake, broker: FakeBroker): Promise<void> {
  for (;;) {
    const { openRows, brokerFailure } = intake.stats()
    if (openRows === 0 && brokerFailure === null && broker.inFlight === 0) return
    await setTimeout(1)
  }
}

interface DoorRequest {
  readonly payload: FuzzCase
  readonly headers: Readonly<Record<string, string>>
  readonly body: Uint8Array
  /** What is wrong besides the payload: then 200 would be a lie. */
  readonly broken: boolean
  /** The client hangs up in the middle of the body. */
  readonly breaksOff: boolean
}

function wrap(made: FuzzCase, dice: Dice): DoorRequest {
  const payload = { encoding: made.encoding, bytes: Uint8Array.from(made.bytes) }
  const type = payload.encoding === 'json' ? 'application/json' : 'application/x-protobuf'
  const coding = dice.pick(['identity', 'identity', 'gzip', 'zstd'] as const)
  const headers: Record<string, string> = { 'content-type': type, 'content-encoding': coding }
  let body: Uint8Array = payload.bytes
  if (coding === 'gzip') body = gzipSync(body)
  if (coding === 'zstd') body = zstdCompressSync(body)
  if (dice.once(20)) {
    headers['content-length'] = String(body.length + 1 + dice.below(100))
    return { payload, headers, body, broken: true, breaksOff: true }
  }
  if (coding !== 'identity' && dice.once(5)) {
    // Cut, or with something after its end.
    const cut = dice.once(2)
      ? body.subarray(0, dice.below(body.length))
      : Buffer.concat([body, dice.bytes(new Uint8Array(3))])
    return { payload, headers, body: cut, broken: true, breaksOff: false }
  }
  return { payload, headers, body, broken: false, breaksOff: false }
}

/** The status; 0 when the client broke off. */
async function exchange(port: number, signal: Signal, request: DoorRequest): Promise<number> {
  const client = new RawClient(port)
  try {
    client.post(`/v1/${signal}`, request.headers, request.body)
    if (request.breaksOff) {
      client.socket.end()
      await client.closed()
      return 0
    }
    const { status } = await client.reply()
    if (!STATUSES.includes(status)) throw new Error(`Answered ${status}.`)
    return status
  } finally {
    client.socket.destroy()
  }
}

/** Rows acknowledged, all found. */
function requireKept(
  signal: Signal,
  requests: readonly DoorRequest[],
  answers: readonly number[],
  broker: FakeBroker,
  from: number,
  isTroubled: boolean,
): number {
  const stored = countRows(storedRows(signal, broker))
  let acknowledged = 0
  for (const [at, { payload, broken }] of requests.entries()) {
    const expected = attemptDecode(signal, payload)
    const status = answers[at]!
    const label = `Case ${from + at} through the door, answered ${status}`
    if (status === 200 && (broken || expected === null))
      throw new Error(`${label}: it should not have been taken.`)
    if (status === 400 && !broken && expected !== null)
      throw new Error(`${label}: it should have been taken.`)
    if (status === 503 && !isTroubled) throw new Error(`${label}: the log took everything.`)
    if (status !== 200) continue
    if (at % 16 === 0) judge(signal, payload)
    for (const row of Object.values(expected!).flat()) {
      const text = rowText(row)
      const left = stored.get(text) ?? 0
      if (left === 0) throw new Error(`${label}: the log does not hold ${text}.`)
      stored.set(text, left - 1)
      acknowledged += 1
    }
  }
  const rest = [...stored].filter(([, left]) => left > 0)
  if (!isTroubled && rest.length > 0)
    throw new Error(`Batch at ${from}: the log holds what nobody was told of: ${rest[0]}`)
  return acknowledged
}

function attemptDecode(
  signal: Signal,
  payload: FuzzCase,
): Readonly<Record<string, readonly unknown[]>> | null {
  try {
    return decodedOf(signal, protobufOf(signal, payload), FUZZ_CONTEXT).rows
  } catch {
    return null
  }
}

const builders = createBuilders()

function storedRows(signal: Signal, broker: FakeBroker): unknown[] {
  return SIGNAL_BUILDERS[signal].flatMap(name => {
    const { stream } = builders[name]
    return broker.records(stream.name).flatMap((record): unknown[] => decodeRows(stream, record))
  })
}

function countRows(rows: readonly unknown[]): Map<string, number> {
  const counts = new Map<string, number>()
  for (const row of rows) counts.set(rowText(row), (counts.get(rowText(row)) ?? 0) + 1)
  return counts
}

/** The tenant aside: it is not the payload's. */
const rowText = (row: unknown): string =>
  JSON.stringify(row, (key, value) => {
    if (key === 'Tenant') return ''
    if (typeof value === 'number' && !Number.isFinite(value)) return String(value)
    return typeof value === 'bigint' ? `${value}n` : value
  })
