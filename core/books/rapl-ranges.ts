/**
 * Ranges at which RAPL counters may wrap when an exporter does not report the range (node_exporter, Kepler). Without
 * them, a package of 200 W that is scraped every minute would lose one minute in twenty. So the ranges that Linux
 * documents and that nearly all machines have are tried, but only for a fall from just below one of them: as far below,
 * and as far beyond, as the zone can have counted in that time. A counter that is reset from exactly there is one in
 * fifty of those, and resets are rare.
 */
import { type DomainKind, domainKindOf } from './domains.ts'

/** 2^32 steps of 2^-14 J and of 2^-16 J, as `max_energy_range_uj` shows them, µJ. */
const RANGES = [65_712_999_613n, 262_143_328_850n] as const

/** Exporters that report the kernel's counters unchanged. */
const PASSES_ON = /^(?:node_exporter:node_rapl_|kepler:kepler_node_cpu_joules_total)/

/** Watts that a zone hardly ever exceeds, by domain prefix, and the ranges that it may have. */
const ZONES: readonly (readonly [kind: DomainKind, watts: bigint, ranges: readonly bigint[]])[] = [
  ['package', 400n, [RANGES[1]]],
  ['core', 400n, [RANGES[1]]],
  ['uncore', 100n, [RANGES[1]]],
  ['dram', 100n, RANGES],
]
const LONGEST_NS = 120_000_000_000n
const WATT_NS_PER_UJ = 1_000n

/** Ranges to try, in µJ, when a counter falls and its exporter does not report where it wraps. */
export interface LikelyRange {
  /** A wrap that implies more power is no wrap. */
  readonly watts: bigint
  readonly ranges: readonly bigint[]
}

/** Ranges for the counters of a source in a domain; null: nothing is known. */
export function likelyRangeOf(source: string, domain: string): LikelyRange | null {
  if (!PASSES_ON.test(source)) return null
  const zone = ZONES.find(([kind]) => kind === domainKindOf(domain))
  return zone === undefined ? null : { watts: zone[1], ranges: zone[2] }
}

/** The amount that a falling counter has counted if it wrapped; null: it did not wrap. */
export function wrapOf(
  before: bigint,
  after: bigint,
  spanNs: bigint,
  { watts, ranges }: LikelyRange,
): bigint | null {
  if (spanNs > LONGEST_NS || spanNs <= 0n) return null
  for (const range of ranges) {
    const counted = range - before + after
    if (before <= range && counted * WATT_NS_PER_UJ <= watts * spanNs) return counted
  }
  return null
}
