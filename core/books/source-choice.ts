/** Chooses one of several sources of a meter. They are never added. */
import { qualityRank } from '../model/quality.ts'

interface SourceCoverage {
  readonly source: string
  /** measured | estimated | simulated */
  readonly quality: string
  /** How much of the interval the source covers. */
  readonly seenNs: number
}

/**
 * Meters of a whole host from the wall inwards, so that the one that encloses most wins: sockets and power distribution
 * units, then controllers, which measure at the power supplies, then what the kernel reads. `psys` and batteries are
 * last: the board's maker decides what the one covers, and the other misses the losses of the power supply. Sources
 * outside this list are in the middle.
 */
const FROM_THE_WALL: readonly (readonly [source: RegExp, rank: number])[] = [
  [/^(?:pdu|plug|snmp|mqtt)(?::|$)/, 0],
  [/^(?:redfish|redfish_exporter|idrac_exporter)(?::|$)/, 1],
  [/^(?:ipmi|ipmi_exporter)(?::|$)/, 2],
  [/^hwmon(?::|$)/, 4],
  [/^rapl:psys$/, 5],
  [/^battery$/, 6],
  // The same exporter's engine activity is finer: by this one a board is busy while any part of it is.
  [/^dcgm:DCGM_FI_DEV_GPU_UTIL$/, 7],
]
const ELSEWHERE = 3

const rankOf = (source: string): number =>
  FROM_THE_WALL.find(([pattern]) => pattern.test(source))?.[1] ?? ELSEWHERE

/** Negative: `a` is better. Compares quality, coverage, what is enclosed, then name, so that the choice is stable. */
export function compareSources(a: SourceCoverage, b: SourceCoverage): number {
  const byRank = qualityRank(a.quality) - qualityRank(b.quality)
  if (byRank !== 0) return byRank
  if (a.seenNs !== b.seenNs) return b.seenNs - a.seenNs
  if (a.source === b.source) return 0
  const byPlace = rankOf(a.source) - rankOf(b.source)
  if (byPlace !== 0) return byPlace
  return a.source < b.source ? -1 : 1
}

/**
 * Whether a gauge of power counts in place of a counter of energy of the same domain. A counter knows how much, so it
 * counts unless it is of lower quality, misses a tenth of what the gauge saw (a meter that has just appeared), or is
 * another meter that encloses less.
 */
export function isPowerBetter(power: SourceCoverage, energy: SourceCoverage): boolean {
  const byQuality = qualityRank(power.quality) - qualityRank(energy.quality)
  if (byQuality !== 0) return byQuality < 0
  if (energy.seenNs < power.seenNs * 0.9) return true
  return power.seenNs >= energy.seenNs * 0.9 && rankOf(power.source) < rankOf(energy.source)
}
