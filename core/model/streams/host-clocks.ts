import { column, type StreamDeclaration } from './stream.ts'

/**
 * Hosts whose readings are dated differently from their arrival. A row is written when this begins, when it changes
 * much, every hour while it lasts, and when it ends. A host that never had a row is right, or has not been observed for
 * three minutes.
 */
export const hostClocks = {
  name: 'host_clocks',
  key: 'host',
  columns: [
    column('Tenant', 'lowCardinality'),
    column('Host', 'lowCardinality'),
    column('HostName', 'lowCardinality'),
    // Time of arrival, by the clock that stamps records.
    column('Time', 'seconds'),
    // ahead: its clock is ahead. behind: its clock is behind, or its readings are always that late. right: neither any
    // more.
    column('State', 'lowCardinality'),
    // By how many ms the newest reading is dated after its arrival, at the least delay; negative: behind.
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
