import type { RuleAnswer } from '../../../core/api/answers.ts'

/** Labels as text, without the name of the alert: `account=shop, severity=page`. */
export const alertLabelsText = (labels: Readonly<Record<string, string>>): string =>
  Object.entries(labels)
    .filter(([name]) => name !== 'alertname')
    .map(([name, value]) => `${name}=${value}`)
    .join(', ')

/** Condition of a rule: `above 900 for 10 min`; a rule without one is bad whenever it has rows. */
export function conditionText({ above, below, for: forSeconds }: RuleAnswer): string {
  const parts = [...(above === null ? [] : [`above ${above}`]), ...(below === null ? [] : [`below ${below}`])]
  const wait =
    forSeconds > 0
      ? ` for ${forSeconds >= 60 ? `${Math.round(forSeconds / 60)} min` : `${forSeconds} s`}`
      : ''
  return `${parts.length === 0 ? 'any row' : parts.join(' or ')}${wait}`
}

/** Six digits at most. */
export const valueText = (value: number | null): string =>
  value === null ? 'no value' : String(Number(value.toPrecision(6)))

/** Matchers that people write, `account=batch-*, severity=page`; null: the text is none. */
export function parseMatchers(text: string): Readonly<Record<string, string>> | null {
  const matchers: Record<string, string> = {}
  for (const part of text.split(',').filter(one => one.trim() !== '')) {
    const [, name, value] = /^\s*([A-Za-z_][A-Za-z0-9_]*)\s*=\s*(.*?)\s*$/.exec(part) ?? []
    if (name === undefined || value === undefined || name in matchers) return null
    matchers[name] = value
  }
  return Object.keys(matchers).length === 0 ? null : matchers
}
