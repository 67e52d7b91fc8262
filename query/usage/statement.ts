/** Usage as SQL: a typed question in, text and bound values out. */
import { exactSum } from '../../core/model/streams/ledger.ts'
import type { QueryParam } from '../../core/warehouse/warehouse.ts'
import { tableName } from '../tables.ts'
import { DIMENSIONS, type Dimension, type UsageRequest } from './request.ts'
import { coverWindow, type Piece, type Source } from './window.ts'

export interface Sql {
  readonly text: string
  readonly params: Readonly<Record<string, QueryParam>>
}

/** Of a column that the sums by hour and day hold already, 128 bits wide there too. */
const summed = (column: string, condition?: string) =>
  [exactSum(column, condition), exactSum(column, condition)] as const
const shareOf = (share: string) => summed('EnergyUj', `Share = '${share}'`)
const qualityOf = (quality: string) => summed('EnergyUj', `EnergyQuality = '${quality}'`)

/** What is summed, by its name in the answer: over the ledger's minutes, and over its sums by hour and day. */
const MEASURES = {
  energy_uj: summed('EnergyUj'),
  active_uj: shareOf('active'),
  idle_uj: shareOf('idle'),
  unattributed_uj: shareOf('unattributed'),
  cpu_us: summed('CpuUs'),
  carbon_operational_ug: summed('CarbonOperationalUg'),
  carbon_embodied_ug: summed('CarbonEmbodiedUg'),
  cost_energy_nano: summed('CostEnergyNano'),
  cost_resource_nano: summed('CostResourceNano'),
  measured_uj: qualityOf('measured'),
  interpolated_uj: qualityOf('interpolated'),
  estimated_uj: qualityOf('estimated'),
  simulated_uj: qualityOf('simulated'),
  unpriced_carbon_entries: ['countIf(CarbonOperationalUg IS NULL)', 'sum(UnpricedCarbonEntries)'],
  unpriced_carbon_uj: [exactSum('EnergyUj', 'CarbonOperationalUg IS NULL'), 'sum(UnpricedCarbonUj)'],
  unpriced_cost_entries: ['countIf(CostEnergyNano IS NULL)', 'sum(UnpricedCostEntries)'],
  unpriced_cost_uj: [exactSum('EnergyUj', 'CostEnergyNano IS NULL'), 'sum(UnpricedCostUj)'],
  coverage_sum: ['sum(Coverage)', 'sum(CoverageSum)'],
  entries: ['count()', 'sum(Entries)'],
} as const satisfies Record<string, readonly [string, string]>
export type Measure = keyof typeof MEASURES
export const MEASURE_NAMES = Object.keys(MEASURES) as readonly Measure[]

/** One row as the engine gives it: integers of 64 bits and more as text, `g_<dimension>` per group key. */
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
