/** Usage as SQL: a typed question in, text and bound values out. */
import { LEDGER_BUCKETS, ROLLUP_SUMS } from '../../core/model/streams/ledger.ts'
import type { QueryParam } from '../../core/warehouse/warehouse.ts'
import { type ParameterizedSql, tableName } from '../fence/tables.ts'
import { DIMENSIONS, type TimeStep, type UsageDimension, type UsageRequest } from './request.ts'
import { isSharingPolicy, type SharedPart, sharedIdleSource } from './shared-idle.ts'
import { coverWindow, type RangeSlice, type RollupUnit } from './window.ts'

/** Resources whose list price is in another currency than the price of energy have no cost (`rate` names the reason). */
const OTHER_CURRENCY = "Reason LIKE '%other_currency%'"

/**
 * What is summed, by its name in the answer: over `SUMS` of groups that share and quality are keys of. (The ledger's
 * projections hold no sums under a condition on them: the engine would answer `sumIf` from single entries.)
 */
const MEASURES = {
  energy_uj: 'sum(EnergyUj)',
  active_uj: "sumIf(EnergyUj, Share = 'active')",
  idle_uj: "sumIf(EnergyUj, Share = 'idle')",
  unattributed_uj: "sumIf(EnergyUj, Share = 'unattributed')",
  over_busy_uj: 'sum(OverBusyUj)',
  energy_error_uj: 'sum(EnergyErrorUj)',
  unknown_error_uj: 'sum(UnknownErrorUj)',
  cpu_us: 'sum(CpuUs)',
  gpu_us: 'sum(GpuUs)',
  gpu_reserved_idle_us: 'sum(GpuReservedIdleUs)',
  carbon_operational_ug: 'sum(CarbonOperationalUg)',
  carbon_embodied_ug: 'sum(CarbonEmbodiedUg)',
  cost_energy_nano: 'sum(CostEnergyNano)',
  cost_resource_nano: 'sum(CostResourceNano)',
  measured_uj: "sumIf(EnergyUj, EnergyQuality = 'measured')",
  interpolated_uj: "sumIf(EnergyUj, EnergyQuality = 'interpolated')",
  estimated_uj: "sumIf(EnergyUj, EnergyQuality = 'estimated')",
  simulated_uj: "sumIf(EnergyUj, EnergyQuality = 'simulated')",
  unpriced_carbon_entries: 'sum(UnpricedCarbonEntries)',
  unpriced_carbon_uj: 'sum(UnpricedCarbonUj)',
  unpriced_cost_entries: 'sum(UnpricedCostEntries)',
  unpriced_cost_uj: 'sum(UnpricedCostUj)',
  unpriced_resource_entries: `sumIf(Entries, ${OTHER_CURRENCY})`,
  unpriced_resource_cpu_us: `sumIf(CpuUs, ${OTHER_CURRENCY})`,
  unpriced_resource_gpu_us: `sumIf(GpuUs, ${OTHER_CURRENCY})`,
  coverage_sum: 'sum(CoverageSum)',
  entries: 'sum(Entries)',
} as const satisfies Record<string, string>
/** Names of the sums of an answer. */
export type Measure = keyof typeof MEASURES
/** All measures, in the order of the SELECT. */
export const MEASURE_NAMES = Object.keys(MEASURES) as readonly Measure[]

const SUMS = ROLLUP_SUMS.filter(sum => MEASURE_NAMES.some(name => MEASURES[name].includes(`(${sum.name}`)))
const SUM_KEYS = ['Share', 'EnergyQuality', 'Reason', 'Currency'] as const

/** One row as the engine gives it: integers of 64 bits and more as text, `g_<dimension>` per group key. */
export type SummedRow = Readonly<Record<string, string | number | null>> & {
  readonly reasons?: readonly string[]
  readonly currencies?: readonly string[]
}

