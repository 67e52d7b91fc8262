/** A rule as it is evaluated, and what an evaluation finds. */
import type { LabelMatchers, LabelSet } from './labels.ts'

/** When a value is bad; without a condition every row that the statement returns is. */
export interface AlertCondition {
  readonly above?: number | undefined
  readonly below?: number | undefined
}

/** What an alert becomes when its statement returns nothing of it, although a condition says what a good value is. */
export type NoDataPolicy = 'alert' | 'ok' | 'keep'

/** Times in seconds. */
export interface AlertRule {
  readonly name: string
  readonly condition: AlertCondition | null
  /** A value must be bad for this long before the alert fires. */
  readonly forSeconds: number
  /** An alert fires for this long after the value is good again. */
  readonly keepFiringSeconds: number
  readonly noData: NoDataPolicy
  /** What an alert without a row has while others have rows. */
  readonly absent: 'zero' | 'unknown'
  /** An alert whose value is unknown while others have rows ends after this: what it was about is gone. */
  readonly goneSeconds: number
  readonly labels: LabelSet
  /** Templates. */
  readonly annotations: Readonly<Record<string, string>>
}

/** A row of a statement. */
export interface AlertSample {
  readonly labels: LabelSet
  /** Null: the statement returns no value. */
  readonly value: number | null
}

/** Alerts whose labels match are not sent. Seconds since the epoch. */
export interface Silence {
  readonly id: string
  readonly matchers: LabelMatchers
  readonly startsAt: number
  readonly endsAt: number
}

/** Name of the label that every alert has. */
export const ALERT_NAME = 'alertname'
/** Label of the alert that says that a rule has no data. */
export const NO_DATA = 'no_data'

/** What a value says. NaN is bad: a ratio of nothing is not a good value. Without a condition every row is. */
export function judge(condition: AlertCondition | null, value: number | null): 'good' | 'bad' | 'unknown' {
  if (condition === null) return 'bad'
  if (value === null) return 'unknown'
  if (Number.isNaN(value)) return 'bad'
  const { above, below } = condition
  const isBad = (above !== undefined && value > above) || (below !== undefined && value < below)
  return isBad ? 'bad' : 'good'
}
