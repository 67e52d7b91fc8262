import { type Board, chosen, type Variable } from './board.ts'

const ACCOUNT: Variable = {
  name: 'account',
  label: 'Account',
  column: 'Account',
  sql: 'SELECT DISTINCT Account FROM usage_daily',
}

const IS_ACCOUNT = chosen(ACCOUNT)
/** Days that begin within the range; the first one is complete. */
const DAYS = `WindowStart >= toStartOfDay($__fromTime) AND WindowStart <= $__toTime AND ${IS_ACCOUNT}`

/** Day by day, from the ledger's own projections. */
export const usageBoard: Board = {
  uid: 'wattline-usage',
  title: 'Wattline: usage by account',
  description: 'Energy, carbon and cost by account and namespace, day by day (UTC), from usage_daily.',
  from: 'now-30d',
  interval: '1d',
  variables: [ACCOUNT],
  panels: [
    {
      title: 'Energy by account and day',
      description: 'Idle and unattributed energy belongs to the operator account.',
      kind: 'timeseries',
      unit: 'kwatth',
      isStacked: true,
      w: 12,
      h: 9,
      sql: `SELECT toDateTime(WindowStart) AS time, Account AS account, sum(EnergyUj) / 3.6e12 AS energy
FROM usage_daily WHERE ${DAYS} GROUP BY time, account ORDER BY time`,
    },
    {
      title: 'Cost by account and day',
      description:
        'Energy and resources, where a tariff applies. Each currency of an account is a separate series.',
      kind: 'timeseries',
      isStacked: true,
      w: 12,
      h: 9,
      sql: `SELECT toDateTime(WindowStart) AS time, concat(Account, ' ', Currency) AS account,
  (sum(CostEnergyNano) + ifNull(sum(CostResourceNano), 0)) / 1e9 AS cost
FROM usage_daily WHERE ${DAYS} GROUP BY time, account ORDER BY time`,
    },
    {
      title: 'Carbon by day',
      description: 'Operational: from the grid. Embodied: from making the machines, where configured.',
      kind: 'timeseries',
      unit: 'masskg',
      isStacked: true,
      w: 12,
      h: 9,
      sql: `SELECT toDateTime(WindowStart) AS time, sum(CarbonOperationalUg) / 1e9 AS operational, sum(CarbonEmbodiedUg) / 1e9 AS embodied
FROM usage_daily WHERE ${DAYS} GROUP BY time ORDER BY time`,
    },
    {
      title: 'Quality of the energy',
      description: 'Measured by meters, interpolated over gaps, or estimated by a model.',
      kind: 'timeseries',
      unit: 'kwatth',
      isStacked: true,
      w: 12,
      h: 9,
      sql: `SELECT toDateTime(WindowStart) AS time, EnergyQuality AS quality, sum(EnergyUj) / 3.6e12 AS energy
FROM usage_daily WHERE ${DAYS} GROUP BY time, quality ORDER BY time`,
    },
    {
      title: 'Accounts and namespaces',
      description:
        'Empty means unknown. unpriced and without_factor are the shares of energy that are in no sum of this row.',
      kind: 'table',
      w: 24,
      h: 12,
      units: {
        energy_kwh: 'kwatth',
        carbon_kg: 'masskg',
        unpriced: 'percentunit',
        without_factor: 'percentunit',
      },
      sql: `
SELECT Account AS account, Namespace AS namespace, Currency AS currency, sum(EnergyUj) / 3.6e12 AS energy_kwh,
  sum(CarbonOperationalUg) / 1e9 AS carbon_kg, sum(CostEnergyNano) / 1e9 AS cost_energy, sum(CostResourceNano) / 1e9 AS cost_resources,
  sum(UnpricedCostUj) / nullIf(sum(EnergyUj), 0) AS unpriced, sum(UnpricedCarbonUj) / nullIf(sum(EnergyUj), 0) AS without_factor
FROM usage_daily WHERE ${DAYS}
GROUP BY account, namespace, currency ORDER BY energy_kwh DESC LIMIT 500`,
    },
  ],
}
