/** The alarm that OpenStack's Aodh posts, for what listens to Aodh today: Heat's signal URLs among others. */
import { digest } from '../../../core/model/digest.ts'
import { jsonReceiverBody, type MakeBody, messageSummary } from './body.ts'

const SEVERITIES = ['low', 'moderate', 'critical']

/** A group of alerts is one alarm. */
export const aodhBody: MakeBody = message => {
  const fires = message.status === 'firing'
  const label = message.commonLabels['severity'] ?? ''
  const first = message.alerts.find(one => one.endsAt === null) ?? message.alerts[0]
  return jsonReceiverBody({
    alarm_id: digest(message.groupKey, 32),
    alarm_name: message.commonLabels['alertname'] ?? message.groupKey,
    severity: SEVERITIES.includes(label) ? label : 'moderate',
    previous: fires ? 'ok' : 'alarm',
    current: fires ? 'alarm' : 'ok',
    reason: messageSummary(message),
    reason_data: {
      type: 'threshold',
      disposition: fires ? 'outside' : 'inside',
      count: message.alerts.length,
      most_recent: first?.value ?? null,
    },
  })
}
