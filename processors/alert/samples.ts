/** Values of rules, and the rows of a statement as such. */

import type { EvaluatedRule } from '../../core/alerting/rules.ts'
import { LABEL_NAME } from '../../core/alerts/labels.ts'
import type { AlertSample } from '../../core/alerts/rule.ts'
import { WattlineError } from '../../core/catalogue/errors/errors.ts'

/** The column that holds the value; all others are labels. */
const VALUE = 'value'

/** The values of a rule as of a time. */
export type ReadSamples = (
  tenant: string,
  rule: EvaluatedRule,
  at: number,
  signal: AbortSignal,
) => Promise<readonly AlertSample[]>

/** @throws WattlineError `alert_rule_failed` for a row that is not an alert */
export function sampleOf(rule: Pick<EvaluatedRule, 'name' | 'condition'>, line: string): AlertSample {
  const row = JSON.parse(line) as Readonly<Record<string, unknown>>
  const labels: Record<string, string> = {}
  for (const [name, value] of Object.entries(row)) {
    if (name === VALUE) continue
    if (!LABEL_NAME.test(name)) {
      throw failed(rule.name, `column ${name} is not a label name. Give it one with AS, such as AS host`)
    }
    labels[name] = typeof value === 'string' ? value : JSON.stringify(value)
  }
  if (!(VALUE in row)) {
    if (rule.condition === null) return { labels, value: null }
    throw failed(rule.name, 'its statement returns no column `value`. Name the value with AS value')
  }
  return { labels, value: numberOf(rule.name, row[VALUE]) }
}

/** NULL is no value. The engine writes 64-bit integers, and NaN and infinities, as text or null. */
function numberOf(rule: string, given: unknown): number | null {
  if (given === null) return null
  const value = typeof given === 'string' ? textValue(given) : given
  if (typeof value !== 'number') throw failed(rule, `column value is ${JSON.stringify(given)}, not a number`)
  return value
}

function textValue(text: string): number | string {
  const special: Readonly<Record<string, number>> = { nan: Number.NaN, inf: Infinity, '-inf': -Infinity }
  const known = special[text.toLowerCase()]
  if (known !== undefined) return known
  const value = Number(text)
  return text.trim() === '' || Number.isNaN(value) ? text : value
}

const failed = (rule: string, why: string): WattlineError =>
  new WattlineError('alert_rule_failed', `Rule ${rule} cannot be evaluated: ${why}.`)
