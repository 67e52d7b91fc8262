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

/** A record per message. Messages of a group go to one partition: they are sent in order. */
export function messageRecord(
  tenant: string,
  message: AlertMessage,
  partitions: number,
  nowMs: number,
): OutputRecord {
  const partition = partitionOf(tenant, message.groupKey, partitions)
  return {
    stream: notifications.name,
    partition,
    record: {
      value: encodeRows(notifications, [notificationRow(tenant, message, nowMs)]),
      timestampMs: nowMs,
    },
  }
}
