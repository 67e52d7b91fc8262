/** Envelopes for programs: Standard Webhooks and CloudEvents. Both hold the same data. */
import type { AlertMessage } from '../../../core/alerts/groups.ts'
import { isoTime } from '../../../core/model/iso-time.ts'
import { jsonReceiverBody, type MakeBody } from './body.ts'

const typeOf = ({ status }: AlertMessage): string => `wattline.alert.${status}`

const dataOf = (message: AlertMessage) => ({
  group_key: message.groupKey,
  status: message.status,
  labels: message.commonLabels,
  annotations: message.commonAnnotations,
  alerts: message.alerts.map(({ labels, annotations, value, startsAt, endsAt }) => ({
    status: endsAt === null ? 'firing' : 'resolved',
    labels,
    annotations,
    value,
    starts_at: isoTime(startsAt),
    ends_at: endsAt === null ? null : isoTime(endsAt),
  })),
})

/** Body of Standard Webhooks 1.0: type, timestamp, data. */
export const standardBody: MakeBody = (message, _receiver, writtenAt) =>
  jsonReceiverBody({ type: typeOf(message), timestamp: isoTime(writtenAt), data: dataOf(message) })

/** CloudEvents 1.0, JSON in structured mode. */
export const cloudEventsBody: MakeBody = (message, _receiver, writtenAt) =>
  jsonReceiverBody(
    {
      specversion: '1.0',
      id: message.id,
      source: '/wattline/alerts',
      type: typeOf(message),
      subject: message.commonLabels['alertname'] ?? message.groupKey,
      time: isoTime(writtenAt),
      datacontenttype: 'application/json',
      data: dataOf(message),
    },
    'application/cloudevents+json; charset=utf-8',
  )
