import { useState } from 'preact/hooks'
import type { ScalingNumber, ScalingNumbers, ScalingPoliciesAnswer } from '../../../../core/api/answers.ts'
import { type Polled, usePoll } from '../../hooks/use-poll.ts'
import { elapsedText } from '../../lib/now.ts'
import { POLICIES_PATH, RULE_WORDS, SCALING_PATH, toneOf } from '../../lib/scaling.ts'
import { Part } from '../../parts/part.tsx'
import { Badge, Empty } from '../../parts/small.tsx'
import { Decisions } from './decisions.tsx'

/** Autoscalers ask about as often. */
const NUMBERS_MS = 5_000
const POLICIES_MS = 30_000

/** How many replicas policies want, and why; the decisions of one of them. */
export function Scaling() {
  const numbers = usePoll<ScalingNumbers>(SCALING_PATH, NUMBERS_MS)
  const policies = usePoll<ScalingPoliciesAnswer>(POLICIES_PATH, POLICIES_MS)
  const [chosen, setChosen] = useState('')
  const known = numbers.data?.policies ?? []
  const name = known.some(one => one.name === chosen) ? chosen : (known[0]?.name ?? '')
  return (
    <div class="screen">
      <Part title="Scaling policies" answer={numbers}>
        {data => (
          <>
            <ul class="policy-list">
              {data.policies.map(number => (
                <li key={number.name}>
                  <Policy number={number} isChosen={number.name === name} onChoose={setChosen} />
                </li>
              ))}
            </ul>
            <Undecided known={data.policies} policies={policies} />
          </>
        )}
      </Part>
      {name !== '' && <Decisions key={name} name={name} />}
    </div>
  )
}

function Policy(props: {
  readonly number: ScalingNumber
  readonly isChosen: boolean
  readonly onChoose: (name: string) => void
}) {
  const { number } = props
  const { object } = number
  return (
    <button type="button" aria-pressed={props.isChosen} onClick={() => props.onChoose(number.name)}>
      <span class="row-name">
        <b>{number.name}</b>
        <span class="detail">
          {object === null ? '' : `${object.kind} ${object.namespace}/${object.name}`}
        </span>
      </span>
      <span class="policy-replicas">
        <b class="figure">{number.replicas}</b>
        <span class="detail">
          {number.previous === null || number.previous === number.replicas
            ? number.replicas === 1
              ? 'replica'
              : 'replicas'
            : `from ${number.previous}`}
        </span>
      </span>
      <span class="row-text policy-why">
        {number.explanation}
        {number.stale !== null && <span class="warn"> {number.stale.text}.</span>}
      </span>
      <span class="row-end">
        <Badge tone={toneOf(number.ruled_by)}>{RULE_WORDS[number.ruled_by]}</Badge>
        {number.stale === null ? (
          <span class="detail">{elapsedText(number.age_s * 1000)} old</span>
        ) : (
          <Badge tone="bad">Stale, {elapsedText(number.age_s * 1000)} old</Badge>
        )}
      </span>
    </button>
  )
}

/** Policies that have no decision yet; and what to do where there is none at all. */
function Undecided(props: {
  readonly known: readonly ScalingNumber[]
  readonly policies: Polled<ScalingPoliciesAnswer>
}) {
  const names = new Set(props.known.map(({ name }) => name))
  const waiting = (props.policies.data?.policies ?? []).filter(({ name }) => !names.has(name))
  if (waiting.length > 0) {
    return (
      <p class="note row-note">
        No decision yet: {waiting.map(({ name }) => name).join(', ')}. New policies get their first one within
        their interval.
      </p>
    )
  }
  if (names.size > 0) return null
  return (
    <Empty title="There are no scaling policies">
      <p>
        Add them under <code>scaling</code> in the configuration, or put one with{' '}
        <code>PUT api/v1/scaling/policies/NAME</code>.
      </p>
    </Empty>
  )
}
