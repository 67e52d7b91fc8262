/** Arithmetic of operations, value by value, as numpy does it. */
import { underNames } from '../model/operator-names.ts'

const truth = (value: boolean): number => (value ? 1 : 0)

/** Of one value. */
export const UNARY: Readonly<Record<string, (value: number) => number>> = {
  ...underNames(['abs', 'absolute'], Math.abs),
  ...underNames(['neg', 'negative'], (value: number) => -value),
  cos: Math.cos,
  sin: Math.sin,
  tan: Math.tan,
  floor: Math.floor,
  ceil: Math.ceil,
}

/** The sign is that of the divisor. */
const modulo = (a: number, b: number): number => {
  const rest = a % b
  return rest !== 0 && rest < 0 !== b < 0 ? rest + b : rest
}

/** A number beats what is none. */
const largest = (a: number, b: number): number => (Number.isNaN(a) ? b : Number.isNaN(b) ? a : Math.max(a, b))

/** Of two values. */
export const BINARY: Readonly<Record<string, (a: number, b: number) => number>> = {
  ...underNames(['=', '==', 'eq'], (a: number, b: number) => truth(a === b)),
  ...underNames(['<', 'lt'], (a: number, b: number) => truth(a < b)),
  ...underNames(['>', 'gt'], (a: number, b: number) => truth(a > b)),
  ...underNames(['<=', '≤', 'le'], (a: number, b: number) => truth(a <= b)),
  ...underNames(['>=', '≥', 'ge'], (a: number, b: number) => truth(a >= b)),
  ...underNames(['!=', '≠', 'ne'], (a: number, b: number) => truth(a !== b)),
  ...underNames(['%', 'mod'], modulo),
  ...underNames(['+', 'add'], (a: number, b: number) => a + b),
  ...underNames(['-', 'sub'], (a: number, b: number) => a - b),
  ...underNames(['*', '×', 'mul'], (a: number, b: number) => a * b),
  ...underNames(['/', '÷', 'div'], (a: number, b: number) => a / b),
  ...underNames(['**', '^', 'pow'], (a: number, b: number) => a ** b),
  clip_min: (value, least) => Math.max(value, least),
  clip_max: (value, most) => Math.min(value, most),
  max: largest,
}
