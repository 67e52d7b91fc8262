/**
 * The record after which whoever rates looks factors up again. It stands in the streams of what is rated, so what comes after it
 * is rated by factors at least as new, however long a process stood still: no clock is involved.
 */
import { type NewRecord, RECORD_KIND } from '../../core/broker/broker.ts'
import { encodeRows } from '../../core/columns/rows.ts'
import type { StreamDeclaration } from '../../core/model/streams/stream.ts'

/** Value of its header `kind`. */
export const FACTORS_REVISED_KIND = 'factors_revised'

/** It has no rows, so processes of older versions make nothing of it. */
export const factorsRevised = (stream: StreamDeclaration, nowMs: number): NewRecord => ({
  value: encodeRows(stream, []),
  headers: { [RECORD_KIND]: FACTORS_REVISED_KIND },
  timestampMs: nowMs,
})
