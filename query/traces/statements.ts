/** Traces as SQL: typed queries in, SQL and bound values out. Each is limited in time and rows. */
import { type ParameterizedSql, tableName } from '../fence/tables.ts'

/** Unix milliseconds, `[from, to)`. */
interface SearchRange {
  readonly fromMs: number
  readonly toMs: number
}

const SPANS = tableName('otel_traces')
const WITHIN =
  'Timestamp >= fromUnixTimestamp64Milli({from:Int64}) AND Timestamp < fromUnixTimestamp64Milli({to:Int64})'

/**
 * The newest traces with a span that begins in the window: parts are pruned by time, and only three columns are read.
 */
export function recentTraceIds(
  tenant: string,
  service: string | undefined,
  window: SearchRange,
  limit: number,
): ParameterizedSql {
  return {
    text:
      `SELECT TraceId AS id, toString(toUnixTimestamp64Milli(min(Timestamp))) AS first_ms, ` +
      `toString(toUnixTimestamp64Milli(max(Timestamp))) AS last_ms FROM ${SPANS} ` +
      `WHERE Tenant = {tenant:String} AND ${WITHIN} AND TraceId != ''` +
      `${service === undefined ? '' : ' AND ServiceName = {service:String}'} ` +
      'GROUP BY TraceId ORDER BY max(Timestamp) DESC, id LIMIT {limit:UInt32}',
    params: {
      tenant,
      from: window.fromMs,
      to: window.toMs,
      limit,
      ...(service === undefined ? {} : { service }),
    },
  }
}

/** Sums of the given traces. The root is the span without a parent, otherwise the earliest one. */
export function traceSummaries(
  tenant: string,
  ids: readonly string[],
  window: SearchRange,
): ParameterizedSql {
  return {
    text:
      'SELECT TraceId AS id, min(Timestamp) AS first, toString(toUnixTimestamp64Nano(first)) AS start_ns, ' +
      'toString(max(toUnixTimestamp64Nano(Timestamp) + toInt64(Duration))) AS end_ns, ' +
      "argMin(ServiceName, (ParentSpanId != '', Timestamp)) AS service, " +
      "argMin(SpanName, (ParentSpanId != '', Timestamp)) AS name, " +
      "count() AS spans, countIf(StatusCode IN ('Error', 'STATUS_CODE_ERROR')) AS errors " +
      `FROM ${SPANS} WHERE Tenant = {tenant:String} AND ${WITHIN} AND has({ids:Array(String)}, TraceId) ` +
      'GROUP BY TraceId ORDER BY first DESC, id',
    params: { tenant, ids, from: window.fromMs, to: window.toMs },
  }
}

/** First and last second of a trace, from the trace index; no row if it is not there. */
export function traceBounds(tenant: string, id: string): ParameterizedSql {
  return {
    text:
      'SELECT toString(toUnixTimestamp(min(Start))) AS first, toString(toUnixTimestamp(max(End)) + 1) AS last ' +
      `FROM ${tableName('otel_traces_trace_id_ts')} WHERE Tenant = {tenant:String} AND TraceId = {id:String} ` +
      'HAVING count() > 0',
    params: { tenant, id },
  }
}

/** All spans of one trace, by start. Without `window` the engine searches all parts. */
export function traceSpans(
  tenant: string,
  id: string,
  window: SearchRange | undefined,
  limit: number,
): ParameterizedSql {
  return {
    text:
      'SELECT SpanId AS span_id, ParentSpanId AS parent_span_id, ServiceName AS service, SpanName AS name, ' +
      'SpanKind AS kind, toString(toUnixTimestamp64Nano(Timestamp)) AS start_unix_nano, ' +
      'toString(Duration) AS duration_nano, StatusCode AS status, StatusMessage AS status_message, ' +
      `SpanAttributes AS attributes FROM ${SPANS} WHERE Tenant = {tenant:String} AND TraceId = {id:String}` +
      `${window === undefined ? '' : ` AND ${WITHIN}`} ORDER BY Timestamp, SpanId LIMIT {limit:UInt32}`,
    params: {
      tenant,
      id,
      limit,
      ...(window === undefined ? {} : { from: window.fromMs, to: window.toMs }),
    },
  }
}
