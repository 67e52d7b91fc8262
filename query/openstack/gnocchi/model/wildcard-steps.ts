/** Patterns with wildcards, as steps. */

/** One step of a pattern: any text, or a character that fits. */
export type WildcardStep = 'any' | ((character: string) => boolean)

/**
 * Whether all characters fit. Goes back to the last `any` where one does not, so it takes time by the product of both lengths at most.
 */
export function fitsSteps(name: readonly string[], steps: readonly WildcardStep[]): boolean {
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
