/** Sums of one group as exact integers, and their form in the answer. */
import type { UsageRow } from '../../core/api/answers.ts'
import { addKnown } from '../../core/model/integers.ts'
import { MEASURE_NAMES, type Measure, type SummedRow } from './statement.ts'

/** Null: unpriced, all of it. Only carbon and cost can be. */
export type Amounts = Readonly<Record<Exclude<Measure, 'coverage_sum'>, bigint | null>> & {
  readonly coverage_sum: number
}

/** Measures that are integers; `coverage_sum` is a float. */
export type ExactMeasure = Exclude<Measure, 'coverage_sum'>
/** Their names, in the order of MEASURES. */
export const EXACT_MEASURES = MEASURE_NAMES.filter((name): name is ExactMeasure => name !== 'coverage_sum')

const NULLABLE: ReadonlySet<ExactMeasure> = new Set([
  'carbon_operational_ug',
  'carbon_embodied_ug',
  'cost_energy_nano',
  'cost_resource_nano',
  'energy_error_uj',
])

const zero = (name: ExactMeasure): bigint | null => (NULLABLE.has(name) ? null : 0n)

const build = (exact: (name: ExactMeasure) => bigint | null, coverageSum: number): Amounts =>
  ({
    ...Object.fromEntries(EXACT_MEASURES.map(name => [name, exact(name)])),
    coverage_sum: coverageSum,
  }) as Amounts

/** Sums of no entries: 0, and null for carbon and cost. */
export const NO_AMOUNTS: Amounts = build(zero, 0)

/** Amounts of a row of the engine; missing ones are those of no entries. */
export function readAmounts(row: SummedRow): Amounts {
  const exact = (name: ExactMeasure): bigint | null => {
    const value = row[name]
    return value === null || value === undefined ? zero(name) : BigInt(value)
  }
  return build(exact, Number(row['coverage_sum'] ?? 0))
}

/** Sums measure by measure; see `addKnown` for null. */
export const addAmounts = (a: Amounts, b: Amounts): Amounts =>
  build(name => addKnown(a[name], b[name]), a.coverage_sum + b.coverage_sum)

interface RowPlace {
  readonly group: Readonly<Record<string, string>>
  readonly start: string | null
  readonly reasons: readonly string[]
}

/** A row of the answer; integers become decimal text. */
export function toUsageRow(amounts: Amounts, place: RowPlace): UsageRow {
  const text = (name: ExactMeasure): string => String(amounts[name] ?? 0n)
  const nullable = (name: ExactMeasure): string | null => amounts[name]?.toString() ?? null
  const entries = Number(amounts.entries ?? 0n)
  return {
    group: place.group,
    start: place.start,
    energy_uj: text('energy_uj'),
    active_uj: text('active_uj'),
    idle_uj: text('idle_uj'),
    unattributed_uj: text('unattributed_uj'),
    cpu_us: text('cpu_us'),
    gpu_us: text('gpu_us'),
    gpu_reserved_idle_us: text('gpu_reserved_idle_us'),
    carbon_operational_ug: nullable('carbon_operational_ug'),
    carbon_embodied_ug: nullable('carbon_embodied_ug'),
    cost_energy_nano: nullable('cost_energy_nano'),
    cost_resource_nano: nullable('cost_resource_nano'),
    energy_error_uj: nullable('energy_error_uj'),
    unknown_error_uj: text('unknown_error_uj'),
    over_busy_uj: text('over_busy_uj'),
    coverage: entries === 0 ? 0 : amounts.coverage_sum / entries,
    quality: qualityShares(amounts),
    unpriced: {
      carbon_entries: text('unpriced_carbon_entries'),
      carbon_uj: text('unpriced_carbon_uj'),
      cost_entries: text('unpriced_cost_entries'),
      cost_uj: text('unpriced_cost_uj'),
      resource_entries: text('unpriced_resource_entries'),
      resource_cpu_us: text('unpriced_resource_cpu_us'),
      resource_gpu_us: text('unpriced_resource_gpu_us'),
      reasons: place.reasons,
    },
  }
}

function qualityShares(amounts: Amounts): UsageRow['quality'] {
  const { measured_uj, interpolated_uj, estimated_uj, simulated_uj } = amounts
  const parts = [measured_uj, interpolated_uj, estimated_uj, simulated_uj].map(Number)
  const sum = parts.reduce((total, part) => total + part, 0)
  const share = (index: number): number => (sum === 0 ? 0 : parts[index]! / sum)
  return { measured: share(0), interpolated: share(1), estimated: share(2), simulated: share(3) }
}
