import type {
  ScalingDecisionAnswer,
  ScalingDecisionsAnswer,
  ScalingEffectAnswer,
} from '../../../../core/api/answers.ts'
import { usePoll } from '../../hooks/use-poll.ts'
import { valueText } from '../../lib/alerts.ts'
import { currencySymbol } from '../../lib/money.ts'
import { clockText, elapsedText } from '../../lib/now.ts'
import { decisionsPath, HEIGHT, RULE_WORDS, stepChart, toneOf, WIDTH } from '../../lib/scaling.ts'
import { Part } from '../../parts/part.tsx'
import { Badge, Empty } from '../../parts/small.tsx'

/** Decisions are made every few seconds at most. */
const DECISIONS_MS = 10_000

/** Decisions of a policy, the newest first: what ruled, by which bounds and inputs, and what came of it. */
export function Decisions({ name }: { readonly name: string }) {
  const decisions = usePoll<ScalingDecisionsAnswer>(decisionsPath(name), DECISIONS_MS)
  return (
    <Part title={`Decisions of ${name}`} answer={decisions}>
      {data =>
        data.decisions.length === 0 ? (
          <Empty title="No decision is in the tables yet" />
        ) : (
          <>
            <Chart decisions={data.decisions} />
            <Table decisions={data.decisions} />
            {data.truncated && <p class="note row-note">Earlier decisions are in table scaling_decisions.</p>}
          </>
        )
      }
    </Part>
  )
}

function Chart({ decisions }: { readonly decisions: readonly ScalingDecisionAnswer[] }) {
  const chart = stepChart(decisions, Date.now())
  if (chart === null) return null
  const label = `Replicas from ${clockText(chart.fromMs, false)} to ${clockText(chart.toMs, false)}, at most ${chart.most}`
  return (
    <figure class="step-chart">
      <svg viewBox={`0 0 ${WIDTH} ${HEIGHT}`} preserveAspectRatio="none" role="img" aria-label={label}>
        {chart.demand !== '' && <polyline class="step-demand" points={chart.demand} />}
        <polyline class="step-replicas" points={chart.replicas} />
      </svg>
      <figcaption class="note">
        <span>{clockText(chart.fromMs, false)}</span>
        <span class="step-legend">
          <i class="step-key" aria-hidden="true" /> replicas
          {chart.demand !== '' && (
            <>
              <i class="step-key step-key-demand" aria-hidden="true" /> demand alone
            </>
          )}
          , at most {chart.most}
        </span>
        <span>{clockText(chart.toMs, false)}</span>
      </figcaption>
    </figure>
  )
}

function Table({ decisions }: { readonly decisions: readonly ScalingDecisionAnswer[] }) {
  return (
    <table class="sheet">
      <thead>
        <tr>
          <th scope="col">Decision</th>
          <th scope="col">Replicas</th>
          <th scope="col">Demand</th>
          <th scope="col">Bounds</th>
          <th scope="col">Intensity, price</th>
          <th scope="col">Effect</th>
        </tr>
      </thead>
      <tbody>
        {decisions.map(one => (
          <Decision key={one.id} decision={one} />
        ))}
      </tbody>
    </table>
  )
}

function Decision({ decision }: { readonly decision: ScalingDecisionAnswer }) {
  const { previous, replicas } = decision
  const price = decision.price_per_kwh
  return (
    <tr>
      <th scope="row">
        <span>
          <time dateTime={decision.time} title={decision.time}>
            {clockText(Date.parse(decision.time))}
          </time>{' '}
          <Badge tone={toneOf(decision.ruled_by)}>{RULE_WORDS[decision.ruled_by]}</Badge>
        </span>
        <details class="walk-sql">
          <summary>Why</summary>
          <ul class="why">
            {decision.explanation.map(text => (
              <li key={text}>{text}</li>
            ))}
            {decision.without.map(text => (
              <li key={text} class="warn">
                {text}
              </li>
            ))}
          </ul>
        </details>
      </th>
      <td data-label="Replicas">
        {previous === null || previous === replicas ? replicas : `${previous} → ${replicas}`}
      </td>
      <td data-label="Demand">
        {decision.demand === null ? 'unknown' : valueText(decision.demand)}
        {decision.demand_age_s !== null && (
          <span class="detail">{elapsedText(decision.demand_age_s * 1000)} old</span>
        )}
      </td>
      <td data-label="Bounds">
        <span class="bounds">
          {decision.bounds.map(({ rule, replicas: bound }) => (
            <span key={rule} class={rule === decision.ruled_by ? 'bound ruled' : 'bound'}>
              {RULE_WORDS[rule]} {bound}
            </span>
          ))}
        </span>
      </td>
      <td data-label="Intensity, price">
        {decision.g_per_kwh === null ? '' : `${valueText(decision.g_per_kwh)} g/kWh`}
        <span class="detail">
          {price === null ? '' : `${currencySymbol(decision.currency)}${valueText(price)}/kWh`}
        </span>
      </td>
      <td data-label="Effect">
        {decision.effect === null ? (
          <span class="quiet">not known yet</span>
        ) : (
          <Effect effect={decision.effect} />
        )}
      </td>
    </tr>
  )
}

/** What the ledger has of the minutes after the decision. */
function Effect({ effect }: { readonly effect: ScalingEffectAnswer }) {
  const { watts, carbon_g: grams, cost, currency } = effect
  if (watts === null) return <span class="quiet">nothing in the ledger</span>
  return (
    <>
      {valueText(round(watts))} W
      {effect.replicas !== null && `, ${valueText(round(effect.replicas))} replicas`}
      <span class="detail">
        {[
          grams === null ? 'carbon unknown' : `${valueText(round(grams))} g`,
          cost === null ? 'no price' : `${currencySymbol(currency)}${valueText(cost)}`,
        ].join(', ')}
      </span>
    </>
  )
}

const round = (value: number): number => Number(value.toPrecision(3))
