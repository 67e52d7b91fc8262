/** Webhook of Alertmanager, version 4. `npm run test:alertmanager` compares it with what an Alertmanager sends. */
import { type LabelSet, sortedLabels } from '../../../core/alerts/labels.ts'
import { OPERATOR_TENANT } from '../../../core/model/identity.ts'
import { isoSecond } from '../../../core/model/iso-time.ts'
import { jsonReceiverBody, type MakeBody } from './body.ts'
import { alertFingerprint } from './fingerprint.ts'

/** What Alertmanager writes for an alert that has not ended. */
const NOT_ENDED = '0001-01-01T00:00:00Z'

/** The object that receivers of Alertmanager's webhooks read. */
export const webhookBody: MakeBody = message =>
  jsonReceiverBody({
    version: '4',
    groupKey: `${routeText(message.groupKey)}:{${labelText(message.groupLabels)}}`,
    truncatedAlerts: 0,
    status: message.status,
    receiver: message.receiver,
    groupLabels: message.groupLabels,
    commonLabels: message.commonLabels,
    commonAnnotations: message.commonAnnotations,
    routeLabels: {},
    notification_reason: message.reason ?? 'unknown',
    externalURL: '',
    alerts: message.alerts.map(({ labels, annotations, startsAt, endsAt }) => ({
      status: endsAt === null ? 'firing' : 'resolved',
      labels,
      annotations,
      startsAt: isoSecond(startsAt),
      endsAt: endsAt === null ? NOT_ENDED : isoSecond(endsAt),
      generatorURL: '',
      fingerprint: alertFingerprint(labels),
    })),
  })

/** The first route of the operator is what Alertmanager's root is; groups of other routes and tenants must not have the same key. */
function routeText(groupKey: string): string {
  const [, tenant = OPERATOR_TENANT, route = '0'] = /^([^/]*)\/(\d+):/.exec(groupKey) ?? []
  const of = [
    ...(tenant === OPERATOR_TENANT ? [] : [`tenant=${JSON.stringify(tenant)}`]),
    ...(route === '0' ? [] : [`route="${route}"`]),
  ]
  return of.length === 0 ? '{}' : `{}/{${of.join(',')}}`
}

const labelText = (labels: LabelSet): string =>
  sortedLabels(labels)
    .map(([name, value]) => `${name}=${JSON.stringify(value)}`)
    .join(', ')
