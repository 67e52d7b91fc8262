/** `*` stands for any run of characters, also none; everything else for itself. */
export function wildcard(pattern: string): (text: string) => boolean {
  if (!pattern.includes('*')) return text => text === pattern
  const parts = pattern.split('*').map(part => part.replace(/[.+?^${}()|[\]\\]/g, '\\$&'))
  const expression = new RegExp(`^${parts.join('[^]*')}$`)
  return text => expression.test(text)
}

/** Whether every text that the second pattern matches is matched by the first one, too. */
export const coversPattern = (first: string, second: string): boolean =>
  // Only a `*` of the first can stand for one of the second.
  wildcard(first)(second)
/** How much a pattern says: one without `*` more than any with it, and of those the one with more other characters. */
export const specificity = (pattern: string): number =>
  pattern.includes('*') ? pattern.replaceAll('*', '').length : Number.MAX_SAFE_INTEGER
