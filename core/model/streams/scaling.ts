/** Streams of scaling: policies, the decisions made by them, and the answers that autoscalers get. */
import { column, type StreamDeclaration } from './stream.ts'

/** Policies as they were put in force, keyed by tenant and name. The table has every version that there ever was. */
export const scalingPolicies = {
  name: 'scaling_policies',
  key: 'none',
  compacted: true,
  columns: [
    column('Tenant', 'lowCardinality'),
    column('Name', 'lowCardinality'),
    column('Updated', 'seconds'),
    // active | deleted
    column('State', 'lowCardinality'),
    // configuration | api
    column('Source', 'lowCardinality'),
    // Digest of the policy: decisions name it
    column('Version', 'lowCardinality'),
    // JSON
    column('Policy', 'string'),
  ],
  table: {
    name: 'scaling_policies',
    partitionBy: 'tuple()',
    orderBy: ['Tenant', 'Name', 'Updated'],
    ttlFrom: 'Updated',
    retention: 'forever',
  },
} as const satisfies StreamDeclaration

/**
 * Decisions, and afterwards what they led to: a second row of the same `DecisionId`, of kind `effect`, once the ledger has the
 * minutes after the decision. Rows are never changed.
 */
export const scalingDecisions = {
  name: 'scaling_decisions',
  key: 'none',
  columns: [
    column('Tenant', 'lowCardinality'),
    column('Policy', 'lowCardinality'),
    // When it was decided; in rows of kind effect, too
    column('Time', 'seconds'),
    // The same for a policy and a time, however often it is decided
    column('DecisionId', 'string'),
    // decision | effect
    column('Kind', 'lowCardinality'),
    column('PolicyVersion', 'lowCardinality'),
    column('Replicas', 'uint32'),
    // Replicas of the previous decision; null if there was none.
    column('PreviousReplicas', 'int64?'),
    // demand | floor | service_level | ceiling | carbon | cost | intensity | shift | stabilisation | step
    column('RuledBy', 'lowCardinality'),
    // In its own unit; NaN: unknown
    column('Demand', 'float64'),
    // Null: unknown
    column('DemandReplicas', 'int64?'),
    // Seconds since the demand was read; null: unknown
    column('DemandAge', 'int64?'),
    column('FloorReplicas', 'uint32'),
    // Null: no bound
    column('CeilingReplicas', 'int64?'),
    // Watts of one replica; NaN: unknown
    column('WattsPerReplica', 'float64'),
    // measured | estimated | configured | unknown
    column('WattsQuality', 'lowCardinality'),
    column('Zone', 'lowCardinality'),
    // gCO2e/kWh; NaN: unknown
    column('Intensity', 'float64'),
    column('IntensityVersion', 'lowCardinality'),
    // Price of 1 kWh; NaN: unknown
    column('EnergyPrice', 'float64'),
    column('Currency', 'lowCardinality'),
    column('TariffVersion', 'lowCardinality'),
    // Bounds that could not be used, with the reason; '' where all were
    column('Without', 'string'),
    column('Explanation', 'string'),
    // JSON: all that was decided by. The same inputs and the same policy give the same decision
    column('Inputs', 'string'),
    // JSON: every bound with its replicas
    column('Bounds', 'string'),
    // Rows of kind effect: the whole minutes of the ledger that were looked at
    column('EffectFrom', 'seconds'),
    column('EffectTo', 'seconds'),
    // Replicas that the ledger has, on average; NaN: none of it
    column('EffectReplicas', 'float64'),
    column('EffectWatts', 'float64'),
    // Null: unpriced, or nothing was measured
    column('EffectCarbonUg', 'int64?'),
    column('EffectCostNano', 'int64?'),
  ],
  table: {
    name: 'scaling_decisions',
    partitionBy: 'toYYYYMM(Time)',
    orderBy: ['Tenant', 'Policy', 'Time'],
    ttlFrom: 'Time',
    retention: 'ledger',
  },
} as const satisfies StreamDeclaration

/** The newest answer of each policy, keyed by tenant and name: role `scaling` begins with these. In the log only. */
export const scalingAnswers = {
  name: 'scaling_answers',
  key: 'none',
  compacted: true,
  columns: [
    column('Tenant', 'lowCardinality'),
    column('Policy', 'lowCardinality'),
    // active | deleted
    column('State', 'lowCardinality'),
    // JSON
    column('Answer', 'string'),
  ],
} as const satisfies StreamDeclaration
