/** Streams of alerting: what changed, what is to be sent, what became of it, and what is silenced. */
import { column, type StreamDeclaration } from './stream.ts'

/** Every change of state of an alert. The newest row of a fingerprint is its state now, unless that is `resolved` or `dropped`. */
export const alerts = {
  name: 'alerts',
  key: 'none',
  columns: [
    column('Tenant', 'lowCardinality'),
    // Event time: the end of the data that the rule saw.
    column('Time', 'seconds'),
    column('GroupName', 'lowCardinality'),
    column('Rule', 'lowCardinality'),
    // A digest of the labels, 16 hex digits.
    column('Fingerprint', 'string'),
    // pending | firing | resolved | dropped: was pending, and is good again
    column('State', 'lowCardinality'),
    // NaN: no value
    column('Value', 'float64'),
    column('Labels', 'stringMap'),
    column('Annotations', 'stringMap'),
    // Since when the value is bad.
    column('ActiveAt', 'seconds'),
    // When it began to fire; 0: it does not.
    column('FiredAt', 'seconds'),
  ],
  table: {
    name: 'alerts',
    partitionBy: 'toYYYYMM(Time)',
    orderBy: ['Tenant', 'Rule', 'Fingerprint', 'Time'],
    ttlFrom: 'Time',
    retention: 'ledger',
  },
} as const satisfies StreamDeclaration

/** Messages to receivers, written before the first attempt to send them. */
export const notifications = {
  name: 'notifications',
  key: 'none',
  columns: [
    column('Tenant', 'lowCardinality'),
    column('Time', 'seconds'),
    // The same in every attempt: receivers tell repetitions by it.
    column('NotificationId', 'string'),
    column('Receiver', 'lowCardinality'),
    column('GroupKey', 'string'),
    // firing | resolved
    column('Status', 'lowCardinality'),
    column('Alerts', 'uint32'),
    // The message as JSON, before it gets the form of its receiver.
    column('Message', 'string'),
  ],
  table: {
    name: 'notifications',
    partitionBy: 'toYYYYMM(Time)',
    orderBy: ['Tenant', 'Receiver', 'Time'],
    ttlFrom: 'Time',
    retention: 'signals',
  },
} as const satisfies StreamDeclaration

/** Attempts to send a message. */
export const deliveries = {
  name: 'deliveries',
  key: 'none',
  columns: [
    column('Tenant', 'lowCardinality'),
    column('Time', 'timestampNs'),
    column('NotificationId', 'string'),
    column('Receiver', 'lowCardinality'),
    // From 1 on.
    column('Attempt', 'uint32'),
    // delivered | failed: another attempt follows | dead: no further attempt
    column('Outcome', 'lowCardinality'),
    // HTTP status; 0: no answer.
    column('Status', 'uint32'),
    column('Error', 'string'),
    column('DurationMs', 'uint32'),
    // When the next attempt is due; the epoch: there is none.
    column('NextAttempt', 'seconds'),
  ],
  table: {
    name: 'deliveries',
    partitionBy: 'toYYYYMM(Time)',
    orderBy: ['Tenant', 'Receiver', 'NotificationId', 'Time'],
    ttlFrom: 'toDateTime(Time)',
    retention: 'signals',
  },
} as const satisfies StreamDeclaration

/** Silences, keyed by id; one that was taken back ends when that happened. */
export const silences = {
  name: 'silences',
  key: 'none',
  compacted: true,
  columns: [
    column('Tenant', 'lowCardinality'),
    column('SilenceId', 'string'),
    column('Updated', 'seconds'),
    column('StartsAt', 'seconds'),
    column('EndsAt', 'seconds'),
    column('CreatedBy', 'string'),
    column('Comment', 'string'),
    // Label names and values, `*` as wildcard; all must match.
    column('Matchers', 'stringMap'),
  ],
  table: {
    name: 'silences',
    partitionBy: 'tuple()',
    orderBy: ['Tenant', 'SilenceId', 'Updated'],
    ttlFrom: 'EndsAt',
    retention: 'ledger',
  },
} as const satisfies StreamDeclaration
