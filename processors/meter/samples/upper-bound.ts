/** What a series cannot exceed: such samples are not booked. */
import {
  mostCpuTimePerSecond,
  mostEnergyPerSecond,
  mostGpuTimePerSecond,
} from '../../../core/books/plausible.ts'
import type { MeterIdentity } from './series.ts'

/** The most that is possible: a counter's per second, a gauge's value, exactly and as a double. */
export interface UpperBound {
  readonly exact: bigint
  readonly near: number
}

/** Memory of a machine: more than any has. */
const MOST_BYTES = 1n << 52n
/** Thousandths of cores or boards. */
const MOST_RESERVED = 1n << 24n

/** The largest plausible value of a gauge, or rise per second of a counter, in the unit of the quantity. */
export function upperBoundOf(
  { quantity, domain }: Pick<MeterIdentity, 'quantity' | 'domain'>,
  maxPowerMw: bigint,
): UpperBound {
  if (quantity === 'memory' || quantity === 'memory_request') return bound(MOST_BYTES)
  if (quantity === 'cpu_request' || quantity === 'gpu_request' || quantity === 'gpu_held') {
    return bound(MOST_RESERVED)
  }
  // Millionths are µs per second.
  if (quantity === 'gpu_time' || quantity === 'gpu_utilization') return bound(mostGpuTimePerSecond())
  const exact = quantity === 'cpu_time' ? mostCpuTimePerSecond() : mostEnergyPerSecond(domain, maxPowerMw)
  return bound(quantity === 'power' ? exact / 1_000n : exact)
}

const bound = (exact: bigint): UpperBound => ({ exact, near: Number(exact) })
