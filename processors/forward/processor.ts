/**
 * Sends what this log holds to another instance, in order, one request at a time per partition, and commits what was
 * acknowledged there. While the receiver is unreachable the log keeps the records: the loop waits and resumes at the same record.
 */
import { type AssignedPartition, RECORD_KIND, type StoredRecord } from '../../core/broker/broker.ts'
import { asWattlineError } from '../../core/catalogue/errors/errors.ts'
import type { Events } from '../../core/catalogue/events/events.ts'
import { readRecord } from '../../core/columns/record-reader.ts'
import { MAX_RECORDS } from '../../core/model/forwarding.ts'
import { FORWARDED_STREAMS } from '../../core/model/streams/forwarded.ts'
import type { StreamDeclaration } from '../../core/model/streams/stream.ts'
import { assertReadable } from '../loop/readable.ts'
import type { PartitionWorker, Processor } from '../loop/runner.ts'
import type { Step } from '../loop/step.ts'
import type { Exporter, PendingRecord } from './exporter.ts'

/** Also the consumer group. */
const FORWARD = 'forward'

/** Processor `forward`. Commits after the receiver has acknowledged; a record that it refuses is quarantined alone. */
export function createForward(options: { readonly exporter: Exporter; readonly events: Events }): Processor {
  const streams = new Map(
    FORWARDED_STREAMS.filter(stream => options.exporter.takes(stream)).map(stream => [stream.name, stream]),
  )
  return {
    name: FORWARD,
    streams: [...streams.keys()],
    // No more records than a receiver remembers: what a crash repeats are those of one poll.
    poll: { maxRecords: MAX_RECORDS, maxBytes: 512 * 1024, maxWaitMs: 5_000 },
    open: async partition => new ForwardWorker(options, partition, streams.get(partition.stream)!),
    close: () => options.exporter.close(),
  }
}

interface UnacknowledgedRecord extends PendingRecord {
  readonly record: StoredRecord
}

class ForwardWorker implements PartitionWorker {
  readonly #exporter: Exporter
  readonly #events: Events
  readonly #partition: AssignedPartition
  readonly #stream: StreamDeclaration
  /** Of this poll, in order: what is not acknowledged yet. */
  #waiting: UnacknowledgedRecord[] = []
  /** How many of them are sent one by one, to find the one that was refused. */
  #singly = 0

  constructor(
    { exporter, events }: { readonly exporter: Exporter; readonly events: Events },
    partition: AssignedPartition,
    stream: StreamDeclaration,
  ) {
    this.#exporter = exporter
    this.#events = events
    this.#partition = partition
    this.#stream = stream
  }

  apply(record: StoredRecord): void {
    assertReadable(record)
    if (record.headers[RECORD_KIND] !== undefined) return
    const { offset, value } = record
    this.#waiting.push({ record, offset, value, view: readRecord(this.#stream, value) })
  }

  async finish(step: Step): Promise<void> {
    while (this.#waiting.length > 0) await this.#sendNext(step)
  }

  async #sendNext(step: Step): Promise<void> {
    const records = this.#next()
    const { stream, partition, revoked } = this.#partition
    const log = this.#partition.logOf(records[0]!.offset)
    try {
      await this.#exporter.send({ stream: this.#stream, partition, log, records }, revoked)
      this.#events.emit('recordsForwarded', { stream, amount: records.length })
      this.#done(records.length)
    } catch (thrown) {
      const error = asWattlineError(thrown, 'invariant_broken')
      if (error.disposition !== 'quarantine') throw error
      if (records.length > 1) {
        this.#singly = records.length
        return
      }
      const { record } = records[0]!
      const from = { processor: FORWARD, stream, partition }
      step.quarantine(record, from, error)
      this.#events.emit('recordQuarantined', { ...from, offset: record.offset, code: error.code }, error)
      this.#done(1)
    }
  }

  /** The records of the next request: as many as fit. */
  #next(): readonly UnacknowledgedRecord[] {
    if (this.#singly > 0) return this.#waiting.slice(0, 1)
    let [rows, bytes, count] = [0, 0, 0]
    const log = this.#partition.logOf(this.#waiting[0]!.offset)
    for (const { view, value, offset } of this.#waiting) {
      // One request tells of one log.
      if (this.#partition.logOf(offset) !== log) break
      rows += view.rows
      bytes += value.length
      if (count > 0 && !this.#exporter.fits(rows, bytes)) break
      count += 1
    }
    return this.#waiting.slice(0, count)
  }

  #done(count: number): void {
    this.#waiting.splice(0, count)
    this.#singly = Math.max(0, this.#singly - count)
  }
}
