import { column, type StreamDeclaration } from './stream.ts'

/** Codes of rows that record a replay: begun, and done; Error is then the record's new position, `traces/0/25`. */
export const REPLAY_CODES = ['replaying', 'replayed'] as const

/**
 * Records that could not be processed, complete and with the error, so that a corrected version can process them later.
 */
export const quarantine = {
  name: 'quarantine',
  key: 'none',
  columns: [
    column('Time', 'timestampNs'),
    column('Processor', 'lowCardinality'),
    column('Stream', 'lowCardinality'),
    column('Partition', 'uint32'),
    column('Offset', 'int64'),
    // Code of the error catalogue; Error is its message. Or one of REPLAY_CODES.
    column('Code', 'lowCardinality'),
    column('Error', 'string'),
    column('Headers', 'stringMap'),
    // The record's bytes, base64.
    column('Record', 'string'),
    // For records of streams with keys; otherwise empty.
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
