/** Usage as SQL: a typed question in, text and bound values out. */
import type { QueryParam } from '../../core/warehouse/warehouse.ts'
import { tableName } from '../tables.ts'
import { DIMENSIONS, type Dimension, type UsageRequest } from './request.ts'
import { coverWindow, type Piece, type Source } from './window.ts'

export interface Sql {
  readonly text: string
  readonly params: Readonly<Record<string, QueryParam>>
}

/** What is summed, by its name in the answer: over the ledger's minutes, and over its sums by hour and day. */
const MEASURES = {
  energy_uj: ['sum(EnergyUj)', 'sum(EnergyUj)'],
  active_uj: ["sumIf(EnergyUj, Share = 'active')", "sumIf(EnergyUj, Share = 'active')"],
  idle_uj: ["sumIf(EnergyUj, Share = 'idle')", "sumIf(EnergyUj, Share = 'idle')"],
  unattributed_uj: ["sumIf(EnergyUj, Share = 'unattributed')", "sumIf(EnergyUj, Share = 'unattributed')"],
  cpu_us: ['sum(CpuUs)', 'sum(CpuUs)'],
  carbon_operational_ug: ['sum(CarbonOperationalUg)', 'sum(CarbonOperationalUg)'],
  carbon_embodied_ug: ['sum(CarbonEmbodiedUg)', 'sum(CarbonEmbodiedUg)'],
  cost_energy_nano: ['sum(CostEnergyNano)', 'sum(CostEnergyNano)'],
  cost_resource_nano: ['sum(CostResourceNano)', 'sum(CostResourceNano)'],
  measured_uj: ["sumIf(EnergyUj, EnergyQuality = 'measured')", "sumIf(EnergyUj, EnergyQuality = 'measured')"],
  interpolated_uj: [
    "sumIf(EnergyUj, EnergyQuality = 'interpolated')",
    "sumIf(EnergyUj, EnergyQuality = 'interpolated')",
  ],
  estimated_uj: [
    "sumIf(EnergyUj, EnergyQuality = 'estimated')",
    "sumIf(EnergyUj, EnergyQuality = 'estimated')",
  ],
  simulated_uj: [
    "sumIf(EnergyUj, EnergyQuality = 'simulated')",
    "sumIf(EnergyUj, EnergyQuality = 'simulated')",
  ],
  unpriced_carbon_entries: ['countIf(CarbonOperationalUg IS NULL)', 'sum(UnpricedCarbonEntries)'],
  unpriced_carbon_uj: ['sumIf(EnergyUj, CarbonOperationalUg IS NULL)', 'sum(UnpricedCarbonUj)'],
  unpriced_cost_entries: ['countIf(CostEnergyNano IS NULL)', 'sum(UnpricedCostEntries)'],
  unpriced_cost_uj: ['sumIf(EnergyUj, CostEnergyNano IS NULL)', 'sum(UnpricedCostUj)'],
  coverage_sum: ['sum(Coverage)', 'sum(CoverageSum)'],
  entries: ['count()', 'sum(Entries)'],
} as const satisfies Record<string, readonly [string, string]>
export type Measure = keyof typeof MEASURES
export const MEASURE_NAMES = Object.keys(MEASURES) as readonly Measure[]

/** One row as the engine gives it: 64-bit integers as text, `g_<dimension>` per group key. */
export type SummedRow = Readonly<Record<string, string | number | null>>

/** What the caller may change about the question: the answer's total, its left out part, and cells for sharing. */
export interface Shape {
  readonly groupBy: readonly Dimension[]
  readonly stepSeconds: number | null
  /** Idle rows: with the others, left out, or alone. */
  readonly idle: 'with' | 'without' | 'only'
  readonly limit: number
}

