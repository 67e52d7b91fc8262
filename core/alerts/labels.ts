/** Label sets, and what selects them. */
import { digest } from '../model/digest.ts'

/** Names and values; they alone identify an alert. */
export type LabelSet = Readonly<Record<string, string>>

/** As Prometheus allows it. */
export const LABEL_NAME = /^[a-zA-Z_][a-zA-Z0-9_]{0,127}$/

/** The same for equal sets, whatever the order of their names: 16 hex digits, as in Alertmanager. */
export const fingerprintOf = (labels: LabelSet): string => digest(JSON.stringify(sortedLabels(labels)), 16)

/** Pairs in the order of their names. */
export const sortedLabels = (labels: LabelSet): readonly (readonly [string, string])[] =>
  Object.entries(labels).sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0))

/** Value of a label that must match: exact, or with `*` as wildcard. A label that is missing is empty. */
export type LabelMatchers = Readonly<Record<string, string>>

/** Whether all matchers hold; true without any. */
export const matchesAll = (matchers: LabelMatchers, labels: LabelSet): boolean =>
  Object.entries(matchers).every(([name, pattern]) => matchesPattern(pattern, labels[name] ?? ''))

function matchesPattern(pattern: string, value: string): boolean {
  const [first = '', ...rest] = pattern.split('*')
  const last = rest.pop()
  if (last === undefined) return value === pattern
  if (!value.startsWith(first) || value.length < first.length + last.length || !value.endsWith(last))
    return false
  let at = first.length
  for (const part of rest) {
    const found = value.indexOf(part, at)
    if (found < 0) return false
    at = found + part.length
  }
  return at <= value.length - last.length
}

/** The labels that all sets have with one value. */
export function commonLabels(sets: readonly LabelSet[]): LabelSet {
  const [first = {}, ...rest] = sets
  return Object.fromEntries(
    Object.entries(first).filter(([name, value]) => rest.every(other => other[name] === value)),
  )
}
