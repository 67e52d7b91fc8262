import { column, type StreamDeclaration } from './stream.ts'

/**
 * Readings that were not metered, mostly because their window was closed when they arrived. They are kept in
 * `readings`, and counted here: one row per record, host, window and series. Their missing energy waits for restating.
 */
export const lateReadings = {
  name: 'late_readings',
  key: 'host',
  columns: [
    column('Tenant', 'lowCardinality'),
    column('Host', 'lowCardinality'),
    column('WindowStart', 'seconds'),
    column('Quantity', 'lowCardinality'),
    column('Domain', 'lowCardinality'),
    column('Device', 'lowCardinality'),
    column('WorkloadKind', 'lowCardinality'),
    column('WorkloadId', 'lowCardinality'),
    // In the unit of the quantity: the part of the counter's difference that falls into the closed window.
    column('Value', 'int64'),
    // The reading's own time.
    column('Timestamp', 'timestampNs'),
    // closed: the window was closed. out_of_order: inside an interval that a closed window used. overflow: too many
    // wait. no_room: a new series of a tenant that has reached metering.state_bytes. ahead: dated after its arrival by
    // a clock that was corrected since. set_back: dated before the counter got that far, by a clock that was set back.
    // implausible: more power or CPU time than possible; Value is what the reading
    // says.
    column('Reason', 'lowCardinality'),
  ],
  table: {
    name: 'late_readings',
    partitionBy: 'toDate(WindowStart)',
    orderBy: ['Tenant', 'Host', 'WindowStart', 'Quantity', 'Domain', 'WorkloadId'],
    ttlFrom: 'WindowStart',
    retention: 'signals',
  },
} as const satisfies StreamDeclaration
