/**
 * What is known of one partition of a sender's log: the newest records that were put into their streams. A sender repeats
 * only what it has not had an answer for, which is never more than one request, so that much is enough to tell a record
 * that is here already from another one that has its offset.
 */

import { WattlineError } from '../../core/catalogue/errors/errors.ts'
import { MAX_RECORDS, type SourceRecord } from '../../core/model/forwarding.ts'

/** Offset and checksum of the newest records, offsets rising; at most MAX_RECORDS. */
export type AdmittedRecords = readonly Pick<SourceRecord, 'offset' | 'checksum'>[]

interface AdmitOutcome {
  /** Records that are here already: the first ones. */
  readonly repeated: number
  /** Rows of those, which come first as well. */
  readonly repeatedRows: number
  /** What is known afterwards. */
  readonly admitted: AdmittedRecords
}

/**
 * Which of the records of a request are new. @throws WattlineError `origin_conflict` when one that cannot be new is not the
 * one that was here: then two logs share an identity, or one went back to an older copy of itself.
 */
export function decideAdmission(known: AdmittedRecords, records: readonly SourceRecord[]): AdmitOutcome {
  const through = known.at(-1)?.offset ?? -1n
  let repeated = 0
  let repeatedRows = 0
  for (const { offset, rows, checksum } of records) {
    if (offset > through) break
    if (!known.some(record => record.offset === offset && record.checksum === checksum)) {
      throw new WattlineError(
        'origin_conflict',
        `Record ${offset} differs from the one that was received under this offset before (the sender's newest is ${through}).`,
      )
    }
    repeated += 1
    repeatedRows += rows
  }
  const added = records.slice(repeated).map(({ offset, checksum }) => ({ offset, checksum }))
  return { repeated, repeatedRows, admitted: [...known, ...added].slice(-MAX_RECORDS) }
}

const ENTRY_BYTES = 12

/** Twelve bytes a record, big endian: offset (64 bits), checksum (32 bits). */
export function encodeAdmitted(admitted: AdmittedRecords): Uint8Array {
  const bytes = Buffer.alloc(admitted.length * ENTRY_BYTES)
  for (const [at, { offset, checksum }] of admitted.entries()) {
    bytes.writeBigUInt64BE(offset, at * ENTRY_BYTES)
    bytes.writeUInt32BE(checksum, at * ENTRY_BYTES + 8)
  }
  return bytes
}

/** @throws WattlineError `invariant_broken` for bytes that `encodeAdmitted` did not write. */
export function decodeAdmitted(state: Uint8Array): AdmittedRecords {
  const bytes = Buffer.from(state.buffer, state.byteOffset, state.byteLength)
  if (bytes.length % ENTRY_BYTES !== 0) {
    throw new WattlineError('invariant_broken', `Stored state of a sender has ${bytes.length} bytes.`)
  }
  return Array.from({ length: bytes.length / ENTRY_BYTES }, (_, at) => ({
    offset: bytes.readBigUInt64BE(at * ENTRY_BYTES),
    checksum: bytes.readUInt32BE(at * ENTRY_BYTES + 8),
  }))
}
