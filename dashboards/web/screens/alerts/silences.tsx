import { useState } from 'preact/hooks'
import type { SilenceAnswer } from '../../../../core/api/answers.ts'
import { alertLabelsText, parseMatchers } from '../../lib/alerts.ts'
import { SILENCES_PATH } from '../../lib/api.ts'
import { Badge } from '../../parts/small.tsx'
import type { Act } from './alerts.tsx'

const HOUR_MS = 3_600_000
const DURATIONS = [
  { hours: 1, label: '1 hour' },
  { hours: 8, label: '8 hours' },
  { hours: 24, label: '1 day' },
  { hours: 168, label: '1 week' },
] as const

/** A form for a new silence, and those that are not over. */
export function Silences(props: {
  readonly silences: readonly SilenceAnswer[]
  readonly matchers: string
  readonly onMatchers: (text: string) => void
  readonly act: Act
}) {
  return (
    <>
      <NewSilence {...props} />
      <ul class="row-list">
        {props.silences.map(silence => (
          <li key={silence.id}>
            <span class="row-name">
              <b>{matchersText(silence)}</b>
              <span class="detail">{silence.comment || silence.created_by}</span>
            </span>
            <span class="row-text">until {new Date(silence.ends_at).toLocaleString()}</span>
            <span class="row-end">
              {Date.parse(silence.starts_at) > Date.now() && <Badge tone="plain">Not begun</Badge>}
              <button
                type="button"
                class="row-button"
                aria-label={`End the silence of ${matchersText(silence)}`}
                onClick={() =>
                  void props.act(
                    'The silence has ended.',
                    'DELETE',
                    `${SILENCES_PATH}/${encodeURIComponent(silence.id)}`,
                  )
                }
              >
                End
              </button>
            </span>
          </li>
        ))}
      </ul>
    </>
  )
}

function NewSilence(props: {
  readonly matchers: string
  readonly onMatchers: (text: string) => void
  readonly act: Act
}) {
  const [hours, setHours] = useState('1')
  const [comment, setComment] = useState('')
  const matchers = parseMatchers(props.matchers)
  const isWrong = matchers === null && props.matchers.trim() !== ''
  const create = async (event: Event): Promise<void> => {
    event.preventDefault()
    if (matchers === null) return
    const ends_at = new Date(Date.now() + Number(hours) * HOUR_MS).toISOString()
    const body = { matchers, ends_at, comment, created_by: 'page' }
    if (!(await props.act('The alerts are silenced.', 'POST', SILENCES_PATH, body))) return
    props.onMatchers('')
    setComment('')
  }
  return (
    <form class="silence-form" onSubmit={event => void create(event)}>
      <label class="wide">
        <span class="label">Labels that must match</span>
        <input
          id="silence-matchers"
          value={props.matchers}
          placeholder="alertname=CarbonHigh, account=batch-*"
          aria-invalid={isWrong}
          onInput={event => props.onMatchers(event.currentTarget.value)}
        />
      </label>
      <label>
        <span class="label">For</span>
        <select value={hours} onChange={event => setHours(event.currentTarget.value)}>
          {DURATIONS.map(one => (
            <option key={one.hours} value={String(one.hours)}>
              {one.label}
            </option>
          ))}
        </select>
      </label>
      <label class="wide">
        <span class="label">Comment</span>
        <input value={comment} onInput={event => setComment(event.currentTarget.value)} />
      </label>
      <button type="submit" class="row-button" disabled={matchers === null}>
        Silence
      </button>
      {isWrong && <p class="note warn wide">Write label=value, separated by commas; * is a wildcard.</p>}
    </form>
  )
}

const matchersText = ({ matchers }: SilenceAnswer): string => {
  const { alertname, ...others } = matchers
  return [alertname, alertLabelsText(others)].filter(Boolean).join(', ')
}
