/**
 * The states of alerts: inactive (no instance), pending, firing, resolved (reported once, then gone). Pure: a step from what was
 * known at one evaluation and the samples of the next one. Times are event times in seconds since the epoch, never the clock's.
 */
import { fingerprintOf, type LabelSet } from './labels.ts'
import { ALERT_NAME, type AlertRule, type AlertSample, isBad, NO_DATA } from './rule.ts'
import { renderTemplate } from './template.ts'

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
}

/** A change of state at an evaluation. */
export interface AlertTransition {
  readonly state: 'pending' | 'firing' | 'resolved' | 'dropped'
  readonly instance: AlertInstance
}

/** What a step yields. */
export interface Evaluated {
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
): Evaluated {
  const instances = new Map<string, AlertInstance>()
  const transitions: AlertTransition[] = []
  const seen = new Map<
    string,
    { readonly labels: LabelSet; readonly sample: AlertSample; readonly bad: boolean }
  >()
  for (const sample of withNoData(rule, samples)) {
    const labels = { ...sample.labels, ...rule.labels, [ALERT_NAME]: rule.name }
    const fingerprint = fingerprintOf(labels)
    if (seen.has(fingerprint)) {
      throw new RangeError(
        `rule ${rule.name} has two values for ${JSON.stringify(labels)}: group its statement by its labels`,
      )
    }
    const isNoData = sample.labels[NO_DATA] !== undefined && samples.length === 0
    seen.set(fingerprint, { labels, sample, bad: isNoData || isBad(rule.condition, sample.value) })
  }
  for (const [fingerprint, { labels, sample, bad }] of seen) {
    const known = before.get(fingerprint)
    if (bad) {
      const next = worse(rule, known, { fingerprint, labels, value: sample.value }, at)
      instances.set(fingerprint, next)
      if (next.state !== known?.state) transitions.push({ state: next.state, instance: next })
    } else if (known !== undefined) better(rule, known, at, instances, transitions)
  }
  for (const [fingerprint, known] of before) {
    if (seen.has(fingerprint)) continue
    // What is not known does not resolve an alert, unless the rule says that no data is good, or rows are what is bad.
    const isUnknown = rule.condition !== null && rule.noData !== 'ok' && known.labels[NO_DATA] === undefined
    if (isUnknown) instances.set(fingerprint, known)
    else better(rule, known, at, instances, transitions)
  }
  return { instances, transitions }
}

/** A rule with a condition that gets no row at all has no data: an alert of its own. */
function withNoData(rule: AlertRule, samples: readonly AlertSample[]): readonly AlertSample[] {
  if (samples.length > 0 || rule.condition === null || rule.noData !== 'alert') return samples
  return [{ labels: { [NO_DATA]: 'true' }, value: null }]
}

function worse(
  rule: AlertRule,
  known: AlertInstance | undefined,
  found: { readonly fingerprint: string; readonly labels: LabelSet; readonly value: number | null },
  at: number,
): AlertInstance {
  const activeAt = known?.activeAt ?? at
  const fires = known?.state === 'firing' || at - activeAt >= rule.forSeconds
  const annotations = Object.fromEntries(
    Object.entries(rule.annotations).map(([name, template]) => [name, renderTemplate(template, found)]),
  )
  return {
    ...found,
    annotations,
    state: fires ? 'firing' : 'pending',
    activeAt,
    firedAt: fires ? (known?.firedAt ?? at) : null,
    goodSince: null,
  }
}

function better(
  rule: AlertRule,
  known: AlertInstance,
  at: number,
  instances: Map<string, AlertInstance>,
  transitions: AlertTransition[],
): void {
  if (known.state === 'pending') {
    transitions.push({ state: 'dropped', instance: known })
    return
  }
  const goodSince = known.goodSince ?? at
  if (at - goodSince < rule.keepFiringSeconds) instances.set(known.fingerprint, { ...known, goodSince })
  else transitions.push({ state: 'resolved', instance: known })
}
