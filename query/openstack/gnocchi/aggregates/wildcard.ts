/** Names of metrics with wildcards. */
import { fitsSteps, type WildcardStep } from '../model/wildcard-steps.ts'

/** Names with `*`, `?` and `[...]`, as in a shell. Takes time by the product of both lengths at most. */
export function metricWildcard(pattern: string): (name: string) => boolean {
  if (!/[*?[]/.test(pattern)) return name => name === pattern
  const steps = [...pattern.matchAll(/\*|\?|\[!?\]?[^\]]*\]|[\s\S]/gu)].map(([text]) => stepOf(text))
  return name => fitsSteps([...name], steps)
}

function stepOf(text: string): WildcardStep {
  if (text === '*') return 'any'
  if (text === '?') return () => true
  if (text.length === 1 || !text.startsWith('[')) return character => character === text
  const isNot = text.startsWith('[!')
  const inner = [...text.slice(isNot ? 2 : 1, -1)]
  const ranges: (readonly [from: string, to: string])[] = []
  for (let at = 0; at < inner.length; at += 1) {
    const isRange = inner[at + 1] === '-' && at + 2 < inner.length
    ranges.push([inner[at]!, isRange ? inner[at + 2]! : inner[at]!])
    if (isRange) at += 2
  }
  return character => ranges.some(([from, to]) => character >= from && character <= to) !== isNot
}
