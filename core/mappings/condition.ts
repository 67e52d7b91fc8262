/** Conditions of mappings: what labels must be for a row to apply. */
import type { LabelReader } from './template.ts'

/** A condition on one label. */
export interface LabelCondition {
  readonly label: string
  /** Null: the label is exactly `text`. */
  readonly pattern: RegExp | null
  readonly text: string
}

const PATTERN = /^\/(.+)\/(i?)$/

/** @returns why a condition cannot be read */
export function parseConditions(
  when: Readonly<Record<string, string>>,
): readonly LabelCondition[] | { readonly problem: string } {
  const conditions: LabelCondition[] = []
  for (const [label, text] of Object.entries(when)) {
    const found = PATTERN.exec(text)
    try {
      conditions.push({
        label,
        text,
        pattern: found === null ? null : new RegExp(found[1]!, `${found[2]}u`),
      })
    } catch (error) {
      return { problem: `${JSON.stringify(text)} is not a regular expression: ${(error as Error).message}` }
    }
  }
  return conditions
}

/** Longer values are cut: patterns are tried on what strangers send. */
const LONGEST_VALUE = 1024
const NO_GROUPS: Readonly<Record<string, string>> = {}

/** Named groups of the patterns, if all conditions hold; null: one does not. */
export function matchConditions(
  conditions: readonly LabelCondition[],
  read: LabelReader,
): Readonly<Record<string, string>> | null {
  let groups = NO_GROUPS
  for (const { label, pattern, text } of conditions) {
    const value = read(label)
    if (pattern === null) {
      if (value !== text) return null
      continue
    }
    const found = pattern.exec(value.slice(0, LONGEST_VALUE))
    if (found === null) return null
    if (found.groups !== undefined) groups = { ...groups, ...found.groups }
  }
  return groups
}

/** Whether no labels meet both: they want different texts of one label. Two patterns may always meet. */
export function areDisjoint(some: readonly LabelCondition[], others: readonly LabelCondition[]): boolean {
  return some.some(one =>
    others.some(other => {
      if (one.label !== other.label) return false
      if (one.pattern === null && other.pattern === null) return one.text !== other.text
      if (one.pattern === null) return !other.pattern!.test(one.text)
      return other.pattern === null && !one.pattern.test(other.text)
    }),
  )
}
