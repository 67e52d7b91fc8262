/**
 * Limits beyond which a reading is impossible and not booked. They are generous on purpose: they separate broken
 * counters from working ones, not busy machines from idle ones.
 */
import type { MostPerSecond } from './counter-step.ts'
import { domainOf } from './domains.ts'

/**
 * Attribute of a host's energy reading: the highest power that the meter itself reports, mW
 * (`constraint_0_max_power_uw` of powercap).
 */
export const MAX_POWER_ATTRIBUTE = 'power.max_mw'

/** Highest power in a reading's attributes, mW; 0n: none. */
export const maxPowerMwOf = (attributes: Readonly<Record<string, string>>): bigint => {
  const text = attributes[MAX_POWER_ATTRIBUTE] ?? ''
  return /^\d{1,12}$/.test(text) ? BigInt(text) : 0n
}

/** Processors exceed their own limit while they boost (PL2 and above), some boards by more than twice. */
const BOOST = 4n
const MICROJOULES_PER_WATT_SECOND = 1_000_000n

/** For whole hosts and readings without a domain: a whole enclosure may have one meter. */
const MOST_WATTS_ELSE = 100_000n

/** CPUs of a machine: more than any has. The real number is known from the host's own readings. */
const MOST_CPUS = 8_192n

/** µJ per second. `maxPowerMw`: the power that the meter itself reports; 0n: none. */
export function mostEnergyPerSecond(domain: string, maxPowerMw: bigint): MostPerSecond {
  if (maxPowerMw > 0n) return maxPowerMw * 1_000n * BOOST
  const watts = domainOf(domain)?.mostWatts ?? MOST_WATTS_ELSE
  return watts * MICROJOULES_PER_WATT_SECOND
}

/** µs per second. */
export const mostCpuTimePerSecond = (): MostPerSecond => MOST_CPUS * 1_000_000n

/** Engines of a board that work side by side and are counted together, where drivers report them one by one. */
const MOST_ENGINES = 16n

/** µs per second, of one board. */
export const mostGpuTimePerSecond = (): MostPerSecond => MOST_ENGINES * 1_000_000n

/**
 * Whether a workload used more CPU time than the host had while both were observed: by more than a tenth, since they
 * are not read at the same moment.
 */
export function isMoreCpuThanThereIs(
  used: { readonly us: bigint; readonly seenNs: number },
  capacity: { readonly us: bigint; readonly seenNs: number },
): boolean {
  if (capacity.us <= 0n || capacity.seenNs < SHORTEST_NS || used.seenNs <= 0) return false
  const usedNs = BigInt(Math.max(used.seenNs, SHORTEST_NS))
  return used.us * BigInt(capacity.seenNs) * 10n > capacity.us * usedNs * 11n
}

/** For shorter spans, rates say little: counters advance in ticks. */
const SHORTEST_NS = 1_000_000_000
