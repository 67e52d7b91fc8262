import type { DeliveriesAnswer } from '../../../../core/api/answers.ts'
import { replayPath } from '../../lib/api.ts'
import { agoText } from '../../lib/now.ts'
import { Badge, Empty } from '../../parts/small.tsx'
import type { Act } from './alerts.tsx'

const TONES = { delivered: 'good', failed: 'estimated', dead: 'bad' } as const
const WORDS = { delivered: 'Delivered', failed: 'Failed', dead: 'Dead' } as const

/** Attempts to deliver messages, the newest first. */
export function Deliveries({ answer, act }: { readonly answer: DeliveriesAnswer; readonly act: Act }) {
  if (answer.deliveries.length === 0) return <Empty title="Nothing has been sent yet" />
  return (
    <ul class="row-list">
      {answer.deliveries.map(one => (
        <li key={`${one.id}/${one.attempt}/${one.time}`}>
          <span class="row-name">
            <b>{one.receiver}</b>
            <span class="detail">{agoText(Date.parse(one.time), Date.now())}</span>
          </span>
          <span class="row-text">
            {one.error || `answered ${one.status ?? 'nothing'}`}
            {one.attempt > 1 && `, attempt ${one.attempt}`}
          </span>
          <span class="row-end">
            <Badge tone={TONES[one.outcome]}>{WORDS[one.outcome]}</Badge>
            <button
              type="button"
              class="row-button"
              aria-label={`Send message ${one.id} to ${one.receiver} again`}
              onClick={() => void act('The message is sent again.', 'POST', replayPath(one.id))}
            >
              Send again
            </button>
          </span>
        </li>
      ))}
    </ul>
  )
}
