import type { Data } from 'apache-arrow'
import type { Interner } from './interner.ts'

/**
 * One growing column of a record. Each kind adds its own ways to append without an intermediate value; `append` is the
 * plain way, for rows that are objects.
 */
export interface ColumnBuilder<Value = never> {
  /** Whether the kind has nulls: part of the schema, whether or not this record holds any. */
  readonly nullable: boolean
  /** Complete values so far. */
  readonly length: number
  /** Bytes that the values take in the record before compression, at most. */
  readonly byteSize: number
  /** Dictionaries of this column and those nested in it, in a fixed order. */
  readonly interners: readonly Interner[]
  append(value: Value): void
  /** Drops the values from index `length` on, and whatever was begun after them. */
  truncate(length: number): void
  /** Drops all values and dictionaries, keeping buffers to fill again. */
  clear(): void
  /** Views over the column's buffers, valid until it is changed. */
  toData(): Data
}

/** Rows that a column has room for at first: small, since low-volume writers make a builder per record. */
export const INITIAL_ROWS = 64
