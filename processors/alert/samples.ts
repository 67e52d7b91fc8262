/** What the statement of a rule returns: rows of the rule's tenant, behind the fence of all readers. */

import type { EvaluatedRule } from '../../core/alerting/rules.ts'
import { LABEL_NAME } from '../../core/alerts/labels.ts'
import type { AlertSample } from '../../core/alerts/rule.ts'
import type { Config } from '../../core/catalogue/config/schema.ts'
import { WattlineError } from '../../core/catalogue/errors/errors.ts'
import type { Warehouse } from '../../core/warehouse/warehouse.ts'

/** Alerts that one rule may have; more are a mistake in its statement. */
export const MOST_ALERTS = 10_000

/** The column that holds the value; all others are labels. */
const VALUE = 'value'

/** Asks the tables for a rule as of a time. */
export type ReadSamples = (
  tenant: string,
  rule: EvaluatedRule,
  at: number,
  signal: AbortSignal,
) => Promise<readonly AlertSample[]>

/** Asks a warehouse within the limits of all statements. */
export const readSamplesOf =
  (warehouse: Pick<Warehouse, 'fenced'>, limits: Config['limits']['sql']): ReadSamples =>
  async (tenant, rule, at, signal) => {
    const { chunks } = await warehouse.fenced({
      sql: rule.sql,
      ...(rule.isOwn ? { origin: 'own' as const } : {}),
      params: { from: at - rule.windowSeconds, to: at },
      tenant,
      accounts: null,
      format: 'JSONEachRow',
      limits: { maxSeconds: limits.seconds, maxMemoryBytes: limits.memory_bytes, maxResultRows: MOST_ALERTS },
      signal,
    })
    const received: Uint8Array[] = []
    for await (const chunk of chunks) received.push(chunk)
    return Buffer.concat(received)
      .toString('utf8')
      .split('\n')
      .filter(Boolean)
      .map(line => sampleOf(rule, line))
  }

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
