/** A message as a row of stream `notifications`, whoever writes it. */
import type { AlertMessage } from '../alerts/groups.ts'
import type { notifications } from '../model/streams/index.ts'
import type { RowOf } from '../model/streams/stream.ts'

/** @param nowMs when it is written, unix ms */
export const notificationRow = (
  tenant: string,
  message: AlertMessage,
  nowMs: number,
): RowOf<typeof notifications> => ({
  Tenant: tenant,
  Time: Math.floor(nowMs / 1000),
  NotificationId: message.id,
  Receiver: message.receiver,
  GroupKey: message.groupKey,
  Status: message.status,
  Alerts: message.alerts.length,
  Message: JSON.stringify(message),
})
