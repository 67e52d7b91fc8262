import { createRecordBuilder } from '../../../core/columns/record-builder.ts'
import { readRecord } from '../../../core/columns/record-reader.ts'
import { decodeRows, encodeRows } from '../../../core/columns/rows.ts'
import { energy, ledger } from '../../../core/model/streams/index.ts'
import type { EnergyRow, LedgerRow } from '../../../core/model/streams/ledger.ts'
import type { Rate } from '../../../processors/rate/rate.ts'

/** Rows through `rate` as records, as the processor does. */
export function rateRows(rate: Rate, rows: readonly EnergyRow[], history = ''): LedgerRow[] {
  const entries = createRecordBuilder(ledger)
  rate.rate(readRecord(energy, encodeRows(energy, rows)), entries, history)
  return entries.rows === 0 ? [] : decodeRows(ledger, entries.finish())
}
