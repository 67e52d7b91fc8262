import { type Board, chosen, type Variable } from './board.ts'

const HOST: Variable = {
  name: 'host',
  label: 'Host',
  column: 'HostName',
  sql: 'SELECT DISTINCT HostName FROM ledger WHERE $__timeFilter(WindowStart)',
}

/** Whole minutes only: the first and last buckets are not cut, so their watts are not too low. */
const RANGE = `WindowStart >= toStartOfInterval($__fromTime, INTERVAL $__interval_s second)
  AND WindowStart < toStartOfInterval($__toTime, INTERVAL $__interval_s second)`
const IS_HOST = chosen(HOST)
const IN_RANGE = `$__timeFilter(WindowStart) AND ${IS_HOST}`

/** Minute by minute, from the ledger. */
export const energyBoard: Board = {
  uid: 'wattline-energy',
  title: 'Wattline: energy, carbon, cost',
  description: 'Energy, carbon and cost of hosts and workloads, minute by minute, from the ledger.',
  from: 'now-3h',
  interval: '1m',
  variables: [HOST],
  panels: [
    {
      title: 'Energy',
      description: 'All energy that the meters counted: workloads, idle and unattributed.',
      kind: 'stat',
      unit: 'kwatth',
      w: 4,
      h: 4,
      sql: `SELECT sum(toInt128(EnergyUj)) / 3.6e12 AS energy FROM ledger WHERE ${IN_RANGE}`,
    },
    {
      title: 'Operational carbon',
      description:
        'CO2 equivalents of that energy, by the grid factor in force in each minute. Unknown where there is none.',
      kind: 'stat',
      unit: 'massg',
      w: 4,
      h: 4,
      sql: `SELECT sum(toInt128(CarbonOperationalUg)) / 1e6 AS carbon FROM ledger WHERE ${IN_RANGE}`,
    },
    {
      title: 'Energy cost',
      description: 'By the tariff in force in each minute, in its currency. Unknown without a price.',
      kind: 'stat',
      w: 4,
      h: 4,
      sql: `SELECT sum(toInt128(CostEnergyNano)) / 1e9 AS cost, Currency AS currency FROM ledger
WHERE ${IN_RANGE} AND CostEnergyNano IS NOT NULL GROUP BY currency ORDER BY cost DESC`,
    },
    {
      title: 'Measured',
      description: 'Share of the energy that meters counted; the rest is interpolated or estimated.',
      kind: 'stat',
      unit: 'percentunit',
      w: 4,
      h: 4,
      sql: `SELECT sumIf(toInt128(EnergyUj), EnergyQuality = 'measured') / nullIf(sum(toInt128(EnergyUj)), 0) AS measured FROM ledger WHERE ${IN_RANGE}`,
    },
    {
      title: 'Without a price or factor',
      description:
        'Share of the energy without a tariff or a grid factor: it is in no sum of cost or carbon.',
      kind: 'stat',
      unit: 'percentunit',
      w: 4,
      h: 4,
      sql: `SELECT sumIf(toInt128(EnergyUj), CostEnergyNano IS NULL) / nullIf(sum(toInt128(EnergyUj)), 0) AS unpriced,
  sumIf(toInt128(EnergyUj), CarbonOperationalUg IS NULL) / nullIf(sum(toInt128(EnergyUj)), 0) AS without_factor
FROM ledger WHERE ${IN_RANGE}`,
    },
    {
      title: 'Late readings',
      description:
        'Readings that arrived after their minute was closed: they are in late_readings, and in no sum here.',
      kind: 'stat',
      unit: 'short',
      w: 4,
      h: 4,
      sql: `SELECT count() AS late FROM late_readings
WHERE $__timeFilter(Timestamp) AND Host IN (SELECT Host FROM ledger WHERE ${IS_HOST})`,
    },
    {
      title: 'Power by workload',
      description:
        'The ten workloads that used most in the range; the others are one layer. Excludes idle and unattributed energy.',
      kind: 'timeseries',
      unit: 'watt',
      isStacked: true,
      w: 16,
      h: 9,
      sql: `
WITH top AS (
  SELECT WorkloadName FROM ledger WHERE ${IN_RANGE} AND Share = 'active'
  GROUP BY WorkloadName ORDER BY sum(toInt128(EnergyUj)) DESC LIMIT 10
)
SELECT $__timeInterval(WindowStart) AS time, if(WorkloadName IN (SELECT WorkloadName FROM top), WorkloadName, 'others') AS workload,
  sum(toInt128(EnergyUj)) / 1e6 / $__interval_s AS watts
FROM ledger WHERE ${RANGE} AND ${IS_HOST} AND Share = 'active'
GROUP BY time, workload ORDER BY time`,
    },
    {
      title: 'Power by share',
      description:
        'Active: attributed to workloads. Idle: used by an idle machine. Unattributed: the workload is not known.',
      kind: 'timeseries',
      unit: 'watt',
      isStacked: true,
      w: 8,
      h: 9,
      sql: `
SELECT $__timeInterval(WindowStart) AS time, Share AS share, sum(toInt128(EnergyUj)) / 1e6 / $__interval_s AS watts
FROM ledger WHERE ${RANGE} AND ${IS_HOST}
GROUP BY time, share ORDER BY time`,
    },
    {
      title: 'Workloads',
      description: 'Coverage is the part of the time that samples covered. Empty means unknown, never zero.',
      kind: 'table',
      w: 24,
      h: 10,
      units: {
        energy_kwh: 'kwatth',
        carbon_g: 'massg',
        cpu_s: 's',
        coverage: 'percentunit',
        measured: 'percentunit',
      },
      sql: `
SELECT Account AS account, Namespace AS namespace, WorkloadName AS workload, WorkloadKind AS kind,
  sum(toInt128(EnergyUj)) / 3.6e12 AS energy_kwh, sum(toInt128(CarbonOperationalUg)) / 1e6 AS carbon_g, sum(toInt128(CostEnergyNano)) / 1e9 AS cost,
  Currency AS currency, sum(toInt128(CpuUs)) / 1e6 AS cpu_s, avg(Coverage) AS coverage,
  sumIf(toInt128(EnergyUj), EnergyQuality = 'measured') / nullIf(sum(toInt128(EnergyUj)), 0) AS measured
FROM ledger WHERE ${IN_RANGE} AND Share = 'active'
GROUP BY account, namespace, workload, kind, currency ORDER BY energy_kwh DESC LIMIT 200`,
    },
    {
      title: 'Hosts',
      description: 'Mean power over the minutes in the books.',
      kind: 'table',
      w: 24,
      h: 8,
      units: { watts: 'watt', energy_kwh: 'kwatth', idle: 'percentunit', unattributed: 'percentunit' },
      sql: `
SELECT HostName AS host, Zone AS zone, sum(toInt128(EnergyUj)) / 1e6 / (60 * uniqExact(WindowStart)) AS watts,
  sum(toInt128(EnergyUj)) / 3.6e12 AS energy_kwh, sumIf(toInt128(EnergyUj), Share = 'idle') / nullIf(sum(toInt128(EnergyUj)), 0) AS idle,
  sumIf(toInt128(EnergyUj), Share = 'unattributed') / nullIf(sum(toInt128(EnergyUj)), 0) AS unattributed, max(WindowStart) AS last_minute
FROM ledger WHERE ${IN_RANGE} GROUP BY host, zone ORDER BY energy_kwh DESC LIMIT 200`,
    },
  ],
}
