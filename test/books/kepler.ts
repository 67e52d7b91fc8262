/** The formulas of Kepler, as its source has them, for comparison: internal/monitor (0.11) and pkg/model/estimator/local/ratio.go (before 0.10). */

interface KeplerMinute {
  readonly energyUj: bigint
  readonly busyUs: bigint
  readonly capacityUs: bigint
  readonly workloadsUs: readonly bigint[]
}

interface KeplerShares {
  readonly workloadsUj: readonly bigint[]
  readonly idleUj: bigint
}

/**
 * Active energy is cut to whole µJ, and so is each workload's part by CPU time out of all running processes. (Kepler computes in
 * doubles; the fractions here are exact.)
 */
export function keplerOf({
  energyUj,
  busyUs,
  capacityUs,
  workloadsUs,
  runningUs,
}: KeplerMinute & { readonly runningUs: bigint }): KeplerShares {
  const activeUj = (energyUj * busyUs) / capacityUs
  return {
    workloadsUj: workloadsUs.map(us => (runningUs === 0n ? 0n : (activeUj * us) / runningUs)),
    idleUj: energyUj - activeUj,
  }
}

/** Dynamic energy by the ratio of CPU time, rounded up; idle energy evenly by the number of containers, cut. */
export function keplerBefore010({
  energyUj,
  busyUs,
  workloadsUs,
  idleUj,
}: KeplerMinute & { readonly idleUj: bigint }): KeplerShares {
  const dynamicUj = energyUj - idleUj
  const count = BigInt(workloadsUs.length)
  const workloadsUj = workloadsUs.map(us => {
    const dynamic =
      us === 0n
        ? 0n
        : busyUs > 0n
          ? (dynamicUj * us + busyUs - 1n) / busyUs
          : (dynamicUj + count - 1n) / count
    return dynamic + idleUj / count
  })
  return { workloadsUj, idleUj: 0n }
}
