/** What decisions led to: the whole minutes of the ledger after each. */
import type { ScalingPolicy } from '../../core/scaling/policy.ts'
import { numeric, type ReadRows } from './read.ts'
import { workloadConditions } from './workloads.ts'

const MINUTE_S = 60

/** A decision whose effect is not measured yet. Times in seconds since the epoch. */
export interface PendingEffect {
  readonly id: string
  readonly at: number
  readonly replicas: number
  readonly policyVersion: string
}

/** Minutes from that of the decision to that in which the next one is due. */
export function minutesOf(
  { at }: Pick<PendingEffect, 'at'>,
  intervalSeconds: number,
): {
  readonly from: number
  readonly to: number
} {
  return {
    from: Math.floor(at / MINUTE_S) * MINUTE_S,
    to: Math.ceil((at + intervalSeconds) / MINUTE_S) * MINUTE_S,
  }
}

/** A measured effect. */
export interface MeasuredEffect {
  readonly pending: PendingEffect
  readonly from: number
  readonly to: number
  /** Null: the ledger has nothing. */
  readonly replicas: number | null
  readonly watts: number | null
  /** Null: unpriced. */
  readonly carbonUg: number | null
  readonly costNano: number | null
  readonly currency: string
}

interface Minute {
  readonly replicas: number
  readonly energyUj: number
  readonly carbonUg: number | null
  readonly costNano: number | null
  readonly currency: string
}

/** Effects of some decisions of one policy, which names workloads. */
export async function measureEffects(
  read: ReadRows,
  { tenant, intervalSeconds, replica: { workloads } }: ScalingPolicy,
  pending: readonly PendingEffect[],
  signal: AbortSignal,
): Promise<readonly MeasuredEffect[]> {
  if (workloads === null || pending.length === 0) return []
  const spans = pending.map(one => minutesOf(one, intervalSeconds))
  const from = Math.min(...spans.map(span => span.from))
  const to = Math.max(...spans.map(span => span.to))
  const conditions = workloadConditions(workloads)
  const sql =
    'SELECT toUnixTimestamp(WindowStart) AS minute, uniqExact((WorkloadKind, WorkloadId)), sum(EnergyUj), ' +
    'if(countIf(CarbonOperationalUg IS NULL) > 0, NULL, sum(CarbonOperationalUg) + sum(ifNull(CarbonEmbodiedUg, 0))), ' +
    'if(countIf(CostEnergyNano IS NULL) > 0, NULL, sum(CostEnergyNano) + sum(ifNull(CostResourceNano, 0))), any(Currency) ' +
    `FROM ledger WHERE WindowStart >= {from:DateTime('UTC')} AND WindowStart < {to:DateTime('UTC')}${conditions.sql} GROUP BY minute ORDER BY minute`
  const rows = await read(tenant, { sql, params: { from, to, ...conditions.params }, isOwn: true }, signal)
  const minutes = new Map(
    rows.map(([minute, replicas, energy, carbon, cost, currency]): [number, Minute] => [
      Number(minute),
      {
        replicas: numeric(replicas) ?? 0,
        energyUj: numeric(energy) ?? 0,
        carbonUg: numeric(carbon),
        costNano: numeric(cost),
        currency: String(currency ?? ''),
      },
    ]),
  )
  return pending.map((one, index) => effectOf(one, spans[index]!, minutes))
}

function effectOf(
  pending: PendingEffect,
  { from, to }: { readonly from: number; readonly to: number },
  minutes: ReadonlyMap<number, Minute>,
): MeasuredEffect {
  const count = (to - from) / MINUTE_S
  const found = Array.from({ length: count }, (_, index) => minutes.get(from + index * MINUTE_S)).flatMap(
    minute => minute ?? [],
  )
  const nothing = {
    pending,
    from,
    to,
    replicas: null,
    watts: null,
    carbonUg: null,
    costNano: null,
    currency: '',
  }
  if (found.length === 0) return nothing
  const sum = (pick: (minute: Minute) => number | null): number | null =>
    found.reduce<number | null>((total, minute) => {
      const value = pick(minute)
      return total === null || value === null ? null : total + value
    }, 0)
  return {
    ...nothing,
    // Minutes without an entry are minutes without replicas.
    replicas: (sum(minute => minute.replicas) ?? 0) / count,
    watts: (sum(minute => minute.energyUj) ?? 0) / 1e6 / (to - from),
    carbonUg: sum(minute => minute.carbonUg),
    costNano: sum(minute => minute.costNano),
    currency: found[0]?.currency ?? '',
  }
}
