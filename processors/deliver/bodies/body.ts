/** A receiver of messages, as configured. */
import type { AlertMessage } from '../../../core/alerts/groups.ts'
import type { Config } from '../../../core/catalogue/config/schema.ts'
import { digest } from '../../../core/model/digest.ts'

/** One of `alerts.receivers`. */
export type ReceiverConfig = Config['alerts']['receivers'][number]

/** The body that a receiver of some kind understands. */
export interface ReceiverBody {
  readonly body: string
  readonly contentType: string
  /** Put behind the URL; '' for most. */
  readonly path: string
}

/** Puts a message into the form of a kind of receivers. `writtenAt`: when it was written down, seconds since the epoch. */
export type MakeBody = (message: AlertMessage, receiver: ReceiverConfig, writtenAt: number) => ReceiverBody

/** As JSON, at the configured URL. */
export const jsonReceiverBody = (
  content: unknown,
  contentType = 'application/json',
  path = '',
): ReceiverBody => ({
  body: JSON.stringify(content),
  contentType,
  path,
})

/** What a message says in one line. */
export function messageSummary({ status, alerts, commonLabels, commonAnnotations }: AlertMessage): string {
  const { summary } = commonAnnotations
  const first = alerts[0]?.annotations['summary']
  const name = commonLabels['alertname'] ?? 'alerts'
  const state =
    status === 'firing' ? `FIRING:${alerts.filter(one => one.endsAt === null).length}` : 'RESOLVED'
  return `[${state}] ${summary ?? (alerts.length === 1 && first !== undefined ? first : name)}`
}

/** Tells a receiver from one of the same name with another URL. */
export const urlDigest = ({ url }: ReceiverConfig): string => digest(url ?? '', 16)
