import { type Board, chosen, type Variable } from './board.ts'

const ZONE: Variable = {
  name: 'zone',
  label: 'Zone',
  column: 'Zone',
  sql: 'SELECT DISTINCT Zone FROM usage_daily',
}

const IS_ZONE = chosen(ZONE)
const IN_TIME = `WindowStart >= $__fromTime AND WindowStart <= $__toTime AND ${IS_ZONE}`
/** Dated factors that hold at some time of the range; those that hold for all times before begin in 1970. */
const HOLDS = `ValidFrom <= $__toTime AND (ValidTo IS NULL OR ValidTo > $__fromTime)`

/** What energy was rated by, and what is known of intensities and prices. */
export const factorsBoard: Board = {
  uid: 'wattline-factors',
  title: 'Wattline: intensities and prices',
  description:
    'What the books were rated by, and every version of intensities, prices, PUE and embodied emissions.',
  from: 'now-24h',
  interval: '1h',
  variables: [ZONE],
  panels: [
    {
      title: 'Intensity in the books',
      description:
        'Operational carbon of the entries by the energy of the machines and their facility, corrections included.',
      kind: 'timeseries',
      unit: 'g/kWh',
      w: 12,
      h: 9,
      sql: `SELECT $__timeInterval(WindowStart) AS time, Zone AS zone,
  sum(CarbonOperationalUg) / 1e6 / nullIf(sumIf(EnergyUj * toFloat64(Pue), CarbonOperationalUg IS NOT NULL) / 3.6e12, 0) AS intensity
FROM ledger WHERE ${IN_TIME} GROUP BY time, zone ORDER BY time`,
    },
    {
      title: 'Price of energy in the books',
      description:
        'Cost of energy of the entries by the energy that it was charged for; a series per currency.',
      kind: 'timeseries',
      w: 12,
      h: 9,
      sql: `SELECT $__timeInterval(WindowStart) AS time, concat(Zone, ' ', Currency) AS zone,
  sum(CostEnergyNano) / 1e9 / nullIf(sumIf(EnergyUj * toFloat64(Pue), CostEnergyNano IS NOT NULL) / 3.6e12, 0) AS price
FROM ledger WHERE ${IN_TIME} GROUP BY time, zone ORDER BY time`,
    },
    {
      title: 'Intensities as they were reported',
      description: 'By kind and state. Where a time has several versions of one state, their average.',
      kind: 'timeseries',
      unit: 'g/kWh',
      w: 12,
      h: 9,
      sql: `SELECT greatest(ValidFrom, $__fromTime) AS time, concat(Zone, ' ', Kind, ' ', State) AS zone, avg(toFloat64(Value)) AS intensity
FROM grid_intensity WHERE ${HOLDS} AND ${IS_ZONE} GROUP BY time, zone ORDER BY time`,
    },
    {
      title: 'Spot prices',
      description: 'Prices of the market by bidding zone. Where a time has several versions, their average.',
      kind: 'timeseries',
      w: 12,
      h: 9,
      sql: `SELECT greatest(ValidFrom, $__fromTime) AS time, concat(Zone, ' ', Currency) AS zone, avg(toFloat64(Value)) AS price
FROM tariffs WHERE Kind = 'spot' AND ${HOLDS} AND ${IS_ZONE} GROUP BY time, zone ORDER BY time`,
    },
    {
      title: 'Prices of lists',
      description: 'Every version that holds in the range. Without account or zone a price holds for all.',
      kind: 'table',
      w: 24,
      h: 9,
      sql: `SELECT Name AS list, Kind AS price_of, AccountPattern AS account, Zone AS zone, toFloat64(Value) AS price, Unit AS unit, State AS state,
  ValidFrom AS valid_from, ValidTo AS valid_to, Source AS source, Version AS version
FROM tariffs WHERE Kind NOT IN ('spot', 'whole') AND ${HOLDS} AND (Zone = '' OR ${IS_ZONE})
ORDER BY list, price_of, valid_from DESC LIMIT 500`,
    },
    {
      title: 'Versions of intensities',
      description: 'The newest first, as providers, files and the API gave them.',
      kind: 'table',
      w: 24,
      h: 9,
      units: { intensity: 'g/kWh' },
      sql: `SELECT Zone AS zone, Kind AS kind, State AS state, ValidFrom AS valid_from, ValidTo AS valid_to, toFloat64(Value) AS intensity,
  Source AS source, Version AS version
FROM grid_intensity WHERE ${HOLDS} AND ${IS_ZONE} ORDER BY valid_from DESC, zone, state LIMIT 500`,
    },
    {
      title: 'PUE and embodied emissions',
      description:
        'PUE by site or zone; emissions of making one machine of a type, kgCO2e, without its GPUs.',
      kind: 'table',
      w: 24,
      h: 8,
      sql: `SELECT * FROM (
  SELECT 'PUE' AS factor, if(Site = '', Zone, Site) AS of, toFloat64(Value) AS value, State AS state, ValidFrom AS valid_from,
    ValidTo AS valid_to, Source AS source, Version AS version FROM pue_factors WHERE ${HOLDS}
  UNION ALL
  SELECT 'embodied', HostType, toFloat64(Value), State, ValidFrom, ValidTo, Source, Version FROM embodied_factors WHERE ${HOLDS}
) ORDER BY factor, of, valid_from DESC LIMIT 500`,
    },
  ],
}
