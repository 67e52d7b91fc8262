/** What a metric's name, kind and temporality say about all its points: decided once a metric. */
import type { IgnoredReason, Mapping } from './mapping.ts'
import { MAPPINGS } from './mappings.ts'

export interface MetricRule {
  /** Tells rules apart in tables. */
  readonly number: number
  readonly metric: string
  /** Rows of the table of mappings with this name. */
  readonly rows: readonly Mapping[]
  readonly isSum: boolean
  readonly isCumulative: boolean
  readonly isMonotonic: boolean
  /** Why none of its points is a reading, whatever their labels; null: each is to be looked at. */
  readonly problem: IgnoredReason | null
}

/** OTLP's AggregationTemporality. */
const CUMULATIVE = 2

interface Named {
  readonly bytes: Uint8Array
  /** A gauge, and sums that are cumulative or not, monotonic or not. */
  readonly rules: readonly MetricRule[]
}

let rules = 0

/** By length of the name: most metrics end here, without a string or a hash. */
const byLength: Named[][] = []
for (const [metric, rows] of Map.groupBy(MAPPINGS, mapping => mapping.metric)) {
  byLength[metric.length] ??= []
  byLength[metric.length]!.push({ bytes: Buffer.from(metric), rules: variants(metric, rows) })
}

/** The rule for a metric whose name is `body[start, end)`; null: no row of the table has that name. */
export function ruleOf(
  body: DataView,
  start: number,
  end: number,
  isSum: boolean,
  temporality: number,
  isMonotonic: boolean,
): MetricRule | null {
  const named = byLength[end - start]
  if (named === undefined) return null
  for (const one of named) {
    if (!isSame(one.bytes, body, start)) continue
    return one.rules[isSum ? 1 + (temporality === CUMULATIVE ? 2 : 0) + (isMonotonic ? 1 : 0) : 0]!
  }
  return null
}

/** From the end: names of one length differ there first. */
function isSame(name: Uint8Array, body: DataView, start: number): boolean {
  for (let at = name.length - 1; at >= 0; at -= 1) if (name[at] !== body.getUint8(start + at)) return false
  return true
}

function variants(metric: string, rows: readonly Mapping[]): MetricRule[] {
  const rule = (isSum: boolean, isCumulative: boolean, isMonotonic: boolean): MetricRule => {
    const facts = { metric, rows, isSum, isCumulative, isMonotonic }
    rules += 1
    const single = rows.every(row => row.when === undefined) ? rows[0] : undefined
    return { number: rules, ...facts, problem: single === undefined ? null : kindProblem(single, facts) }
  }
  const sums = [false, true].flatMap(cumulative => [false, true].map(up => rule(true, cumulative, up)))
  return [rule(false, false, false), ...sums]
}

/**
 * A delta cannot be turned into a counter without remembering what came before, and a lost or repeated one would
 * change what was used: senders are asked for cumulative temporality.
 */
export function kindProblem(
  mapping: Mapping,
  { isSum, isCumulative, isMonotonic }: Pick<MetricRule, 'isSum' | 'isCumulative' | 'isMonotonic'>,
): IgnoredReason | null {
  if (isSum && !isCumulative) return 'delta_temporality'
  if (mapping.untyped) return null
  if (mapping.kind === 'counter') return isSum && isMonotonic ? null : 'not_a_counter'
  return isSum && isMonotonic ? 'not_a_gauge' : null
}
