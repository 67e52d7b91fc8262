/** Compares actual rows with expected ones. */

interface Range {
  readonly min?: number
  readonly max?: number
}

const isRange = (value: unknown): value is Range =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** Lists as the case files write them: `[1, 2, 0]`. */
const textOf = (value: unknown): string =>
  Array.isArray(value) ? `[${value.map(textOf).join(', ')}]` : String(value)

const INTEGER = /^-?\d+$/

export function sameValue(got: unknown, right: unknown, withinPart = 0): boolean {
  if (isRange(right)) {
    const value = Number(got)
    return value >= (right.min ?? -Infinity) && value <= (right.max ?? Infinity)
  }
  const [gotText, rightText] = [textOf(got), textOf(right)]
  if (gotText === rightText) return true
  if (gotText.trim() === '' || rightText.trim() === '') return false
  // Integers are exact, also those beyond doubles.
  if (withinPart === 0 && INTEGER.test(gotText) && INTEGER.test(rightText)) return false
  const [gotNumber, rightNumber] = [Number(gotText), Number(rightText)]
  return Math.abs(gotNumber - rightNumber) <= Math.abs(rightNumber) * withinPart
}

export const sameRows = (
  got: readonly (readonly unknown[])[],
  right: readonly (readonly unknown[])[],
  withinPart = 0,
): boolean =>
  got.length === right.length &&
  right.every(
    (row, at) =>
      row.length === got[at]?.length &&
      row.every((value, column) => sameValue(got[at]?.[column], value, withinPart)),
  )
