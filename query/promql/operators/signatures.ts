/** Which rows of two vectors match: those whose labels agree as far as an operator looks at them. */
import { dropMetadata, filterLabels, keyOf, type Labels } from '../model/labels.ts'
import type { Matching } from '../syntax/ast.ts'

/** The labels that must agree. */
export function matchLabels(labels: Labels, { on, labels: names }: Matching): Labels {
  if (on) return filterLabels(labels, name => names.includes(name))
  return filterLabels(dropMetadata(labels), name => !names.includes(name))
}

/** Numbers for signatures, the same for both sides. */
export interface Signatures {
  readonly left: Int32Array
  readonly right: Int32Array
  readonly count: number
}

export function signaturesOf(
  left: readonly Labels[],
  right: readonly Labels[],
  matching: Matching,
): Signatures {
  const numbers = new Map<string, number>()
  const numberOf = (labels: Labels): number => {
    const key = keyOf(matchLabels(labels, matching))
    const known = numbers.get(key) ?? numbers.size
    numbers.set(key, known)
    return known
  }
  return {
    left: Int32Array.from(left, numberOf),
    right: Int32Array.from(right, numberOf),
    count: numbers.size,
  }
}