/** What the caller may change about the question: the answer's total, its left out part, and cells for sharing. */
export interface QueryShape {
  readonly groupBy: readonly UsageDimension[]
  readonly step: TimeStep | null
  /** Idle energy that no workload takes: with the others, left out, or alone. */
  readonly idle: 'with' | 'without' | 'only'
  /**
   * The books as they are; without idle energy that they do not hold by the policy that is asked for; or only that, in shares
   * (shared-idle.ts): entries of minutes, or corrections of hours.
   */
  readonly from: 'books' | 'booked' | SharedPart
  readonly limit: number
}

/**
 * The inner statements group the ledger by what is asked for and no more, in the expressions of its projections: so the
 * engine answers whole hours and days from the smallest projection that has these keys.
 */
export function usageStatement(request: UsageRequest, shape: QueryShape): ParameterizedSql {
  const names = keyNames(shape)
  const slices = slicesOf(request, shape)
  const inner = slices.map(({ unit }, index) => {
    const columns = [
      ...keyColumns(request, shape, unit),
      ...SUM_KEYS.map(key => `${key} AS k_${key}`),
      ...SUMS.map(sum => `${sum.expression} AS s_${sum.name}`),
    ]
    const keys = [...names, ...SUM_KEYS.map(key => `k_${key}`)]
    return (
      `SELECT ${columns.join(', ')} FROM ${sourceOf(request, shape)} ` +
      `WHERE ${conditions(request, shape, unit, index)}${groupBy(keys)}`
    )
  })
  const measures = [
    ...MEASURE_NAMES.map(name => `${prefixed(MEASURES[name])} AS ${name}`),
    REASONS,
    CURRENCIES,
  ]
  const order = [...(shape.step === null ? [] : ['start']), 'energy_uj DESC', ...names]
  return {
    text:
      `SELECT ${[...names, ...measures].join(', ')} FROM (${inner.join(' UNION ALL ')})${groupBy(names)} ` +
      `ORDER BY ${[...new Set(order)].join(', ')} LIMIT ${shape.limit}`,
    params: bindings(request, shape, slices),
  }
}

/** Why entries could not be priced: such entries carry a reason, all others none. */
const REASONS = "arraySort(groupUniqArrayIf(20)(k_Reason, k_Reason != '')) AS reasons"

/** Of costs: what is not priced has a currency, too. */
const CURRENCIES =
  'arraySort(groupUniqArrayIf(100)(k_Currency, s_CostEnergyNano IS NOT NULL OR s_CostResourceNano IS NOT NULL)) AS currencies'

const HOUR = 3_600
const OF_WORKLOADS: ReadonlySet<UsageDimension> = new Set(['host', 'workload', 'workload_id'])

function slicesOf(request: UsageRequest, shape: QueryShape): readonly RangeSlice[] {
  if (isShared(shape.from)) return [{ from: request.from, to: request.to, unit: 'minute' }]
  const names = [...shape.groupBy, ...request.filters.map(filter => filter.dimension)]
  return coverWindow(request, shape.step, { months: !names.some(name => OF_WORKLOADS.has(name)) })
}

const isShared = (from: QueryShape['from']): from is SharedPart => from === 'minutes' || from === 'hours'

const sourceOf = ({ idleSharing }: UsageRequest, { from }: QueryShape): string =>
  isShared(from) && isSharingPolicy(idleSharing) ? sharedIdleSource(idleSharing, from) : tableName('ledger')

const keyNames = (shape: QueryShape): readonly string[] => [
  ...(shape.step === null ? [] : ['start']),
  ...shape.groupBy.map(name => `g_${name}`),
]

function keyColumns(request: UsageRequest, shape: QueryShape, unit: RollupUnit): readonly string[] {
  const groups = shape.groupBy.map(name => `${whose(request, DIMENSIONS[name])} AS g_${name}`)
  return shape.step === null ? groups : [`${stepStart(shape.step, LEDGER_BUCKETS[unit])} AS start`, ...groups]
}

const stepStart = (step: TimeStep, time: string): string =>
  step === 'month'
    ? `toUnixTimestamp(toDateTime(toStartOfMonth(${time}), 'UTC'))`
    : `intDiv(toUnixTimestamp(${time}), ${step}) * ${step}`

