import type { AlertsAnswer } from '../../../../core/api/answers.ts'
import { alertLabelsText, valueText } from '../../lib/alerts.ts'
import { agoText } from '../../lib/now.ts'
import { Badge, Empty } from '../../parts/small.tsx'

/** Alerts that are pending or firing. */
export function ActiveAlerts(props: {
  readonly answer: AlertsAnswer
  /** Puts the labels of an alert into the form of a new silence. */
  readonly onSilence: (matchers: string) => void
}) {
  const { alerts, truncated } = props.answer
  if (alerts.length === 0) return <Empty title="No alert is pending or firing" />
  return (
    <>
      <ul class="row-list">
        {alerts.map(alert => (
          <li key={alert.fingerprint + alert.rule}>
            <span class="row-name">
              <b>{alert.rule}</b>
              <span class="detail">{alertLabelsText(alert.labels)}</span>
            </span>
            <span class="row-text">
              {alert.annotations['summary'] ?? valueText(alert.value)}, since{' '}
              {agoText(Date.parse(alert.active_at), Date.now()).replace(' ago', '')}
            </span>
            <span class="row-end">
              {alert.silenced_by.length > 0 && <Badge tone="plain">Silenced</Badge>}
              <Badge tone={alert.state === 'firing' ? 'bad' : 'estimated'}>
                {alert.state === 'firing' ? 'Firing' : 'Pending'}
              </Badge>
              <button
                type="button"
                class="row-button"
                aria-label={`Silence ${alert.rule} ${alertLabelsText(alert.labels)}`}
                onClick={() => {
                  props.onSilence(
                    Object.entries(alert.labels)
                      .map(([name, value]) => `${name}=${value}`)
                      .join(', '),
                  )
                  document.getElementById('silence-matchers')?.focus()
                }}
              >
                Silence
              </button>
            </span>
          </li>
        ))}
      </ul>
      {truncated && (
        <p class="note warn row-note">More alerts are not listed; query table alerts with SQL.</p>
      )}
    </>
  )
}
