/** Conditions on spans as SQL: text, and the values that are bound to it. */
import type { QueryParam } from '../../core/warehouse/warehouse.ts'

/** Collects the values of one statement; each gets a placeholder. */
export class BoundValues {
  readonly params: Record<string, QueryParam> = {}
  #count = 0

  /** The placeholder of the value. `type`: of the engine. */
  add(value: QueryParam, type = 'String'): string {
    this.#count += 1
    const name = `v${this.#count}`
    this.params[name] = value
    return `{${name}:${type}}`
  }
}

/** What a trace must have to be found. */
export interface TraceCondition {
  /** A span that counts. */
  readonly where: string
  /** Over those spans of a trace; undefined: one is enough. */
  readonly having?: string
}

/** The time of a search: spans that begin in `[fromMs, toMs)`, unix milliseconds. */
export interface SearchWindow {
  readonly fromMs: number
  readonly toMs: number
}

/** SQL of `SearchWindow`, whose ends are bound as `from` and `to`. */
export const WITHIN =
  'Timestamp >= fromUnixTimestamp64Milli({from:Int64}) AND Timestamp < fromUnixTimestamp64Milli({to:Int64})'

/** Status of spans that failed; the second name is that of very old exporters. */
export const IS_ERROR = "StatusCode IN ('Error', 'STATUS_CODE_ERROR')"

/** How many spans: one that was sent again counts once. */
export const DISTINCT_SPANS = 'uniqExact(SpanId, SpanKind, Timestamp)'