/** Sums and keys of the inner statements have names of their own: one named like its column would be summed again. */
const prefixed = (measure: string): string => measure.replace(/\((\w+)/, '(s_$1').replace(/, (\w+)/, ', k_$1')

const groupBy = (names: readonly string[]): string =>
  names.length === 0 ? '' : ` GROUP BY ${names.join(', ')}`

function conditions(request: UsageRequest, shape: QueryShape, unit: RollupUnit, index: number): string {
  const dimensions = [...new Set(request.filters.map(filter => filter.dimension))]
  return [
    'Tenant = {tenant:String}',
    ...(request.accounts === null ? [] : [whose(request, 'Account IN {accounts:Array(String)}')]),
    timeText(unit, index),
    ...dimensions.map(name => whose(request, filterText(name))),
    ...(shape.from === 'booked' ? ["(Share != 'idle' OR IdlePolicy = {idle_policy:String})"] : []),
    ...(shape.idle === 'with' ? [] : [idleText(request, shape.idle)]),
  ].join(' AND ')
}

/** Idle energy without a workload. */
function idleText({ idleSharing }: UsageRequest, idle: 'without' | 'only'): string {
  const isOnly = idle === 'only'
  if (idleSharing === 'none') return isOnly ? "Share = 'idle'" : "Share != 'idle'"
  return isOnly ? "(Share = 'idle' AND WorkloadKind = '')" : "(Share != 'idle' OR WorkloadKind != '')"
}

/** An expression over who entries belong to; where `none` is to share idle energy, that is the operator for all of it. */
function whose({ idleSharing }: UsageRequest, expression: string): string {
  if (idleSharing !== 'none') return expression
  return expression.replace(/\b(Account|Namespace|Workload(Name|Id|Kind))\b/g, column =>
    column === 'Account'
      ? "if(Share = 'idle' AND WorkloadKind != '', {operator_account:String}, Account)"
      : `if(Share = 'idle', '', ${column})`,
  )
}

/** The start of a month is a date to the engine, all others are moments. */
function timeText(unit: RollupUnit, index: number): string {
  const edge = (name: string): string => {
    const moment = `toDateTime({${name}${index}:UInt32}, 'UTC')`
    return unit === 'month' ? `toDate(${moment})` : moment
  }
  const time = LEDGER_BUCKETS[unit]
  return `${time} >= ${edge('from')} AND ${time} < ${edge('to')}`
}

/** Columns by themselves, so that the engine can pass over what lies outside. */
function filterText(name: UsageDimension): string {
  const values = `{filter_${name}:Array(String)}`
  if (name !== 'workload') return `${DIMENSIONS[name]} IN ${values}`
  return `(WorkloadName IN ${values} AND WorkloadName != '' OR WorkloadName = '' AND WorkloadId IN ${values})`
}

function bindings(
  request: UsageRequest,
  shape: QueryShape,
  slices: readonly RangeSlice[],
): Readonly<Record<string, QueryParam>> {
  const params: Record<string, QueryParam> = { tenant: request.tenant }
  if (shape.from !== 'books') params['idle_policy'] = request.idleSharing
  if (request.idleSharing !== 'booked') params['operator_account'] = request.operatorAccount
  if (isShared(shape.from)) {
    params['from'] = request.from
    params['to'] = request.to
    params['hours_from'] = Math.floor(request.from / HOUR) * HOUR
    params['hours_to'] = Math.ceil(request.to / HOUR) * HOUR
  }
  if (request.accounts !== null) params['accounts'] = request.accounts
  slices.forEach((slice, index) => {
    params[`from${index}`] = slice.from
    params[`to${index}`] = slice.to
  })
  for (const { dimension, value } of request.filters) {
    const known = params[`filter_${dimension}`]
    params[`filter_${dimension}`] = Array.isArray(known) ? [...known, value] : [value]
  }
  return params
}
