/**
 * The states of alerts: inactive (no instance), pending, firing, resolved (reported once, then gone). Pure: a step from what was
 * known at one evaluation and the samples of the next one. Times are event times in seconds since the epoch, never the clock's.
 */
import { fingerprintOf, type LabelSet } from './labels.ts'
import { ALERT_NAME, type AlertRule, type AlertSample, judge, NO_DATA } from './rule.ts'
import { renderAlertText } from './template.ts'

/** An alert that is pending or firing. */
export interface AlertInstance {
  readonly fingerprint: string
  readonly labels: LabelSet
  readonly annotations: Readonly<Record<string, string>>
  readonly value: number | null
  readonly state: 'pending' | 'firing'
  /** Since when the value is bad. */
  readonly activeAt: number
  /** When it began to fire; null while it is pending. */
  readonly firedAt: number | null
  /** Since when the value is good again while `keep_firing_for` holds it; null: it is bad. */
  readonly goodSince: number | null
  /** Since when it has no row while others have; absent: it has one. */
  readonly absentSince?: number
}

/** A change of state at an evaluation. */
export interface AlertTransition {
  readonly state: 'pending' | 'firing' | 'resolved' | 'dropped'
  readonly instance: AlertInstance
}

/** What a step yields. */
export interface AlertEvaluation {
  readonly instances: ReadonlyMap<string, AlertInstance>
  readonly transitions: readonly AlertTransition[]
}

/**
 * The state after an evaluation at `at`.
 * @throws RangeError when two samples have the same labels: one alert cannot have two values.
 */
export function evaluateRule(
  rule: AlertRule,
  before: ReadonlyMap<string, AlertInstance>,
  samples: readonly AlertSample[],
  at: number,
): AlertEvaluation {
  const instances = new Map<string, AlertInstance>()
  const transitions: AlertTransition[] = []
  const seen = new Map<string, SeenSample>()
  for (const sample of samples) {
    const labels = { ...sample.labels, ...rule.labels, [ALERT_NAME]: rule.name }
    const fingerprint = fingerprintOf(labels)
    if (seen.has(fingerprint)) {
      throw new RangeError(
        `rule ${rule.name} has two values for ${JSON.stringify(labels)}: group its statement by its labels`,
      )
    }
    seen.set(fingerprint, { labels, value: sample.value, judgement: judge(rule.condition, sample.value) })
  }
  // A rule with a condition that gets no value at all has no data: an alert of its own.
  const hasData =
    rule.condition === null || [...seen.values()].some(({ judgement }) => judgement !== 'unknown')
  if (!hasData && rule.noData === 'alert') {
    const labels = { [NO_DATA]: 'true', ...rule.labels, [ALERT_NAME]: rule.name }
    seen.set(fingerprintOf(labels), { labels, value: null, judgement: 'bad' })
  }
  const step: EvaluationStep = { rule, at, instances, transitions }
  for (const [fingerprint, { labels, value, judgement }] of seen) {
    const known = before.get(fingerprint)
    if (judgement === 'bad') worse(step, known, { fingerprint, labels, value })
    else if (known === undefined) continue
    else if (judgement === 'good') better(step, known)
    // What is not known does not resolve an alert, unless the rule says that no data is good.
    else if (rule.noData === 'ok') better(step, known)
    else instances.set(fingerprint, present(known))
  }
  for (const [fingerprint, known] of before) {
    if (!seen.has(fingerprint)) withoutRow(step, known, hasData)
  }
  return { instances, transitions }
}

interface SeenSample {
  readonly labels: LabelSet
  readonly value: number | null
  readonly judgement: ReturnType<typeof judge>
}

/** An evaluation that is under way. */
interface EvaluationStep {
  readonly rule: AlertRule
  readonly at: number
  readonly instances: Map<string, AlertInstance>
  readonly transitions: AlertTransition[]
}

/** An alert whose statement has no row of it. */
function withoutRow(step: EvaluationStep, known: AlertInstance, hasData: boolean): void {
  const { rule, instances } = step
  const isKnown = rule.condition === null || rule.noData === 'ok' || known.labels[NO_DATA] !== undefined
  if (isKnown) better(step, known)
  else if (!hasData) instances.set(known.fingerprint, known)
  else if (rule.absent === 'unknown') untilGone(step, known)
  else if (judge(rule.condition, 0) === 'bad') worse(step, known, { ...known, value: 0 })
  else better(step, known)
}

/** What an alert is about may be gone for good: it does not stay for ever. */
function untilGone({ rule, at, instances, transitions }: EvaluationStep, known: AlertInstance): void {
  const absentSince = known.absentSince ?? at
  if (at - absentSince < rule.goneSeconds) instances.set(known.fingerprint, { ...known, absentSince })
  else transitions.push({ state: known.state === 'firing' ? 'resolved' : 'dropped', instance: known })
}

function present(known: AlertInstance): AlertInstance {
  const { absentSince: _, ...rest } = known
  return rest
}

function worse(
  { rule, at, instances, transitions }: EvaluationStep,
  known: AlertInstance | undefined,
  { fingerprint, labels, value }: Pick<AlertInstance, 'fingerprint' | 'labels' | 'value'>,
): void {
  const activeAt = known?.activeAt ?? at
  const fires = known?.state === 'firing' || at - activeAt >= rule.forSeconds
  const annotations = Object.fromEntries(
    Object.entries(rule.annotations).map(([name, template]) => [
      name,
      renderAlertText(template, { labels, value }),
    ]),
  )
  const next: AlertInstance = {
    fingerprint,
    labels,
    value,
    annotations,
    state: fires ? 'firing' : 'pending',
    activeAt,
    firedAt: fires ? (known?.firedAt ?? at) : null,
    goodSince: null,
  }
  instances.set(fingerprint, next)
  if (next.state !== known?.state) transitions.push({ state: next.state, instance: next })
}

function better({ rule, at, instances, transitions }: EvaluationStep, known: AlertInstance): void {
  if (known.state === 'pending') {
    transitions.push({ state: 'dropped', instance: known })
    return
  }
  const goodSince = known.goodSince ?? at
  if (at - goodSince < rule.keepFiringSeconds)
    instances.set(known.fingerprint, { ...present(known), goodSince })
  else transitions.push({ state: 'resolved', instance: known })
}
