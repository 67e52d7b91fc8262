/** Questions about decisions and policies, as SQL. */
import { type ParameterizedSql, tableName } from '../fence/tables.ts'

/** Decisions of a policy before a time with what came of them, the newest first. */
export const decisionsStatement = (name: string, before: number, limit: number): ParameterizedSql => {
  const rows = `SELECT DecisionId FROM ${tableName('scaling_decisions')} WHERE Policy = {name:String} AND Kind = 'decision' AND Time < {before:DateTime} ORDER BY Time DESC LIMIT {limit:UInt32}`
  const of = (kind: string, column: string): string => `anyIf(${column}, Kind = '${kind}')`
  const decision = (column: string): string => of('decision', column)
  return {
    text:
      'SELECT DecisionId AS id, toUnixTimestamp(max(Time)) AS time, ' +
      `${decision('PolicyVersion')} AS policy_version, ${decision('Replicas')} AS replicas, ` +
      `toString(${decision('PreviousReplicas')}) AS previous, ${decision('RuledBy')} AS ruled_by, ` +
      `${decision('Demand')} AS demand, toString(${decision('DemandReplicas')}) AS demand_replicas, ` +
      `toString(${decision('DemandAge')}) AS demand_age, ${decision('FloorReplicas')} AS floor, ` +
      `toString(${decision('CeilingReplicas')}) AS ceiling, ${decision('WattsPerReplica')} AS watts, ` +
      `${decision('WattsQuality')} AS watts_quality, ${decision('Zone')} AS zone, ${decision('Intensity')} AS g_per_kwh, ` +
      `${decision('IntensityVersion')} AS intensity_version, ${decision('EnergyPrice')} AS price, ` +
      `${decision('Currency')} AS currency, ${decision('TariffVersion')} AS tariff_version, ` +
      `${decision('Without')} AS without, ${decision('Explanation')} AS explanation, ${decision('Inputs')} AS inputs, ` +
      `${decision('Bounds')} AS bounds, countIf(Kind = 'effect') AS effects, ` +
      `toUnixTimestamp(${of('effect', 'EffectFrom')}) AS effect_from, toUnixTimestamp(${of('effect', 'EffectTo')}) AS effect_to, ` +
      `${of('effect', 'EffectReplicas')} AS effect_replicas, ${of('effect', 'EffectWatts')} AS effect_watts, ` +
      `toString(${of('effect', 'EffectCarbonUg')}) AS effect_carbon_ug, toString(${of('effect', 'EffectCostNano')}) AS effect_cost_nano, ` +
      `${of('effect', 'Currency')} AS effect_currency FROM ${tableName('scaling_decisions')} ` +
      `WHERE Policy = {name:String} AND DecisionId IN (${rows}) GROUP BY id ORDER BY time DESC`,
    params: { name, before, limit },
  }
}

/** Versions of a policy, the newest first. */
export const policyHistoryStatement = (name: string): ParameterizedSql => ({
  text:
    'SELECT toUnixTimestamp(Updated) AS updated, State AS state, Source AS source, Version AS version, Policy AS policy ' +
    `FROM ${tableName('scaling_policies')} WHERE Name = {name:String} ORDER BY Updated DESC LIMIT 1000`,
  params: { name },
})
