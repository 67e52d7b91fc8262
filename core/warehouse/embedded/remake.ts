/** Rebuilds derived tables from their sources. */
import { LOCAL_DIALECT, qualified } from '../tables/ddl.ts'
import { TRACE_INDEX } from '../tables/ddl-derived.ts'
import type { Warehouse } from '../warehouse.ts'

const HOUR_S = 3_600
/** Start times of traces are rounded down to the week of their partition. */
const WEEK_S = 7 * 86_400

/**
 * Rebuilds the trace index for spans between two times (ISO 8601; null: all), hour by hour, so that it needs little
 * memory. The result is merged with existing entries: the index keeps the first and the last time of a trace.
 */
export async function remakeTraceIndex(
  engine: Pick<Warehouse, 'query'> & { run(statement: string): Promise<void> },
  from: string | null,
  to: string | null,
): Promise<void> {
  const traces = qualified(LOCAL_DIALECT, 'otel_traces')
  const [row] = await engine.query<{ first: string; last: string }>(
    `SELECT toUnixTimestamp(min(Timestamp)) AS first, toUnixTimestamp(max(Timestamp)) AS last FROM ${traces}`,
  )
  const first = Math.max(Number(row?.first ?? 0), from === null ? 0 : Date.parse(from) / 1000)
  const last = Math.min(
    Number(row?.last ?? 0),
    to === null ? Number.POSITIVE_INFINITY : Date.parse(to) / 1000 + WEEK_S,
  )
  for (let at = Math.floor(first / HOUR_S) * HOUR_S; at <= last; at += HOUR_S) {
    await engine.run(
      `INSERT INTO ${qualified(LOCAL_DIALECT, TRACE_INDEX)}
       SELECT Tenant, TraceId, toDateTime(min(Timestamp)) AS Start, toDateTime(max(Timestamp)) AS End FROM ${traces}
       WHERE TraceId != '' AND Timestamp >= toDateTime64(${at}, 9) AND Timestamp < toDateTime64(${at + HOUR_S}, 9)
       GROUP BY Tenant, TraceId SETTINGS max_partitions_per_insert_block = 0`,
    )
  }
}
