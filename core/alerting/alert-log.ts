/** What people change about alerts, written to the log. */
import { randomUUID } from 'node:crypto'
import type { AlertMessage } from '../alerts/groups.ts'
import type { Broker } from '../broker/broker.ts'
import { encodeRows } from '../columns/rows.ts'
import { digest } from '../model/digest.ts'
import { notifications, silences } from '../model/streams/index.ts'
import type { RowOf } from '../model/streams/stream.ts'
import { notificationRow } from './notification-row.ts'

/** A silence as it is put. Seconds since the epoch. */
export interface SilenceContent {
  readonly id: string
  readonly matchers: Readonly<Record<string, string>>
  readonly startsAt: number
  readonly endsAt: number
  readonly createdBy: string
  readonly comment: string
}

/** Writes silences, and messages that are to be sent again; resolves once they are durable. */
export interface AlertLog {
  silence(tenant: string, content: SilenceContent): Promise<void>
  replay(tenant: string, message: AlertMessage): Promise<void>
}

/** A new id of a silence. */
export const newSilenceId = (): string => randomUUID()

/** Key of a silence's record: two tenants may use the same id, and a key must not name a tenant that is erased. */
export const silenceKey = (tenant: string, id: string): string => digest(`${tenant}/${id}`, 32)

/** @param now wall clock, unix ms */
export function createAlertLog(log: Pick<Broker, 'append'>, now: () => number): AlertLog {
  return {
    async silence(tenant, { id, matchers, startsAt, endsAt, createdBy, comment }) {
      const row: RowOf<typeof silences> = {
        Tenant: tenant,
        SilenceId: id,
        Updated: Math.floor(now() / 1000),
        StartsAt: startsAt,
        EndsAt: endsAt,
        CreatedBy: createdBy,
        Comment: comment,
        Matchers: matchers,
      }
      const key = silenceKey(tenant, id)
      await log.append(silences.name, 0, [{ key, value: encodeRows(silences, [row]), timestampMs: now() }])
    },
    async replay(tenant, message) {
      // Its place among the messages of its group is gone anyway.
      await log.append(notifications.name, 0, [
        { value: encodeRows(notifications, [notificationRow(tenant, message, now())]), timestampMs: now() },
      ])
    },
  }
}
