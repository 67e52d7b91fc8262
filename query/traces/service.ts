/** Finds recent traces and single ones while reading as little of a big table as possible. */
import type { RecentTracesAnswer, TraceAnswer } from '../../core/api/answers.ts'
import { WattlineError } from '../../core/catalogue/errors/errors.ts'
import type { FencedReader } from '../fence/fenced-reader.ts'
import type { ParameterizedSql } from '../fence/tables.ts'
import { traceEnergy } from './energy.ts'
import { recentTraceIds, traceBounds, traceSpans, traceSummaries } from './statements.ts'

const MINUTE = 60_000
/** Searched one after another until enough traces are found: busy systems end with the first. */
const LOOK_BACK_MS: readonly number[] = [2 * MINUTE, 30 * MINUTE, 360 * MINUTE, 10_080 * MINUTE]
/** Spans of a trace may begin before or after the spans that were found. */
const AROUND_MS = 60 * MINUTE
/** Clocks of clients may be ahead: everything that the intake accepts is shown. */
const AHEAD_MS = 60 * MINUTE
const SPANS_MAX = 10_000

const ask = <Row>(warehouse: FencedReader, sql: ParameterizedSql): Promise<readonly Row[]> =>
  warehouse.query<Row>(sql.text, sql.params)

/** The newest traces, at most `limit`. Looks back 2 minutes, then further, up to a week. */
export async function recentTraces(
  warehouse: FencedReader,
  question: { tenant: string; service: string | undefined; limit: number; nowMs: number },
): Promise<RecentTracesAnswer> {
  const { tenant, service, limit, nowMs } = question
  let found: readonly { id: string; first_ms: string; last_ms: string }[] = []
  for (const lookBack of LOOK_BACK_MS) {
    const window = { fromMs: nowMs - lookBack, toMs: nowMs + AHEAD_MS }
    found = await ask(warehouse, recentTraceIds(tenant, service, window, limit))
    if (found.length >= limit) break
  }
  if (found.length === 0) return { traces: [] }
  const window = {
    fromMs: Math.min(...found.map(trace => Number(trace.first_ms))) - AROUND_MS,
    toMs: Math.max(...found.map(trace => Number(trace.last_ms))) + AROUND_MS,
  }
  const ids = found.map(trace => trace.id)
  const rows = await ask<{
    id: string
    start_ns: string
    end_ns: string
    service: string
    name: string
    spans: string
    errors: string
  }>(warehouse, traceSummaries(tenant, ids, window))
  return {
    traces: rows.map(row => ({
      trace_id: row.id,
      start: new Date(Number(BigInt(row.start_ns) / 1_000_000n)).toISOString(),
      duration_ms: Number(BigInt(row.end_ns) - BigInt(row.start_ns)) / 1e6,
      root_service: row.service,
      root_name: row.name,
      spans: Number(row.spans),
      errors: Number(row.errors),
    })),
  }
}

/** @throws WattlineError `not_found` */
export async function oneTrace(warehouse: FencedReader, tenant: string, id: string): Promise<TraceAnswer> {
  const normal = id.toLowerCase()
  if (!/^[0-9a-f]{1,32}$/.test(normal)) {
    throw new WattlineError('not_found', 'A trace id is up to 32 hexadecimal digits.')
  }
  const traceId = normal.padStart(32, '0')
  const [bounds] = await ask<{ first: string; last: string }>(warehouse, traceBounds(tenant, traceId))
  // After a crash the trace index can lack a block until it is replayed: then the bloom filters must suffice.
  const window =
    bounds === undefined
      ? undefined
      : { fromMs: Number(bounds.first) * 1000, toMs: Number(bounds.last) * 1000 }
  const spans = await ask<TraceAnswer['spans'][number]>(
    warehouse,
    traceSpans(tenant, traceId, window, SPANS_MAX),
  )
  if (spans.length === 0) throw new WattlineError('not_found', `There is no trace ${traceId}.`)
  return { trace_id: traceId, spans, energy: await traceEnergy(warehouse, tenant, traceId, spans) }
}
