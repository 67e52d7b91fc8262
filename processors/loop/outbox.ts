/**
 * Rows on their way into their streams, gathered into records of a good size: many small senders cost as few inserts as one
 * large one. Rows of one partition keep their order.
 */
import { copyRows } from '../../core/columns/copy-rows.ts'
import { createRecordBuilder, type RecordBuilder } from '../../core/columns/record-builder.ts'
import type { RecordView } from '../../core/columns/record-reader.ts'
import type { StreamDeclaration } from '../../core/model/streams/stream.ts'

/** Rows and raw bytes at which a record is full: the size of a good insert. */
const FULL_ROWS = 32_768
const FULL_BYTES = 8 * 1024 * 1024

interface OutboxRecord {
  readonly stream: string
  readonly partition: number
  readonly value: Uint8Array
}

interface OpenRecord {
  readonly stream: string
  readonly partition: number
  readonly builder: RecordBuilder<StreamDeclaration>
}

/** Collects rows for other partitions. A record is closed at 32,768 rows or 8 MiB. */
export class Outbox {
  readonly #open = new Map<string, OpenRecord>()
  #full: OutboxRecord[] = []
  /** Rows added since the last `take`. */
  rows = 0

  /** Adds rows of a record to the end of a partition. @throws WattlineError `record_corrupt`; nothing is added then. */
  add(
    stream: StreamDeclaration,
    partition: number,
    record: RecordView<StreamDeclaration>,
    rows: readonly number[],
    fixed: Readonly<Record<string, string>>,
  ): void {
    const { builder } = this.#at(stream, partition)
    if (builder.rows > 0 && builder.rows + rows.length > FULL_ROWS) this.#close(stream, partition)
    copyRows(record, rows, builder, fixed)
    this.rows += rows.length
    if (builder.rows >= FULL_ROWS || builder.byteSize >= FULL_BYTES) this.#close(stream, partition)
  }

  /** Everything added so far, as records; the outbox is empty afterwards. */
  take(): readonly OutboxRecord[] {
    for (const open of this.#open.values()) if (open.builder.rows > 0) this.#finish(open)
    const records = this.#full
    this.#full = []
    this.rows = 0
    return records
  }

  #at(stream: StreamDeclaration, partition: number): OpenRecord {
    const key = `${stream.name}/${partition}`
    const known = this.#open.get(key)
    if (known !== undefined) return known
    const open = { stream: stream.name, partition, builder: createRecordBuilder(stream) }
    this.#open.set(key, open)
    return open
  }

  #close(stream: StreamDeclaration, partition: number): void {
    this.#finish(this.#at(stream, partition))
  }

  #finish({ stream, partition, builder }: OpenRecord): void {
    this.#full.push({ stream, partition, value: builder.finish() })
  }
}
