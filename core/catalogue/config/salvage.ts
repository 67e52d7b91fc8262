/** What is left of a configuration without the values that are wrong: so that what keys ask of each other is checked at once. */

type Path = readonly PropertyKey[]

/** A copy without what stands at the paths. */
export function without(value: unknown, paths: readonly Path[]): unknown {
  const here = paths.filter(path => path.length > 0)
  if (here.length === 0 || typeof value !== 'object' || value === null) return value
  const entries = Object.entries(value).flatMap(([key, inner]) => {
    const below = here.filter(path => String(path[0]) === key).map(path => path.slice(1))
    return below.some(path => path.length === 0) ? [] : [[key, without(inner, below)] as const]
  })
  return Array.isArray(value) ? entries.map(([, inner]) => inner) : Object.fromEntries(entries)
}

/** Whether a problem may come from what is not there any more: it stands beside, above or below it. */
export function touches(problemPath: string, removed: readonly Path[]): boolean {
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
