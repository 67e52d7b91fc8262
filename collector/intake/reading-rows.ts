import type { Reading } from '../readings/metric.ts'
import type { RowBuilder } from './signals.ts'

/**
 * Readings as rows of a shared batch. They are a thousandth of what passes through, so they stay objects until the
 * batch closes.
 */
export interface ReadingRows extends RowBuilder {
  add(readings: readonly Reading[]): void
}

/** Rough size of one reading; only the closing limit of a batch depends on it. */
const READING_BYTES = 256

export function createReadingRows(encode: (rows: readonly Reading[]) => Uint8Array): ReadingRows {
  let rows: Reading[] = []
  return {
    get rows() {
      return rows.length
    },
    get byteSize() {
      return rows.length * READING_BYTES
    },
    add(readings) {
      for (const reading of readings) rows.push(reading)
    },
    mark: () => rows.length,
    rollback(mark) {
      if (typeof mark === 'number') rows.length = mark
    },
    clear() {
      rows = []
    },
    finish() {
      const finished = rows
      rows = []
      return encode(finished)
    },
  }
}
