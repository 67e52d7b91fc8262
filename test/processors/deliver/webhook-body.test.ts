// Guarantees: the webhook has the fields, times, fingerprints and group key that Alertmanager sends (recorded from 0.25.0;
// `npm run test:alertmanager` compares with a newer one), and groups of other routes and tenants have keys of their own.
import { expect, it } from 'vitest'
import type { AlertMessage } from '../../../core/alerts/groups.ts'
import { alertsSchema } from '../../../core/catalogue/config/keys/alerts.ts'
import { webhookBody } from '../../../processors/deliver/bodies/webhook.ts'

const RECORDED = {
  receiver: 'hook',
  status: 'resolved',
  alerts: [
    {
      status: 'resolved',
      labels: { alertname: 'CarbonBudgetBurn', severity: 'page', tenant: 'shop' },
      annotations: {},
      startsAt: '2026-11-30T02:49:07Z',
      endsAt: '2026-11-30T02:49:10Z',
      generatorURL: '',
      fingerprint: '59af8dc6914648fd',
    },
  ],
  groupLabels: { alertname: 'CarbonBudgetBurn', tenant: 'shop' },
  commonLabels: { alertname: 'CarbonBudgetBurn', severity: 'page', tenant: 'shop' },
  commonAnnotations: {},
  version: '4',
  groupKey: '{}:{alertname="CarbonBudgetBurn", tenant="shop"}',
  truncatedAlerts: 0,
}

const [receiver] = alertsSchema.parse({
  receivers: [{ name: 'hook', kind: 'webhook', url: 'http://a/' }],
}).receivers
const seconds = (iso: string): number => Date.parse(iso) / 1000
const [alert] = RECORDED.alerts
const message: AlertMessage = {
  ...RECORDED,
  id: 'msg_1',
  groupKey: 'default/0:hook:[]',
  status: 'resolved',
  reason: 'all alerts resolved',
  alerts: [{ ...alert!, value: 1, startsAt: seconds(alert!.startsAt), endsAt: seconds(alert!.endsAt) }],
}
const bodyOf = (one: AlertMessage): unknown => JSON.parse(webhookBody(one, receiver!, 0).body)

it('is what an Alertmanager sends', () => {
  expect(bodyOf(message)).toEqual({
    ...RECORDED,
    externalURL: '',
    routeLabels: {},
    notification_reason: 'all alerts resolved',
  })
})

it('says of an alert that fires that it has not ended', () => {
  const firing = { ...message, alerts: [{ ...message.alerts[0]!, endsAt: null }] }
  expect(bodyOf(firing)).toMatchObject({ alerts: [{ status: 'firing', endsAt: '0001-01-01T00:00:00Z' }] })
})

it('has a group key for each route and tenant', () => {
  const keys = ['default/0:hook:[]', 'default/1:hook:[]', 'shop/0:hook:[]', 'shop/12:hook:[]'].map(
    groupKey => (bodyOf({ ...message, groupKey }) as { groupKey: string }).groupKey.split(':')[0],
  )
  expect(keys).toEqual(['{}', '{}/{route="1"}', '{}/{tenant="shop"}', '{}/{tenant="shop",route="12"}'])
})
