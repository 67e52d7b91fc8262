/** Webhook of Alertmanager, version 4. */
import { fingerprintOf, type LabelSet, sortedLabels } from '../../../core/alerts/labels.ts'
import { isoTime } from '../../../core/model/iso-time.ts'
import { jsonBody, type MakeBody } from './body.ts'

/** What Alertmanager writes for an alert that has not ended. */
const NOT_ENDED = '0001-01-01T00:00:00Z'

/** The object that receivers of Alertmanager's webhooks read. */
export const webhookBody: MakeBody = message =>
  jsonBody({
    version: '4',
    groupKey: `{}:{${labelText(message.groupLabels)}}`,
    truncatedAlerts: 0,
    status: message.status,
    receiver: message.receiver,
    groupLabels: message.groupLabels,
    commonLabels: message.commonLabels,
    commonAnnotations: message.commonAnnotations,
    externalURL: '',
    alerts: message.alerts.map(({ labels, annotations, startsAt, endsAt }) => ({
      status: endsAt === null ? 'firing' : 'resolved',
      labels,
      annotations,
      startsAt: isoTime(startsAt),
      endsAt: endsAt === null ? NOT_ENDED : isoTime(endsAt),
      generatorURL: '',
      fingerprint: fingerprintOf(labels),
    })),
  })

const labelText = (labels: LabelSet): string =>
  sortedLabels(labels)
    .map(([name, value]) => `${name}=${JSON.stringify(value)}`)
    .join(', ')
