/**
 * Runs cases through a real receiver and intake, some corrupted on the way, while the log occasionally refuses. Every
 * request gets an allowed answer; every row of an accepted request is in the log, and no refused payload is.
 */
import { setTimeout } from 'node:timers/promises'
import type { Clock } from '../../collector/intake/clock.ts'
import { createIntake, type Intake } from '../../collector/intake/intake.ts'
import { createBuilders, SIGNAL_BUILDERS, type Signal } from '../../collector/otlp/signals.ts'
import { configSchema } from '../../core/catalogue/config/schema.ts'
import { silentEvents } from '../../core/catalogue/events/events.ts'
import { decodeRows } from '../../core/columns/rows.ts'
import { decoders, FakeBroker, type Mood, recogniser } from '../collector/intake/fakes.ts'
import { decodedOf } from '../collector/otlp/decode/ours.ts'
import type { Expected } from '../collector/otlp/decode/reference.ts'
import { NOW } from '../collector/otlp/decode/support.ts'
import { exporterRows, type PointRows } from '../support/exporter-rows.ts'
import type { FuzzCase } from './cases.ts'
import { Dice } from './dice.ts'
import type { DoorAnswer, DoorRequest, OpenFuzzDoor } from './door.ts'
import { casesOf, type FuzzInput, signalOf } from './inputs.ts'
import { FUZZ_CONTEXT, FUZZ_RETENTION_DAYS, isTold, judge, protobufOf } from './judge.ts'

export interface DoorRun {
  readonly input: FuzzInput
  readonly open: OpenFuzzDoor
  readonly seed: number
  readonly first: number
  readonly count: number
}

export interface DoorReport {
  readonly requests: number
  /** Answers by status of the transport; `gone`: none, because the client disconnected. */
  readonly statuses: Readonly<Record<string, number>>
  /** Rows of accepted requests, all found in the log. */
  readonly rows: number
}

const BATCH = 64
/** In one of this many batches the log refuses, or stores and reports a failure. */
const TROUBLE_ONE_IN = 4

/** Intake's time: the day of the payloads, with waits a hundred times shorter. */
const hastyClock: Clock = {
  monotonicMs: () => performance.now() * 100,
  unixNano: () => NOW,
  after(ms, run) {
    const timer = globalThis.setTimeout(run, ms / 100)
    return () => clearTimeout(timer)
  },
}

export async function fuzzDoor({ input, open, seed, first, count }: DoorRun): Promise<DoorReport> {
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
  const door = await open(intake, config.limits)
  const cases = casesOf(input, seed)
  const statuses: Record<string, number> = {}
  let rows = 0
  try {
    const dice = new Dice()
    for (let done = 0; done < count; done += BATCH) {
      const from = first + done
      await idle(intake, broker)
      dice.start(seed, from)
      const isTroubled = dice.once(TROUBLE_ONE_IN)
      broker.mood = isTroubled ? troubled(dice) : () => 'store'
      broker.stored.length = 0
      const client = door.client()
      const requests = Array.from({ length: Math.min(BATCH, count - done) }, (_, at) =>
        client.request(cases.at(from + at), dice),
      )
      const answers = await Promise.all(requests.map(request => request.send()))
      client.end()
      for (const { status } of answers) statuses[status] = (statuses[status] ?? 0) + 1
      rows += requireKept(signalOf(input), requests, answers, broker, from, isTroubled)
    }
  } finally {
    await door.stop()
    await intake.drain()
  }
  return { requests: count, statuses, rows }
}

/** Fails with the first record, and occasionally with others. */
function troubled(dice: Dice): () => Mood {
  const failures: readonly Mood[] = ['refuse', 'store and fail']
  let isFirst = true
  return () => {
    const moods: readonly Mood[] = isFirst ? failures : [...failures, 'store']
    isFirst = false
    return dice.pick(moods)
  }
}

/**
 * Nothing of the previous batch arrives any more: a request of several streams is answered 503 when the first fails,
 * and the others may be stored after that. And the log, which is pinged after a refusal, is known to accept records.
 */
async function idle(intake: Intake, broker: FakeBroker): Promise<void> {
  for (;;) {
    const { openRows, brokerFailure } = intake.stats()
    if (openRows === 0 && brokerFailure === null && broker.inFlight === 0) return
    await setTimeout(1)
  }
}

/** Acknowledged rows, all found. */
function requireKept(
  signal: Signal,
  requests: readonly DoorRequest[],
  answers: readonly DoorAnswer[],
  broker: FakeBroker,
  from: number,
  isTroubled: boolean,
): number {
  const stored = countRows(storedRows(signal, broker))
  let acknowledged = 0
  for (const [at, { payload, broken }] of requests.entries()) {
    const expected = attemptDecode(signal, payload)
    const { outcome, status, partly } = answers[at]!
    const label = `Case ${from + at} through the door, answered ${status}`
    if (outcome === 'taken' && (broken || expected === null))
      throw new Error(`${label}: it should not have been taken.`)
    if (outcome === 'refused' && !broken && expected !== null)
      throw new Error(`${label}: it should have been taken.`)
    if (outcome === 'later' && !isTroubled) throw new Error(`${label}: the log took everything.`)
    if (outcome !== 'taken' || expected === null) continue
    if (partly !== isTold(signal, payload, expected))
      throw new Error(`${label}: said ${partly ? '' : 'nothing '}of what was left out, and it is otherwise.`)
    if (at % 16 === 0) judge(signal, payload)
    for (const row of Object.values(expected.rows).flat()) {
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

function attemptDecode(signal: Signal, payload: FuzzCase): Expected | null {
  try {
    return decodedOf(signal, protobufOf(signal, payload), FUZZ_CONTEXT)
  } catch {
    return null
  }
}

const builders = createBuilders()

function storedRows(signal: Signal, broker: FakeBroker): unknown[] {
  const rows = Object.fromEntries(
    SIGNAL_BUILDERS[signal].map(name => {
      const { stream } = builders[name]
      return [name, broker.records(stream.name).flatMap((record): unknown[] => decodeRows(stream, record))]
    }),
  )
  return Object.values(signal === 'metrics' ? exporterRows(rows as unknown as PointRows) : rows).flat()
}

function countRows(rows: readonly unknown[]): Map<string, number> {
  const counts = new Map<string, number>()
  for (const row of rows) counts.set(rowText(row), (counts.get(rowText(row)) ?? 0) + 1)
  return counts
}

/** Without the tenant, which is not in the payload. */
const rowText = (row: unknown): string =>
  JSON.stringify(row, (key, value) => {
    if (key === 'Tenant') return ''
    if (typeof value === 'number' && !Number.isFinite(value)) return String(value)
    return typeof value === 'bigint' ? `${value}n` : value
  })
