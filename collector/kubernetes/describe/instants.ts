/** When a thing that lasts is described: at once when it is new, then at multiples of the interval, and at its end. */

/** A thing that began, and may have ended, ms. */
interface Lasting {
  readonly startMs: number
  readonly endMs: number | null
  /** null: it was not described yet. */
  readonly describedTo: number | null
}

/**
 * Instants after `describedTo`, in order, none after `nowMs`. Multiples of the interval: whoever describes a thing again after a
 * restart says the same of the same instants, and what is said twice counts once.
 * @param sinceMs where nothing was described yet, nothing before is
 */
export function instantsOf(thing: Lasting, sinceMs: number, nowMs: number, intervalMs: number): number[] {
  const { startMs, endMs, describedTo } = thing
  const end = Math.min(nowMs, endMs ?? nowMs)
  const from = describedTo ?? Math.max(startMs, Math.min(sinceMs, end))
  const instants: number[] = describedTo === null && from <= end ? [from] : []
  const first = (Math.floor(from / intervalMs) + 1) * intervalMs
  for (let at = first; at <= end; at += intervalMs) instants.push(at)
  const last = instants.at(-1) ?? from
  if (endMs !== null && endMs <= nowMs && last < endMs) instants.push(endMs)
  return instants
}
