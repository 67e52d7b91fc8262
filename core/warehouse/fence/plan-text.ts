/**
 * A printed plan without what its reading steps say: they count parts and granules, which hold rows of every tenant, and
 * an empty table has another step.
 */
export function withoutReads(plan: string): string {
  let readAt = Number.POSITIVE_INFINITY
  const kept: string[] = []
  for (const line of plan.split('\n')) {
    const at = line.search(/[A-Za-z]/)
    // What is printed below a step, further to the right, belongs to it: nothing else feeds a reading step.
    if (at > readAt || (at === -1 && readAt !== Number.POSITIVE_INFINITY)) continue
    const isRead = at !== -1 && /^Read[A-Z]/.test(line.slice(at))
    readAt = isRead ? at : Number.POSITIVE_INFINITY
    kept.push(isRead ? `${line.slice(0, at)}Read` : line)
  }
  return kept.join('\n')
}

/** The same for the bytes of an answer. */
export const safePlan = (bytes: Uint8Array): Uint8Array =>
  Buffer.from(withoutReads(Buffer.from(bytes).toString('utf8')))
