/** Operators on numbers. */
import { pow } from '../numeric/elementary.ts'
import { atan2 } from '../numeric/trigonometry.ts'

/** The remainder with the sign of the dividend, NaN for a divisor of zero. */
const remainder = (left: number, right: number): number => left % right

const ARITHMETIC: Readonly<Record<string, (left: number, right: number) => number>> = {
  '+': (left, right) => left + right,
  '-': (left, right) => left - right,
  '*': (left, right) => left * right,
  '/': (left, right) => left / right,
  '%': remainder,
  '^': pow,
  atan2,
}

const COMPARISONS: Readonly<Record<string, (left: number, right: number) => boolean>> = {
  '==': (left, right) => left === right,
  '!=': (left, right) => left !== right,
  '<': (left, right) => left < right,
  '<=': (left, right) => left <= right,
  '>': (left, right) => left > right,
  '>=': (left, right) => left >= right,
}

export const arithmeticOf = (op: string): ((left: number, right: number) => number) | undefined =>
  ARITHMETIC[op]
export const comparisonOf = (op: string): ((left: number, right: number) => boolean) | undefined =>
  COMPARISONS[op]

/** Two scalars, step by step; comparisons give 0 or 1. */
export function combineScalars(op: string, left: Float64Array, right: Float64Array): Float64Array {
  const arithmetic = ARITHMETIC[op]
  const comparison = COMPARISONS[op]
  return left.map((value, step) => {
    const other = right[step] ?? Number.NaN
    return arithmetic === undefined ? Number(comparison?.(value, other) ?? false) : arithmetic(value, other)
  })
}
