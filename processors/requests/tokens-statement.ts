/** SQL about the tokens of GenAI calls. */
import { quoteText } from '../../core/warehouse/tables/column-types.ts'
import { ofTenants } from './spans-statement.ts'
import type { TokenCarrier } from './tokens.ts'

/** Names of attributes, the one in force first, then what others and earlier conventions call the same. */
const INPUT = [
  'gen_ai.usage.input_tokens',
  'gen_ai.usage.prompt_tokens',
  'llm.usage.prompt_tokens',
  'llm.token_count.prompt',
]
const OUTPUT = [
  'gen_ai.usage.output_tokens',
  'gen_ai.usage.completion_tokens',
  'llm.usage.completion_tokens',
  'llm.token_count.completion',
]
const MODEL = [
  'gen_ai.response.model',
  'gen_ai.request.model',
  'llm.response.model',
  'llm.request.model',
  'llm.model_name',
]

const list = (names: readonly string[]): string => `[${names.map(quoteText).join(', ')}]`
const attribute = (name: string): string => `SpanAttributes[${quoteText(name)}]`
/** The first that is there. */
const firstOf = (names: readonly string[]): string =>
  `multiIf(${names.map(name => `${attribute(name)} != '', ${attribute(name)}`).join(', ')}, '')`
/** What is not a number of tokens counts as none. */
const tokens = (names: readonly string[]): string =>
  `toString(toInt64(least(greatest(ifNull(toFloat64OrNull(${firstOf(names)}), 0), 0), 1e15)))`

const HAS_USAGE = `hasAny(SpanAttributes.keys, ${list([...INPUT, ...OUTPUT])})`
const between = (from: number, to: number): string =>
  `Timestamp >= fromUnixTimestamp64Milli(${from * 1000}) AND Timestamp < fromUnixTimestamp64Milli(${to * 1000})`

/** A call that began before the minute may be served within it. */
const BEFORE_SECONDS = 60
const SKEW_SECONDS = 5

/** Traces with usage around a minute: `Tenant`, `TraceId`, and seconds between which their calls run. */
export const tracesWithUsage = (table: string, minute: number, tenants: readonly string[]): string =>
  `SELECT Tenant, TraceId, min(toUnixTimestamp(toDateTime(Timestamp))) AS First,
  max(toUnixTimestamp(toDateTime(Timestamp)) + least(intDiv(Duration, 1000000000), 86400)) AS Last FROM ${table}
WHERE ${between(minute - BEFORE_SECONDS, minute + 60 + SKEW_SECONDS)} AND ${HAS_USAGE}${ofTenants({ tenants })}
GROUP BY Tenant, TraceId ORDER BY Tenant, TraceId`

/** A trace as `tracesWithUsage` gives it. */
export interface UsageTrace {
  readonly Tenant: string
  readonly TraceId: string
  readonly First: number
  readonly Last: string
}

/** All spans of some traces. */
export function spansOfTraces(table: string, traces: readonly UsageTrace[]): string {
  const from = Math.min(...traces.map(({ First }) => First)) - SKEW_SECONDS
  const to = Math.max(...traces.map(({ Last }) => Number(Last))) + SKEW_SECONDS + 1
  const tenants = [...new Set(traces.map(({ Tenant }) => Tenant))]
  const ids = [...new Set(traces.map(({ TraceId }) => TraceId))]
  return `SELECT Tenant, TraceId, SpanId, if(ParentSpanId = SpanId, '', ParentSpanId) AS ParentSpanId, SpanKind,
  toString(toUnixTimestamp64Nano(Timestamp)) AS Start, ${HAS_USAGE} AS HasUsage,
  if(HasUsage, ${firstOf(MODEL)}, '') AS Model, if(HasUsage, ${tokens(INPUT)}, '0') AS Input, if(HasUsage, ${tokens(OUTPUT)}, '0') AS Output
FROM ${table} WHERE ${between(from, to)}${ofTenants({ tenants })} AND has(${list(ids)}, TraceId)
ORDER BY Tenant, TraceId, Timestamp, SpanId`
}

/** Carriers as a table: one text, which the engine parses faster than as many literals. */
export function carriersTable(carriers: readonly TokenCarrier[]): string {
  const rows = carriers.map(one => [
    one.Tenant,
    one.TraceId,
    one.SpanId,
    one.SpanKind,
    one.Model,
    one.ModelPlace,
    one.Input,
    one.Output,
  ])
  const type = `Array(Tuple(${Array(8).fill('String').join(', ')}))`
  return (
    `SELECT c.1 AS Tenant, toFixedString(unhex(c.2), 16) AS Trace, toFixedString(unhex(c.3), 8) AS Id, c.4 AS SpanKind, ` +
    'c.5 AS Model, c.6 AS ModelPlace, toInt64(c.7) AS Input, toInt64(c.8) AS Output ' +
    `FROM (SELECT arrayJoin(JSONExtract(${quoteText(JSON.stringify(rows))}, '${type}')) AS c)`
  )
}
