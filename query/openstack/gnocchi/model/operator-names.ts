/** Operators have several names: a sign, a word, sometimes a mathematical one. */

/** One value under each of its names. */
export const underNames = <Value>(names: readonly string[], value: Value): Readonly<Record<string, Value>> =>
  Object.fromEntries(names.map(name => [name, value]))
