import type { Data } from 'apache-arrow'
import type { Interner } from './interner.ts'

/**
 * One growing column of a record. Each kind adds its own ways to append without an intermediate value; `append` is the
 * general one, for row objects.
 */
export interface ColumnBuilder<Value = never> {
  /** Whether the kind is nullable: part of the schema, whether or not this record contains nulls. */
  readonly nullable: boolean
  /** Number of complete values. */
  readonly length: number
  /** Upper limit of the values' bytes in the record before compression. */
  readonly byteSize: number
  /** Dictionaries of this column and its nested columns, in a fixed order. */
  readonly interners: readonly Interner[]
  append(value: Value): void
  /** Drops the values from index `length` on, and anything begun after them. */
  truncate(length: number): void
  /** Drops all values and dictionaries, and keeps the buffers for reuse. */
  clear(): void
  /** Views over the column's buffers, valid until the column changes. */
  toData(): Data
}

/** Initial capacity in rows: small, since low-volume writers make a builder per record. */
export const INITIAL_ROWS = 64
