import { divideHalfEven, multiply, type Rational } from '../../core/model/decimal.ts'
import type { Tariff } from '../../core/model/tariff.ts'

/** 1 vCPU-hour = 3.6e9 µs; 1 GiB-hour = 2^30 x 3600 byte-seconds. In nano of the currency. */
const PER_CPU_US: Rational = { numerator: 10n, denominator: 36n }
const PER_BYTE_SECOND: Rational = { numerator: 1_000_000_000n, denominator: 1_073_741_824n * 3600n }
const NOTHING: Rational = { numerator: 0n, denominator: 1n }

/**
 * CPU and memory by use in 1e-9 of the currency, one rounding for both. A resource without a price is not charged; without any
 * price: null.
 */
export function resourceCosts({
  perVcpuHour,
  perGibHour,
}: Tariff): ((cpuUs: bigint, byteSeconds: bigint) => bigint) | null {
  if (perVcpuHour === null && perGibHour === null) return null
  const cpu = multiply(PER_CPU_US, perVcpuHour ?? NOTHING)
  const memory = multiply(PER_BYTE_SECOND, perGibHour ?? NOTHING)
  const [perCpu, perMemory] = [cpu.numerator * memory.denominator, memory.numerator * cpu.denominator]
  const denominator = cpu.denominator * memory.denominator
  return (cpuUs, byteSeconds) => divideHalfEven(cpuUs * perCpu + byteSeconds * perMemory, denominator)
}
