/** Which of several sources of one meter counts: one alone, never their sum. */
import { qualityRank } from '../model/quality.ts'

interface SourceCoverage {
  readonly source: string
  /** measured | estimated | simulated */
  readonly quality: string
  /** How much of the time in question the source saw. */
  readonly seenNs: number
}

/** Below 0: `a` is the better one. By quality, then by what was seen, then by name, so that the choice does not waver. */
export function compareSources(a: SourceCoverage, b: SourceCoverage): number {
  const byRank = qualityRank(a.quality) - qualityRank(b.quality)
  if (byRank !== 0) return byRank
  if (a.seenNs !== b.seenNs) return b.seenNs - a.seenNs
  return a.source < b.source ? -1 : a.source > b.source ? 1 : 0
}
