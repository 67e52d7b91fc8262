/** Names of metrics with wildcards. */

/** One step of a pattern: any text, or a character that fits. */
type WildcardStep = 'any' | ((character: string) => boolean)

/** Names with `*`, `?` and `[...]`, as in a shell. Takes time by the product of both lengths at most. */
export function metricWildcard(pattern: string): (name: string) => boolean {
  if (!/[*?[]/.test(pattern)) return name => name === pattern
  const steps = [...pattern.matchAll(/\*|\?|\[!?\]?[^\]]*\]|[\s\S]/gu)].map(([text]) => stepOf(text))
  return name => fits([...name], steps)
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

/** Goes back to the last `any` where a character does not fit. */
function fits(name: readonly string[], steps: readonly WildcardStep[]): boolean {
  let [at, step, anyStep, anyAt] = [0, 0, -1, 0]
  while (at < name.length) {
    const now = steps[step]
    if (now === 'any') {
      anyStep = step
      anyAt = at
      step += 1
    } else if (now?.(name[at]!) === true) {
      at += 1
      step += 1
    } else if (anyStep >= 0) {
      anyAt += 1
      at = anyAt
      step = anyStep + 1
    } else return false
  }
  return steps.slice(step).every(one => one === 'any')
}
