/** Chooses one of several sources of a meter. They are never added. */
import { qualityRank } from '../model/quality.ts'

interface SourceCoverage {
  readonly source: string
  /** measured | estimated | simulated */
  readonly quality: string
  /** How much of the interval the source covers. */
  readonly seenNs: number
}

/** Negative: `a` is better. Compares quality, then coverage, then name, so that the choice is stable. */
export function compareSources(a: SourceCoverage, b: SourceCoverage): number {
  const byRank = qualityRank(a.quality) - qualityRank(b.quality)
  if (byRank !== 0) return byRank
  if (a.seenNs !== b.seenNs) return b.seenNs - a.seenNs
  return a.source < b.source ? -1 : a.source > b.source ? 1 : 0
}
