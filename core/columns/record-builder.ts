import { WattlineError } from '../catalogue/errors/errors.ts'
import type { Column, StreamDeclaration } from '../model/streams/stream.ts'
import type { ColumnBuilder } from './column.ts'
import { type BuilderOfKind, createColumn } from './column-kinds.ts'
import type { Interner } from './interner.ts'
import type { ListColumn } from './list-column.ts'
import { RecordSerialiser } from './record-bytes.ts'

type BuilderOf<C extends Column> = C['list'] extends true
  ? ListColumn<BuilderOfKind[C['kind']]>
  : BuilderOfKind[C['kind']]

/** The columns of a stream by name, each with the builder of its kind. */
export type ColumnsOf<S extends StreamDeclaration> = {
  readonly [C in S['columns'][number] as C['name']]: BuilderOf<C>
}

/** Position of a builder: its rows, and the size of each dictionary. */
interface BuilderMark {
  readonly rows: number
  readonly dictionarySizes: readonly number[]
}

/**
 * Builds records of one stream. A row is written column by column in any order and ended with `endRow`; then every
 * column must have one more value.
 */
export interface RecordBuilder<S extends StreamDeclaration> {
  readonly stream: S
  readonly columns: ColumnsOf<S>
  /** Complete rows. */
  readonly rows: number
  /** Raw bytes: upper limit of the record before compression, without its few hundred bytes of schema. */
  readonly byteSize: number
  endRow(): void
  /** Drops everything written since the last complete row. Its dictionary values may stay; they do no harm. */
  discardRow(): void
  mark(): BuilderMark
  /** Returns to a mark of this record: removes all later rows and dictionary values. */
  rollback(mark: BuilderMark): void
  /** The rows as one record: an Arrow IPC stream of one batch, zstd-compressed. The builder is empty afterwards. */
  finish(): Uint8Array
  /** Drops everything. */
  clear(): void
}

/** An empty builder with one column builder for each declared column. */
export function createRecordBuilder<S extends StreamDeclaration>(stream: S): RecordBuilder<S> {
  return new ColumnarBuilder(stream)
}

class ColumnarBuilder<S extends StreamDeclaration> implements RecordBuilder<S> {
  readonly stream: S
  readonly columns: ColumnsOf<S>
  readonly #columns: readonly ColumnBuilder[]
  readonly #interners: readonly Interner[]
  readonly #serialiser = new RecordSerialiser()
  #rows = 0

  constructor(stream: S) {
    this.stream = stream
    this.#columns = stream.columns.map((column, index) => createColumn(column, index))
    this.#interners = this.#columns.flatMap(column => column.interners)
    const named = stream.columns.map((column, index) => [column.name, this.#columns[index]])
    // The table of kinds makes each builder from the declaration that this type is computed from.
    this.columns = Object.fromEntries(named) as ColumnsOf<S>
  }

  get rows(): number {
    return this.#rows
  }

  get byteSize(): number {
    let bytes = 0
    for (const column of this.#columns) bytes += column.byteSize
    return bytes
  }

  endRow(): void {
    this.#rows += 1
  }

  discardRow(): void {
    for (const column of this.#columns) column.truncate(this.#rows)
  }

  mark(): BuilderMark {
    return { rows: this.#rows, dictionarySizes: this.#interners.map(interner => interner.size) }
  }

  rollback(mark: BuilderMark): void {
    this.#rows = mark.rows
    this.discardRow()
    for (const [index, interner] of this.#interners.entries()) {
      interner.truncate(mark.dictionarySizes[index]!)
    }
  }

  finish(): Uint8Array {
    this.#checkLengths()
    const columns = this.#columns.map(column => column.toData())
    const record = this.#serialiser.record(this.stream, columns, this.#rows)
    this.clear()
    return record
  }

  clear(): void {
    this.#rows = 0
    for (const column of this.#columns) column.clear()
  }

  /** A column with too few or too many values would shift all rows after it: better no record at all. */
  #checkLengths(): void {
    for (const [index, column] of this.#columns.entries()) {
      if (column.length !== this.#rows) {
        const { name } = this.stream.columns[index]!
        throw new WattlineError(
          'invariant_broken',
          `Column ${name} of ${this.stream.name} holds ${column.length} values for ${this.#rows} rows.`,
        )
      }
    }
  }
}
