/**
 * What is possible: bounds beyond which a reading is not booked. Generous on purpose: they tell broken counters from working
 * ones, not busy machines from idle ones.
 */
import type { MostPerSecond } from './counter-step.ts'
import { domainOf } from './domains.ts'

/**
 * Attribute of a host's energy reading: the most power that the meter itself names, mW (`constraint_0_max_power_uw` of
 * powercap).
 */
export const MAX_POWER_ATTRIBUTE = 'power.max_mw'

/** What a reading's attributes say of it, mW; 0n: nothing. */
export const maxPowerMwOf = (attributes: Readonly<Record<string, string>>): bigint => {
  const text = attributes[MAX_POWER_ATTRIBUTE] ?? ''
  return /^\d{1,12}$/.test(text) ? BigInt(text) : 0n
}

/** Processors exceed the limit that they name while they boost (PL2 and above), some boards by more than twice. */
const BOOST = 4n
const MICROJOULES_PER_WATT_SECOND = 1_000_000n

/** Whole hosts, and what has no domain of its own: an enclosure may be metered as one. */
const MOST_WATTS_ELSE = 100_000n

/** CPUs of a machine: more than any has. What a host really has is known from its own readings. */
const MOST_CPUS = 8_192n

/** µJ a second. `maxPowerMw`: what the meter itself names; 0n: nothing. */
export function mostEnergyPerSecond(domain: string, maxPowerMw: bigint): MostPerSecond {
  if (maxPowerMw > 0n) return maxPowerMw * 1_000n * BOOST
  const watts = domainOf(domain)?.mostWatts ?? MOST_WATTS_ELSE
  return watts * MICROJOULES_PER_WATT_SECOND
}

/** µs a second. */
export const mostCpuTimePerSecond = (): MostPerSecond => MOST_CPUS * 1_000_000n

/**
 * Whether a workload used more CPU time than the host had while both were seen: by more than a tenth, since they are not
 * read at the same moment.
 */
export function isMoreCpuThanThereIs(
  used: { readonly us: bigint; readonly seenNs: number },
  capacity: { readonly us: bigint; readonly seenNs: number },
): boolean {
  if (capacity.us <= 0n || capacity.seenNs < SHORTEST_NS || used.seenNs <= 0) return false
  const usedNs = BigInt(Math.max(used.seenNs, SHORTEST_NS))
  return used.us * BigInt(capacity.seenNs) * 10n > capacity.us * usedNs * 11n
}

/** Below it, rates say little: counters move in ticks. */
const SHORTEST_NS = 1_000_000_000
