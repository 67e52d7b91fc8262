/** What one replica takes, by the ledger. */
import type { MeasuredReplica } from '../../core/autoscaling/known.ts'
import type { ScalingPolicy } from '../../core/scaling/policy.ts'
import { numeric, type ReadRows } from './read.ts'
import { workloadConditions } from './workloads.ts'

/** Entries whose energy is known. */
const KNOWN = "EnergyQuality != 'none'"

/** Null: the policy names no workloads, or the ledger has no energy of them. @param to a minute, seconds since the epoch */
export async function measureReplica(
  read: ReadRows,
  { tenant, replica: { workloads, windowSeconds } }: ScalingPolicy,
  to: number,
  signal: AbortSignal,
): Promise<MeasuredReplica | null> {
  if (workloads === null) return null
  const conditions = workloadConditions(workloads)
  const sql =
    `SELECT sumIf(EnergyUj, ${KNOWN}), sumIf(EnergyUj, EnergyQuality IN ('measured', 'interpolated')), ` +
    `uniqExactIf((WindowStart, WorkloadKind, WorkloadId), ${KNOWN}), sum(CarbonEmbodiedUg), sum(CostResourceNano), ` +
    `sumIf(EnergyUj * toFloat64OrZero(Pue), ${KNOWN} AND Pue != ''), sumIf(EnergyUj, ${KNOWN} AND Pue != ''), argMax(Zone, WindowStart) ` +
    `FROM ledger WHERE WindowStart >= {from:DateTime('UTC')} AND WindowStart < {to:DateTime('UTC')}${conditions.sql}`
  const params = { from: to - windowSeconds, to, ...conditions.params }
  const [row = []] = await read(tenant, { sql, params, isOwn: true }, signal)
  const [energy, measured, minutes, embodied, resources, pueUj, pricedUj] = row.slice(0, 7).map(numeric)
  if (energy === null || energy === undefined || !minutes || energy <= 0) return null
  const perHour = (amount: number, unit: number): number => (amount / unit / minutes) * 60
  return {
    at: to,
    watts: energy / 1e6 / 60 / minutes,
    isEstimated: (measured ?? 0) * 2 < energy,
    replicaMinutes: minutes,
    zone: String(row[7] ?? ''),
    pue: pueUj && pricedUj ? pueUj / pricedUj : null,
    embodiedGramsPerHour: perHour(embodied ?? 0, 1e6),
    resourceCostPerHour: resources === null || resources === undefined ? null : perHour(resources, 1e9),
  }
}