export function usageStatement(request: UsageRequest, shape: Shape): Sql {
  const keys = keyColumns(shape)
  const pieces = coverWindow(request, shape.stepSeconds)
  const names = keys.map(key => key.name)
  const inner = pieces.map(
    (piece, index) =>
      `SELECT ${[...keys.map(key => `${key.expression} AS ${key.name}`), ...sums(piece.source)].join(', ')} ` +
      `FROM ${tableName(piece.source)} WHERE ${conditions(request, shape, index)}${groupBy(names)}`,
  )
  const sum = MEASURE_NAMES.map(name => `sum(s_${name}) AS ${name}`)
  const order = [...(shape.stepSeconds === null ? [] : ['start']), 'energy_uj DESC', ...names]
  return {
    text:
      `SELECT ${[...names, ...sum].join(', ')} FROM (${inner.join(' UNION ALL ')})${groupBy(names)} ` +
      `ORDER BY ${[...new Set(order)].join(', ')} LIMIT ${shape.limit}`,
    params: bindings(request, pieces),
  }
}

/** Why entries could not be priced, by group: only the minutes carry it. */
export function reasonsStatement(request: UsageRequest, shape: Shape): Sql {
  const keys = keyColumns(shape)
  const piece: Piece = { from: request.from, to: request.to, source: 'ledger' }
  const columns = [
    ...keys.map(key => `${key.expression} AS ${key.name}`),
    'arraySort(groupUniqArray(20)(Reason)) AS reasons',
  ]
  return {
    text:
      `SELECT ${columns.join(', ')} FROM ${tableName('ledger')} WHERE ${conditions(request, shape, 0)} ` +
      `AND Reason != '' AND (CarbonOperationalUg IS NULL OR CostEnergyNano IS NULL)` +
      `${groupBy(keys.map(key => key.name))} LIMIT ${shape.limit}`,
    params: bindings(request, [piece]),
  }
}

interface Key {
  readonly name: string
  readonly expression: string
}

function keyColumns(shape: Shape): readonly Key[] {
  const groups = shape.groupBy.map(name => ({ name: `g_${name}`, expression: DIMENSIONS[name] }))
  if (shape.stepSeconds === null) return groups
  const step = shape.stepSeconds
  return [{ name: 'start', expression: `intDiv(toUnixTimestamp(WindowStart), ${step}) * ${step}` }, ...groups]
}

/** Prefixed, since a sum named like its column would be summed again. */
const sums = (source: Source): readonly string[] =>
  MEASURE_NAMES.map(name => `${MEASURES[name][source === 'ledger' ? 0 : 1]} AS s_${name}`)

const groupBy = (names: readonly string[]): string =>
  names.length === 0 ? '' : ` GROUP BY ${names.join(', ')}`

function conditions(request: UsageRequest, shape: Shape, index: number): string {
  const dimensions = [...new Set(request.filters.map(filter => filter.dimension))]
  return [
    'Tenant = {tenant:String}',
    ...(request.accounts === null ? [] : ['has({accounts:Array(String)}, Account)']),
    `WindowStart >= toDateTime({from${index}:UInt32}, 'UTC') AND WindowStart < toDateTime({to${index}:UInt32}, 'UTC')`,
    ...dimensions.map(name => `has({filter_${name}:Array(String)}, ${DIMENSIONS[name]})`),
    ...(shape.idle === 'with' ? [] : [shape.idle === 'only' ? "Share = 'idle'" : "Share != 'idle'"]),
  ].join(' AND ')
}

function bindings(request: UsageRequest, pieces: readonly Piece[]): Readonly<Record<string, QueryParam>> {
  const params: Record<string, QueryParam> = { tenant: request.tenant }
  if (request.accounts !== null) params['accounts'] = request.accounts
  pieces.forEach((piece, index) => {
    params[`from${index}`] = piece.from
    params[`to${index}`] = piece.to
  })
  for (const { dimension, value } of request.filters) {
    const known = params[`filter_${dimension}`]
    params[`filter_${dimension}`] = Array.isArray(known) ? [...known, value] : [value]
  }
  return params
}
