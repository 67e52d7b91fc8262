/** Arithmetic of operations, value by value, as numpy does it. */

const truth = (value: boolean): number => (value ? 1 : 0)

const named = <Value>(names: readonly string[], value: Value): Readonly<Record<string, Value>> =>
  Object.fromEntries(names.map(name => [name, value]))

/** Of one value. */
export const UNARY: Readonly<Record<string, (value: number) => number>> = {
  ...named(['abs', 'absolute'], Math.abs),
  ...named(['neg', 'negative'], (value: number) => -value),
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
  ...named(['=', '==', 'eq'], (a: number, b: number) => truth(a === b)),
  ...named(['<', 'lt'], (a: number, b: number) => truth(a < b)),
  ...named(['>', 'gt'], (a: number, b: number) => truth(a > b)),
  ...named(['<=', '≤', 'le'], (a: number, b: number) => truth(a <= b)),
  ...named(['>=', '≥', 'ge'], (a: number, b: number) => truth(a >= b)),
  ...named(['!=', '≠', 'ne'], (a: number, b: number) => truth(a !== b)),
  ...named(['%', 'mod'], modulo),
  ...named(['+', 'add'], (a: number, b: number) => a + b),
  ...named(['-', 'sub'], (a: number, b: number) => a - b),
  ...named(['*', '×', 'mul'], (a: number, b: number) => a * b),
  ...named(['/', '÷', 'div'], (a: number, b: number) => a / b),
  ...named(['**', '^', 'pow'], (a: number, b: number) => a ** b),
  clip_min: (value, least) => Math.max(value, least),
  clip_max: (value, most) => Math.min(value, most),
  max: largest,
}
