import { type Board, chosen, type Variable } from './board.ts'

const POLICY: Variable = {
  name: 'policy',
  label: 'Policy',
  column: 'Policy',
  sql: 'SELECT DISTINCT Policy FROM scaling_decisions',
}

const IN_TIME = `Time >= $__fromTime AND Time <= $__toTime AND ${chosen(POLICY)}`
const DECIDED = `Kind = 'decision' AND ${IN_TIME}`

/** Decisions of scaling policies, and what they led to. */
export const scalingBoard: Board = {
  uid: 'wattline-scaling',
  title: 'Wattline: scaling',
  description:
    'How many replicas policies wanted, which bound ruled, and what the ledger has of the minutes after.',
  from: 'now-3h',
  interval: '10s',
  variables: [POLICY],
  panels: [
    {
      title: 'Replicas',
      description:
        'The last decision of each interval. Compare it with demand: the difference is what bounds did.',
      kind: 'timeseries',
      w: 12,
      h: 9,
      sql: `SELECT $__timeInterval(Time) AS time, Policy AS policy, argMax(Replicas, Time) AS replicas
FROM scaling_decisions WHERE ${DECIDED} GROUP BY time, policy ORDER BY time`,
    },
    {
      title: 'Demand',
      description: 'Replicas that demand alone would have. A gap: demand was not known.',
      kind: 'timeseries',
      w: 12,
      h: 9,
      sql: `SELECT $__timeInterval(Time) AS time, Policy AS policy, argMax(DemandReplicas, Time) AS replicas
FROM scaling_decisions WHERE ${DECIDED} AND DemandReplicas IS NOT NULL GROUP BY time, policy ORDER BY time`,
    },
    {
      title: 'What ruled',
      description: 'Decisions by the bound that set the number of replicas.',
      kind: 'timeseries',
      isStacked: true,
      w: 12,
      h: 9,
      sql: `SELECT $__timeInterval(Time) AS time, RuledBy AS rule, count() AS decisions
FROM scaling_decisions WHERE ${DECIDED} GROUP BY time, rule ORDER BY time`,
    },
    {
      title: 'Intensity at decisions',
      description: 'By zone of the policies. A gap: it was not known.',
      kind: 'timeseries',
      unit: 'g/kWh',
      w: 12,
      h: 9,
      sql: `SELECT $__timeInterval(Time) AS time, Zone AS zone, avg(Intensity) AS intensity
FROM scaling_decisions WHERE ${DECIDED} AND NOT isNaN(Intensity) GROUP BY time, zone ORDER BY time`,
    },
    {
      title: 'Policies',
      description:
        'Averages of the range. Effects are those of whole minutes of the ledger after decisions; empty: not known yet, or the policy names no workloads.',
      kind: 'table',
      w: 24,
      h: 8,
      units: { watts_per_replica: 'watt', effect_power: 'watt' },
      sql: `SELECT Policy AS policy, countIf(Kind = 'decision') AS decisions, avgIf(Replicas, Kind = 'decision') AS replicas,
  countIf(Kind = 'decision' AND Replicas != PreviousReplicas) AS changes, maxIf(DemandAge, Kind = 'decision') AS oldest_demand_s,
  avgIf(WattsPerReplica, Kind = 'decision' AND NOT isNaN(WattsPerReplica)) AS watts_per_replica,
  if(countIf(Kind = 'effect') = 0, NULL, avgIf(EffectReplicas, Kind = 'effect' AND NOT isNaN(EffectReplicas))) AS effect_replicas,
  if(countIf(Kind = 'effect') = 0, NULL, avgIf(EffectWatts, Kind = 'effect' AND NOT isNaN(EffectWatts))) AS effect_power
FROM scaling_decisions WHERE ${IN_TIME} GROUP BY policy ORDER BY policy LIMIT 500`,
    },
    {
      title: 'Decisions',
      description: 'The newest first, each with its effect once the ledger has it.',
      kind: 'table',
      w: 24,
      h: 12,
      units: { effect_power: 'watt', effect_carbon: 'massg', demand_age: 's', intensity: 'g/kWh' },
      sql: `SELECT Time AS time, Policy AS policy, anyIf(PreviousReplicas, Kind = 'decision') AS before, anyIf(Replicas, Kind = 'decision') AS replicas,
  anyIf(RuledBy, Kind = 'decision') AS ruled_by, anyIf(DemandReplicas, Kind = 'decision') AS demand, anyIf(DemandAge, Kind = 'decision') AS demand_age,
  anyIf(FloorReplicas, Kind = 'decision') AS floor, anyIf(CeilingReplicas, Kind = 'decision') AS ceiling, anyIf(Intensity, Kind = 'decision') AS intensity,
  anyIf(nullIf(EffectWatts, 0), Kind = 'effect') AS effect_power, anyIf(EffectCarbonUg, Kind = 'effect') / 1e6 AS effect_carbon,
  anyIf(EffectCostNano, Kind = 'effect') / 1e9 AS effect_cost, anyIf(Explanation, Kind = 'decision') AS explanation
FROM scaling_decisions WHERE ${IN_TIME} GROUP BY policy, time, DecisionId ORDER BY time DESC, policy LIMIT 200`,
    },
  ],
}
