/** What a metric's name, unit, kind and temporality determine for all its points: decided once per metric. */

import { LONGEST_UNIT } from '../../../core/model/units.ts'
import { CUMULATIVE } from '../../../core/protobuf/otlp/fields.ts'
import type { TextRange } from '../../otlp/decode/envelope.ts'
import { compileRow } from './compile.ts'
import type { IgnoredReason, Mapping } from './mapping.ts'
import { PATTERN_PREFIX, rowsByPattern } from './rapl-zones.ts'
import { inUnit } from './unit.ts'

/** The decision about a metric's head, for all its points. */
export interface MetricRule {
  /** Identifies the rule in tables. */
  readonly number: number
  readonly metric: string
  /** Rows of the mapping table with this name, for values in this unit. */
  readonly rows: readonly Mapping[]
  readonly isSum: boolean
  readonly isCumulative: boolean
  readonly isMonotonic: boolean
  /** Why none of its points is a reading, whatever their labels; null: each point must be examined. */
  readonly problem: IgnoredReason | null
}

/** Cached units per name, and cached names found by pattern; further ones are examined each time. */
const MOST_UNITS = 32
const MOST_PATTERN_NAMES = 1_000

interface NamedMappings {
  readonly bytes: Uint8Array
  readonly rows: readonly Mapping[]
  readonly units: InUnit[]
}

interface InUnit {
  readonly bytes: Uint8Array
  /** Rules for a gauge, and for sums that are cumulative or not, monotonic or not. */
  readonly rules: readonly MetricRule[]
}

let rules = 0

const patternPrefix = Buffer.from(PATTERN_PREFIX)

/** The rules of one table of mappings. */
export class RuleTable {
  /** By length of the name: most metrics are excluded here, without a string or a hash. */
  readonly #byLength: NamedMappings[][] = []
  readonly #byPattern = new Map<string, NamedMappings>()

  constructor(mappings: readonly Mapping[]) {
    for (const [metric, rows] of Map.groupBy(mappings, mapping => mapping.metric)) {
      const found = named(metric, rows)
      this.#byLength[found.bytes.length] ??= []
      this.#byLength[found.bytes.length]!.push(found)
    }
  }

  /** The rule for a metric with this name and unit in `body`; null: no row of the table has that name. */
  find(
    body: DataView,
    name: TextRange,
    unit: TextRange,
    isSum: boolean,
    temporality: number,
    isMonotonic: boolean,
  ): MetricRule | null {
    const found = this.#named(body, name)
    if (found === null) return null
    const index = isSum ? 1 + (temporality === CUMULATIVE ? 2 : 0) + (isMonotonic ? 1 : 0) : 0
    return rulesIn(found, body, unit)[index]!
  }

  #named(body: DataView, { start, end }: TextRange): NamedMappings | null {
    for (const one of this.#byLength[end - start] ?? []) if (isSame(one.bytes, body, start)) return one
    if (end - start <= patternPrefix.length || !isSame(patternPrefix, body, start)) return null
    return this.#byName(textOf(body, start, end))
  }

  #byName(metric: string): NamedMappings | null {
    const known = this.#byPattern.get(metric)
    if (known !== undefined) return known
    const rows = rowsByPattern(metric)
    if (rows.length === 0) return null
    const made = named(metric, rows.map(compileRow))
    if (this.#byPattern.size < MOST_PATTERN_NAMES) this.#byPattern.set(metric, made)
    return made
  }
}

/** Compares from the end, where names of one length usually differ. */
function isSame(name: Uint8Array, body: DataView, start: number): boolean {
  for (let at = name.length - 1; at >= 0; at -= 1) if (name[at] !== body.getUint8(start + at)) return false
  return true
}

const textOf = (body: DataView, start: number, end: number): string =>
  Buffer.from(body.buffer, body.byteOffset + start, end - start).toString()

function named(metric: string, rows: readonly Mapping[]): NamedMappings {
  const units = [{ bytes: new Uint8Array(0), rules: variants(metric, rows) }]
  return { bytes: Buffer.from(metric), rows, units }
}

function rulesIn({ bytes: name, rows, units }: NamedMappings, body: DataView, { start, end }: TextRange) {
  for (const one of units) {
    if (one.bytes.length === end - start && isSame(one.bytes, body, start)) return one.rules
  }
  const isUnit = end - start <= 4 * LONGEST_UNIT
  const unit = isUnit ? textOf(body, start, end) : ' '
  const made = {
    bytes: Buffer.from(unit),
    rules: variants(
      Buffer.from(name).toString(),
      rows.map(row => inUnit(row, unit)),
    ),
  }
  if (isUnit && units.length < MOST_UNITS) units.push(made)
  return made.rules
}

function variants(metric: string, rows: readonly Mapping[]): MetricRule[] {
  const rule = (isSum: boolean, isCumulative: boolean, isMonotonic: boolean): MetricRule => {
    const facts = { metric, rows, isSum, isCumulative, isMonotonic }
    rules += 1
    const single = rows.every(row => row.match === null) ? rows[0] : undefined
    return { number: rules, ...facts, problem: single === undefined ? null : rowProblem(single, facts) }
  }
  const sums = [false, true].flatMap(cumulative => [false, true].map(up => rule(true, cumulative, up)))
  return [rule(false, false, false), ...sums]
}

/**
 * A delta cannot be turned into a counter without remembering earlier values, and a lost or repeated one would change
 * the total: senders must use cumulative temporality.
 */
export function rowProblem(
  mapping: Mapping,
  { isSum, isCumulative, isMonotonic }: Pick<MetricRule, 'isSum' | 'isCumulative' | 'isMonotonic'>,
): IgnoredReason | null {
  if (isSum && !isCumulative) return 'delta_temporality'
  if (mapping.refused !== undefined) return mapping.refused
  if (mapping.untyped) return null
  if (mapping.isCounter) return isSum && isMonotonic ? null : 'not_a_counter'
  return isSum && isMonotonic ? 'not_a_gauge' : null
}
