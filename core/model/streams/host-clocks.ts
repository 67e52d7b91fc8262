import { column, type StreamDeclaration } from './stream.ts'

/**
 * Hosts whose readings are dated otherwise than their arrival says: a row when that begins, when it changes much, every hour while
 * it lasts, and when it is over. A host that never had a row is right, or has not been seen for three minutes.
 */
export const hostClocks = {
  name: 'host_clocks',
  key: 'host',
  columns: [
    column('Tenant', 'lowCardinality'),
    column('Host', 'lowCardinality'),
    column('HostName', 'lowCardinality'),
    // Of the arrival, by the clock that stamps records.
    column('Time', 'seconds'),
    // ahead: its clock is ahead. behind: its clock is behind, or its readings are always so late. right: neither any more.
    column('State', 'lowCardinality'),
    // What the newest reading is dated after its arrival, at its least delayed, ms: below 0 it is behind.
    column('OffsetMs', 'int64'),
  ],
  table: {
    name: 'host_clocks',
    partitionBy: 'toYYYYMM(Time)',
    orderBy: ['Tenant', 'Host', 'Time'],
    ttlFrom: 'Time',
    retention: 'signals',
  },
} as const satisfies StreamDeclaration
