/** The log's part of an erasure: wait until everything in it is read, then delete it. */
import { setTimeout as delay } from 'node:timers/promises'
import { type Broker, RECORD_KIND } from '../../core/broker/broker.ts'
import {
  lateReadings,
  notifications,
  readings,
  STREAMS,
  scalingDecisions,
  silences,
} from '../../core/model/streams/index.ts'
import type { LogReader } from '../../core/model/streams/readers.ts'
import { erasedValue } from '../alert/forget.ts'
import { DELIVER } from '../deliver/processor.ts'
import { ERASE_KIND, erasureValue } from '../loop/erasure.ts'
import { RECOMPUTE } from '../recompute/processor.ts'
import { SIGNAL } from '../signal/processor.ts'

/** What an erasure needs of the log. `trim` is missing for Kafka, which deletes by retention only. */
export type ErasingBroker = Pick<Broker, 'kind' | 'lag' | 'append' | 'newest' | 'trim'>

const POLL_MS = 200
/** Reading produces records of further streams: forwarded, readings, energy, ledger. */
const ROUNDS = 4

/** Offset after the last record, by `stream/partition`. */
type StreamEnds = ReadonlyMap<string, bigint>

/** Groups whose state names tenants, and the stream by which they hear of an erasure. */
const STATEFUL = [
  ['meter', readings.name],
  [RECOMPUTE, lateReadings.name],
  [DELIVER, notifications.name],
  [SIGNAL, scalingDecisions.name],
] as const

/** Appends records after which the processors have no state of the tenant. */
export async function forgetInState(
  broker: ErasingBroker,
  tenant: string,
  timestampMs: number,
): Promise<void> {
  const [value, headers] = [erasureValue(tenant), { [RECORD_KIND]: ERASE_KIND }]
  for (const [group, stream] of STATEFUL) {
    for (const { partition } of await broker.lag(group, stream)) {
      await broker.append(stream, partition, [{ value, headers, timestampMs }])
    }
  }
  const erased = { key: ERASE_KIND, value: erasedValue(tenant), headers, timestampMs }
  await broker.append(silences.name, 0, [erased])
}

/** Resolves once all readers have read what is in the log now, and what came of that. */
export async function readToEnd(
  broker: ErasingBroker,
  readers: readonly LogReader[],
  signal: AbortSignal,
  report: (doing: string) => void,
): Promise<StreamEnds> {
  let ends: StreamEnds = new Map()
  for (let round = 0; round < ROUNDS; round += 1) {
    ends = await endsOf(broker, readers)
    for (const reader of readers) await untilRead(broker, reader, ends, signal, report)
  }
  return ends
}

async function endsOf(broker: ErasingBroker, readers: readonly LogReader[]): Promise<StreamEnds> {
  const ends = new Map<string, bigint>()
  for (const { group, stream } of readers) {
    for (const { partition, end } of await broker.lag(group, stream)) ends.set(`${stream}/${partition}`, end)
  }
  return ends
}

async function untilRead(
  broker: ErasingBroker,
  { group, stream }: LogReader,
  ends: StreamEnds,
  signal: AbortSignal,
  report: (doing: string) => void,
): Promise<void> {
  for (;;) {
    const behind = (await broker.lag(group, stream)).filter(
      ({ partition, committed, oldestPendingMs }) =>
        committed < (ends.get(`${stream}/${partition}`) ?? 0n) && oldestPendingMs !== null,
    )
    if (behind.length === 0) return
    report(
      `waits until ${group} has read ${behind.map(({ partition }) => `${stream}/${partition}`).join(', ')}`,
    )
    await delay(POLL_MS, undefined, { signal })
  }
}

const COMPACTED = new Set(STREAMS.filter(({ compacted }) => compacted).map(({ name }) => name))

/** Drops what lies before the ends; resolves with how many records are left of it. */
export async function dropRead(broker: ErasingBroker, ends: StreamEnds): Promise<number> {
  let left = 0n
  for (const [place, end] of ends) {
    const slash = place.lastIndexOf('/')
    const [stream, partition] = [place.slice(0, slash), Number(place.slice(slash + 1))]
    // Factors and bills: those of a tenant are ended, and leave the log as superseded records do.
    if (COMPACTED.has(stream)) continue
    const first = (await broker.trim?.(stream, partition, end)) ?? end
    if (first < end) left += end - first
  }
  return Number(left)
}
