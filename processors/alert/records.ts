/** Records of alerting: changes of state, and messages. */

import { notificationRow } from '../../core/alerting/notification-row.ts'
import type { RuleGroup } from '../../core/alerting/rules.ts'
import type { AlertMessage } from '../../core/alerts/groups.ts'
import type { AlertTransition } from '../../core/alerts/instance.ts'
import type { OutputRecord } from '../../core/broker/broker.ts'
import { encodeRows } from '../../core/columns/rows.ts'
import { partitionOf } from '../../core/model/partition.ts'
import { alerts, notifications } from '../../core/model/streams/index.ts'
import type { RowOf } from '../../core/model/streams/stream.ts'

/** Row of table `alerts`. */
export type TransitionRow = RowOf<typeof alerts>

/** A change of state as a row. */
export const transitionRow = (
  group: Pick<RuleGroup, 'tenant' | 'name'>,
  rule: string,
  { state, instance }: AlertTransition,
  at: number,
): TransitionRow => ({
  Tenant: group.tenant,
  Time: at,
  GroupName: group.name,
  Rule: rule,
  Fingerprint: instance.fingerprint,
  State: state,
  Value: instance.value ?? Number.NaN,
  Labels: instance.labels,
  Annotations: instance.annotations,
  ActiveAt: instance.activeAt,
  FiredAt: instance.firedAt ?? 0,
})

/** One record of all changes of an evaluation; none without changes. */
export const transitionRecords = (rows: readonly TransitionRow[], nowMs: number): readonly OutputRecord[] =>
  rows.length === 0
    ? []
    : [{ stream: alerts.name, partition: 0, record: { value: encodeRows(alerts, rows), timestampMs: nowMs } }]

/** A message, and the tenant of its group. */
export interface OutgoingMessage {
  readonly tenant: string
  readonly message: AlertMessage
}

/** Rows and characters of one record; a message that is longer has a record of its own. */
const MOST_ROWS = 500
const MOST_CHARACTERS = 524_288

/**
 * Messages as records, in their order. Those of a group go to one partition: they are sent in order. Many share a record, because
 * each record is an insert of the tables.
 */
export function messageRecords(
  messages: readonly OutgoingMessage[],
  partitions: number,
  nowMs: number,
): readonly OutputRecord[] {
  const byPartition = Map.groupBy(messages, ({ tenant, message }) =>
    partitionOf(tenant, message.groupKey, partitions),
  )
  return [...byPartition].flatMap(([partition, of]) =>
    inParts(of.map(({ tenant, message }) => notificationRow(tenant, message, nowMs))).map(rows => ({
      stream: notifications.name,
      partition,
      record: { value: encodeRows(notifications, rows), timestampMs: nowMs },
    })),
  )
}

type NotificationRow = ReturnType<typeof notificationRow>

function inParts(rows: readonly NotificationRow[]): readonly NotificationRow[][] {
  const parts: NotificationRow[][] = []
  let characters = Number.POSITIVE_INFINITY
  for (const row of rows) {
    const last = parts.at(-1)
    characters += row.Message.length
    if (last === undefined || last.length >= MOST_ROWS || characters > MOST_CHARACTERS) {
      parts.push([row])
      characters = row.Message.length
    } else last.push(row)
  }
  return parts
}
