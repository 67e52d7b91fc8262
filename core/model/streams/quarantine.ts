import { column, type StreamDeclaration } from './stream.ts'

/** Code of rows that note a replay: begun, and done; then Error is the record's new place, `traces/0/25`. */
export const REPLAY_CODES = ['replaying', 'replayed'] as const

/** Records that no one could process, whole and with the error, so that a corrected version can process them later. */
export const quarantine = {
  name: 'quarantine',
  key: 'none',
  columns: [
    column('Time', 'timestampNs'),
    column('Processor', 'lowCardinality'),
    column('Stream', 'lowCardinality'),
    column('Partition', 'uint32'),
    column('Offset', 'int64'),
    // Code of the error catalogue, and the error's own words; or one of REPLAY_CODES.
    column('Code', 'lowCardinality'),
    column('Error', 'string'),
    column('Headers', 'stringMap'),
    // The record's bytes, base64.
    column('Record', 'string'),
    // Of records of streams that have keys; else empty.
    column('Key', 'string'),
  ],
  table: {
    name: 'quarantine',
    partitionBy: 'toYYYYMM(Time)',
    orderBy: ['Stream', 'Partition', 'Offset'],
    ttlFrom: 'toDateTime(Time)',
    retention: 'ledger',
  },
} as const satisfies StreamDeclaration
