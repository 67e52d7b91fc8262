/**
 * Removes invalid values from a configuration, so that relations between the other keys can be checked at the same
 * time.
 */

type IssuePath = readonly PropertyKey[]

/** A copy without the values at these paths. */
export function without(value: unknown, paths: readonly IssuePath[]): unknown {
  const here = paths.filter(path => path.length > 0)
  if (here.length === 0 || typeof value !== 'object' || value === null) return value
  const entries = Object.entries(value).flatMap(([key, inner]) => {
    const below = here.filter(path => String(path[0]) === key).map(path => path.slice(1))
    return below.some(path => path.length === 0) ? [] : [[key, without(inner, below)] as const]
  })
  return Array.isArray(value) ? entries.map(([, inner]) => inner) : Object.fromEntries(entries)
}

/** Whether a problem may be caused by a removed value: one next to, above or below its path. */
export function touches(problemPath: string, removed: readonly IssuePath[]): boolean {
  return removed.some(path => {
    const text = path.join('.')
    const parent = path.slice(0, -1).join('.')
    return (
      `${problemPath}.`.startsWith(`${text}.`) ||
      `${text}.`.startsWith(`${problemPath}.`) ||
      (path.some(step => typeof step === 'number') && `${problemPath}.`.startsWith(`${parent}.`))
    )
  })
}
