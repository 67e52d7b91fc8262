/** PagerDuty Events API v2: a group of alerts is an incident, which its end resolves. */
import { digest } from '../../../core/model/digest.ts'
import { isoTime } from '../../../core/model/iso-time.ts'
import { jsonReceiverBody, type MakeBody, messageSummary } from './body.ts'

/** Public address of the API. */
export const PAGERDUTY_URL = 'https://events.pagerduty.com/v2/enqueue'

const SEVERITIES = ['critical', 'error', 'warning', 'info']
const MOST_SUMMARY = 1_024
/** Alerts named in the details: an event may have 512 KB. */
const MOST_ALERTS = 100

/** The severity is that of label `severity`, where PagerDuty knows it; `page` is `critical`. */
export const pagerdutyBody: MakeBody = (message, receiver, writtenAt) => {
  const event = {
    routing_key: receiver.routing_key,
    dedup_key: digest(message.groupKey, 32),
    event_action: message.status === 'firing' ? 'trigger' : 'resolve',
  }
  if (message.status === 'resolved') return jsonReceiverBody(event)
  const label = message.commonLabels['severity'] ?? ''
  return jsonReceiverBody({
    ...event,
    payload: {
      summary: messageSummary(message).slice(0, MOST_SUMMARY),
      source: message.commonLabels['host'] ?? message.commonLabels['service'] ?? 'wattline',
      severity: SEVERITIES.includes(label) ? label : label === 'page' ? 'critical' : 'error',
      timestamp: isoTime(writtenAt),
      group: message.groupKey,
      class: message.commonLabels['alertname'] ?? '',
      custom_details: {
        labels: message.commonLabels,
        annotations: message.commonAnnotations,
        alerts: message.alerts.slice(0, MOST_ALERTS).map(({ labels, value }) => ({ labels, value })),
        number_of_alerts: message.alerts.length,
      },
    },
  })
}
