/**
 * Puts records of other instances into their streams, each once: what a sender repeats, because an answer was lost on the
 * way, is known by its place in the sender's log. Records, what is known, and the input offset are one transaction.
 */
import type { AssignedPartition, StoredRecord } from '../../core/broker/broker.ts'
import { REPLAY_OF } from '../../core/broker/replay.ts'
import { WattlineError } from '../../core/catalogue/errors/errors.ts'
import type { Events } from '../../core/catalogue/events/events.ts'
import type { Int64View } from '../../core/columns/column-views.ts'
import { type RecordView, readRecord } from '../../core/columns/record-reader.ts'
import {
  ADMIT_HEADERS,
  FORWARD_HEADERS,
  FORWARDED_HEADER,
  parseManifest,
  type SourceRecord,
} from '../../core/model/forwarding.ts'
import { partitionOf } from '../../core/model/partition.ts'
import { FORWARDED_STREAMS, TIME_COLUMN } from '../../core/model/streams/forwarded.ts'
import { forwarded, type readings } from '../../core/model/streams/index.ts'
import type { StreamDeclaration } from '../../core/model/streams/stream.ts'
import { sleep } from '../../core/runtime/backoff.ts'
import { Outbox } from '../loop/outbox.ts'
import { assertReadable } from '../loop/readable.ts'
import type { PartitionWorker, Processor } from '../loop/runner.ts'
import type { Step } from '../loop/step.ts'
import { type AdmittedRecords, decideAdmission, decodeAdmitted, encodeAdmitted } from './admitted.ts'

interface AdmitOptions {
  readonly partitionsOf: (stream: string) => number
  /** How far from its arrival a row may be dated, as on every receiver. */
  readonly futureNano: bigint
  readonly pastNano: bigint
  /** Milliseconds to wait for more after a poll of few rows: an insert costs the engine as much however small it is. */
  readonly thinWaitMs: number
  readonly events: Events
}

/** Rows of a poll below which the next one waits for more. */
const THIN_ROWS = 1_000

const STREAMS: ReadonlyMap<string, StreamDeclaration> = new Map(
  FORWARDED_STREAMS.map(stream => [stream.name, stream]),
)

/**
 * Processor `admit`. Each forwarded record takes effect once; `origin_conflict` sets one aside that contradicts an
 * earlier one.
 */
export function createAdmit(options: AdmitOptions): Processor {
  return {
    name: 'admit',
    streams: [forwarded.name],
    poll: { maxRecords: 64, maxBytes: 4 * 1024 * 1024, maxWaitMs: 5_000 },
    async open(partition) {
      const known = new Map<string, AdmittedRecords>()
      for (const [source, bytes] of await partition.loadState()) known.set(source, decodeAdmitted(bytes))
      return new AdmitWorker(options, partition, known)
    },
  }
}

/** The headers of a forwarded record; see core/model/forwarding.ts. */
interface ForwardedHeaders {
  readonly stream: StreamDeclaration
  /** Partition of the sender's log, as text. */
  readonly source: string
  readonly records: readonly SourceRecord[]
  readonly tenant: string
}

class AdmitWorker implements PartitionWorker {
  readonly #options: AdmitOptions
  readonly #partition: AssignedPartition
  readonly #known: Map<string, AdmittedRecords>
  readonly #changed = new Set<string>()
  readonly #outbox = new Outbox()
  #timestampMs = 0
  #isThin = false

  constructor(options: AdmitOptions, partition: AssignedPartition, known: Map<string, AdmittedRecords>) {
    this.#options = options
    this.#partition = partition
    this.#known = known
  }

