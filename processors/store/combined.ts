/**
 * Small records become one: an insert costs tens of milliseconds, however few its rows are, and copying a row costs about a
 * microsecond.
 */
import { WattlineError } from '../../core/catalogue/errors/errors.ts'
import { copyRows } from '../../core/columns/copy-rows.ts'
import { createRecordBuilder, type RecordBuilder } from '../../core/columns/record-builder.ts'
import { columnsIn, type RecordView, readRecord } from '../../core/columns/record-reader.ts'
import type { StreamDeclaration } from '../../core/model/streams/stream.ts'
import { narrowedTo } from '../../core/warehouse/insert.ts'

/** A record of more is an insert of its own: copying its rows would cost as much as it saves. */
const SMALL_BYTES = 65_536
const SMALL_ROWS = 8_192
/** What it may inflate to: one that inflates further was not written by us. */
const SMALL_RAW_BYTES = 2 ** 22
/** Rows and raw bytes at which a combined record is full: the size of a good insert. */
const FULL_ROWS = 32_768
const FULL_BYTES = 2 ** 23

/** added: its rows are in. full: they are for the next one. alone: too large, or not exactly of the columns of the stream. */
type AddResult = 'added' | 'full' | 'alone'

/** Combines records of one stream, in the order in which they are added. */
export class Combiner {
  readonly #builder: RecordBuilder<StreamDeclaration>
  /** 0, 1, 2, ...: all rows of a record. */
  #all = new Int32Array(0)

  constructor(stream: StreamDeclaration) {
    // Columns that a record of an earlier version lacks are filled in by the table, not here.
    const columns = stream.columns.map(({ added: _, ...column }) => column)
    this.#builder = createRecordBuilder({ ...stream, columns })
  }

  /** Adds nothing where it does not answer `added`. */
  add(value: Uint8Array): AddResult {
    if (value.length > SMALL_BYTES) return 'alone'
    try {
      const record = readRecord(this.#builder.stream, value, SMALL_RAW_BYTES)
      if (record.rows > SMALL_ROWS) return 'alone'
      const { rows, byteSize } = this.#builder
      if (rows > 0 && (rows + record.rows > FULL_ROWS || byteSize > FULL_BYTES)) return 'full'
      this.#copy(record)
      return 'added'
    } catch (error) {
      if (error instanceof WattlineError && error.code === 'record_corrupt') return 'alone'
      throw error
    }
  }

  #copy(record: RecordView<StreamDeclaration>): void {
    if (this.#all.length < record.rows) this.#all = Int32Array.from({ length: record.rows }, (_, row) => row)
    copyRows(record, this.#all.subarray(0, record.rows), this.#builder)
  }

  /** The combined record. The combiner is empty afterwards. */
  finish(): Uint8Array {
    return this.#builder.finish()
  }

  /** Drops what was added. */
  clear(): void {
    this.#builder.clear()
  }
}

/**
 * The records of a range that was planned before, as one: by an earlier version perhaps, when the stream had fewer columns.
 * @throws WattlineError `record_corrupt` where they are no longer what they were when the range was planned
 */
export function combine(stream: StreamDeclaration, values: readonly Uint8Array[]): Uint8Array {
  const [first] = values
  if (first === undefined) throw new WattlineError('invariant_broken', `A range of ${stream.name} is empty.`)
  const then = narrowedTo(stream, new Set(columnsIn(stream, first)))
  const combiner = new Combiner(then ?? stream)
  for (const value of values) {
    if (combiner.add(value) === 'added') continue
    throw new WattlineError(
      'record_corrupt',
      `A record of ${stream.name} changed after its insert was planned.`,
    )
  }
  return combiner.finish()
}
