/** Which services call which, from spans whose parent is a span of another service. */
import type { FencedReader } from '../fence/fenced-reader.ts'
import { tableName } from '../fence/tables.ts'
import { IS_ERROR, type SearchWindow, WITHIN } from './conditions.ts'

/** Calls of one service by another. Times in nanoseconds, of the called span. */
export interface Dependency {
  readonly parent: string
  readonly child: string
  readonly calls: number
  readonly errors: number
  readonly p50Nano: number
  readonly p95Nano: number
  readonly p99Nano: number
  /** Mean duration of the called spans. */
  readonly meanNano: number
}

const SPANS = tableName('otel_traces')
/** Spans that are joined at most; beyond that, every second, fourth, ... trace counts, as that many. */
const SPANS_JOINED = 4_000_000
const EDGES_MAX = 10_000

/** The edges of the service graph, the most used first. `sampling`: one of that many traces was counted, as that many. */
export interface ServiceGraph {
  readonly edges: readonly Dependency[]
  readonly sampling: number
}

/** Calls whose called span begins in the window. */
export async function serviceGraph(
  reader: FencedReader,
  tenant: string,
  window: SearchWindow,
): Promise<ServiceGraph> {
  const params = { tenant, from: window.fromMs, to: window.toMs }
  const [counted] = await reader.query<{ readonly n: string }>(
    `SELECT toString(count()) AS n FROM ${SPANS} WHERE Tenant = {tenant:String} AND ${WITHIN}`,
    params,
  )
  const sampling = 2 ** Math.max(0, Math.ceil(Math.log2(Number(counted?.n ?? 0) / SPANS_JOINED)))
  const sampled = sampling === 1 ? '' : ' AND cityHash64(TraceId) % {sampling:UInt64} = 0'
  const of = (columns: string, condition: string): string =>
    `(SELECT DISTINCT ${columns} FROM ${SPANS} WHERE Tenant = {tenant:String} AND ${WITHIN} AND TraceId != ''${sampled}${condition})`
  const rows = await reader.query<
    Record<'parent' | 'child' | 'calls' | 'errors', string> & {
      readonly times: readonly number[]
      readonly mean: number
    }
  >(
    'SELECT toString(callers.service) AS parent, toString(called.service) AS child, toString(count()) AS calls, ' +
      'toString(sum(called.bad)) AS errors, quantilesTDigest(0.5, 0.95, 0.99)(called.duration) AS times, avg(called.duration) AS mean FROM ' +
      `${of(`TraceId AS trace, SpanId AS id, ParentSpanId AS parent, ServiceName AS service, Timestamp AS at, Duration AS duration, ${IS_ERROR} AS bad`, " AND ParentSpanId != ''")} AS called ` +
      `INNER JOIN ${of('TraceId AS trace, SpanId AS id, ServiceName AS service', '')} AS callers ` +
      'ON called.trace = callers.trace AND called.parent = callers.id WHERE called.service != callers.service ' +
      `GROUP BY parent, child ORDER BY count() DESC, parent, child LIMIT ${EDGES_MAX}`,
    { ...params, ...(sampling === 1 ? {} : { sampling }) },
  )
  return { edges: rows.map(row => edgeOf(row, sampling)), sampling }
}

function edgeOf(
  row: Record<'parent' | 'child' | 'calls' | 'errors', string> & {
    readonly times: readonly number[]
    readonly mean: number
  },
  sampling: number,
): Dependency {
  const [p50Nano = 0, p95Nano = 0, p99Nano = 0] = row.times
  return {
    parent: row.parent,
    child: row.child,
    calls: Number(row.calls) * sampling,
    errors: Number(row.errors) * sampling,
    p50Nano,
    p95Nano,
    p99Nano,
    meanNano: row.mean,
  }
}