  apply(record: StoredRecord): void {
    const { events } = this.#options
    const { stream, source, records, tenant } = forwardedHeaders(record)
    const isReplay = record.headers[REPLAY_OF] !== undefined
    // A replay is asked for by an operator, who has checked that the record is not stored.
    const { repeated, repeatedRows, admitted } = isReplay
      ? { repeated: 0, repeatedRows: 0, admitted: null }
      : decideAdmission(this.#known.get(source) ?? [], records)
    if (repeated < records.length) this.#admit(record, stream, tenant, repeatedRows)
    if (admitted !== null) {
      this.#known.set(source, admitted)
      this.#changed.add(source)
    }
    this.#timestampMs = record.timestampMs
    const fresh = records.length - repeated
    if (fresh > 0) events.emit('recordsAdmitted', { stream: stream.name, amount: fresh })
    if (repeated > 0) events.emit('recordsRepeated', { stream: stream.name, amount: repeated, source })
  }

  finish(step: Step): void {
    this.#isThin = this.#outbox.rows < THIN_ROWS
    for (const { stream, partition, value } of this.#outbox.take()) {
      step.emit(stream, partition, {
        value,
        headers: { [FORWARDED_HEADER]: '1' },
        timestampMs: this.#timestampMs,
      })
    }
    for (const source of this.#changed) step.state.set(source, encodeAdmitted(this.#known.get(source)!))
    this.#changed.clear()
  }

  async tick(): Promise<void> {
    if (!this.#isThin) return
    this.#isThin = false
    await sleep(this.#options.thinWaitMs, this.#partition.revoked)
  }

  /** Copies the rows from `from` on that may be stored for their time into the partitions where they belong. */
  #admit(record: StoredRecord, stream: StreamDeclaration, tenant: string, from: number): void {
    const view = readRecord(stream, record.value)
    const rows = this.#rowsInTime(record, stream, view, from)
    const fixed = { Tenant: tenant }
    const count = this.#options.partitionsOf(stream.name)
    if (stream.key === 'none') {
      this.#outbox.add(stream, this.#partition.partition % count, view, rows, fixed)
      return
    }
    const { Host } = (view as RecordView<typeof readings>).columns
    const byPartition = Map.groupBy(rows, row => partitionOf(tenant, Host.get(row), count))
    for (const [partition, part] of byPartition) this.#outbox.add(stream, partition, view, part, fixed)
  }

  /** Compares with the arrival of the record, not with a clock, so that a replay decides the same. */
  #rowsInTime(
    { timestampMs }: StoredRecord,
    stream: StreamDeclaration,
    view: RecordView<StreamDeclaration>,
    from: number,
  ): readonly number[] {
    const { futureNano, pastNano, events } = this.#options
    const arrivedNano = BigInt(timestampMs) * 1_000_000n
    const [oldest, newest] = [arrivedNano - pastNano, arrivedNano + futureNano]
    const views = view.columns as unknown as Readonly<Record<string, Int64View>>
    const times = views[TIME_COLUMN[stream.name]!]!.values
    const rows: number[] = []
    let [past, future] = [0, 0]
    for (let row = from; row < view.rows; row += 1) {
      const time = times[row]!
      if (time < oldest) past += 1
      else if (time > newest) future += 1
      else rows.push(row)
    }
    const tell = (reason: string, amount: number): void => {
      if (amount > 0) events.emit('rowsNotAdmitted', { stream: stream.name, reason, amount })
    }
    tell('time_in_past', past)
    tell('time_in_future', future)
    return rows
  }
}

function forwardedHeaders(record: StoredRecord): ForwardedHeaders {
  assertReadable(record)
  const { headers } = record
  const said = (name: string): string => headers[name] ?? ''
  const stream = STREAMS.get(said(ADMIT_HEADERS.stream))
  const records = parseManifest(said(FORWARD_HEADERS.records))
  const tenant = said(ADMIT_HEADERS.tenant)
  if (stream === undefined || records === null || tenant === '') {
    throw new WattlineError('record_corrupt', 'Its headers do not name a stream, its records and a tenant.')
  }
  const source = `${said(FORWARD_HEADERS.origin)}/${stream.name}/${said(FORWARD_HEADERS.partition)}`
  return { stream, source, records, tenant }
}
