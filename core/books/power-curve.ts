/**
 * How the power of a processor rises from idle to full load. It is not a straight line: at half load, servers draw about
 * 70 % of the difference.
 *
 * Source: Teads, "EC2 instances carbon footprint" (package power measured by RAPL at idle, 10, 50 and 100 % load), as
 * published in ccf-coefficients, data/aws-instances.csv at commit b0032d92
 * (https://github.com/cloud-carbon-footprint/ccf-coefficients, Apache License 2.0). Points are
 * (P - idle) / (max - idle) in thousandths; where processors of a family differ, their median. `general` is the source's
 * own curve for EPYC, Ice Lake and Graviton.
 */
import { smaller } from '../model/integers.ts'

/** Points (load, share of the difference between idle and full power), both in thousandths, from (0, 0) to (1000, 1000). */
export type PowerCurve = readonly (readonly [load: bigint, share: bigint])[]

const curve = (atTenth: bigint, atHalf: bigint): PowerCurve => [
  [0n, 0n],
  [100n, atTenth],
  [500n, atHalf],
  [1000n, 1000n],
]

/** Curves by family. */
export const CURVES = {
  /** Xeon E5-2651 v2, E5-2666 v3, E5-2670, E5-2676 v3, E5-2680 v2, E5-2686 v4. */
  xeonE5: curve(264n, 692n),
  /** Xeon Platinum 8175M, 8176M. */
  skylake: curve(210n, 680n),
  /** Xeon Platinum 8252C, 8259CL, 8275CL. */
  cascadeLake: curve(213n, 686n),
  general: curve(224n, 704n),
} as const satisfies Record<string, PowerCurve>

/** Power of one logical CPU. */
export interface CurvePower {
  readonly idleMilliwatts: bigint
  readonly maxMilliwatts: bigint
  readonly curve: PowerCurve
}

/** CPU time of a machine over some time. */
export interface CpuLoad {
  /** Time x CPUs, µs. */
  readonly capacityUs: bigint
  /** µs; more than the capacity counts as the capacity. */
  readonly busyUs: bigint
}

/** Energy units of `curveEnergy` in one µJ. */
export const PICOJOULES = 1_000_000n

/**
 * pJ that CPUs use at the mean load of the time: `idle + (max - idle) x share(load)` for each. Rounded down once, by less
 * than the difference in power times a nanosecond.
 */
export function curveEnergy(
  { idleMilliwatts, maxMilliwatts, curve: points }: CurvePower,
  load: CpuLoad,
): bigint {
  const { capacityUs } = load
  if (capacityUs <= 0n) return 0n
  const busyUs = smaller(load.busyUs, capacityUs)
  const at = points.findIndex(([x]) => busyUs * 1000n <= x * capacityUs)
  const [x1, y1] = points[Math.max(at, 1)]!
  const [x0, y0] = points[Math.max(at, 1) - 1]!
  const above = ((y1 - y0) * (busyUs * 1000n - x0 * capacityUs)) / (x1 - x0)
  // mW x µs = nJ; the share is in thousandths.
  return idleMilliwatts * capacityUs * 1000n + (maxMilliwatts - idleMilliwatts) * (y0 * capacityUs + above)
}
