/** Finds traces by conditions on their spans, the newest first. */
import type { FencedReader } from '../fence/fenced-reader.ts'
import { tableName } from '../fence/tables.ts'
import {
  type BoundValues,
  DISTINCT_SPANS,
  IS_ERROR,
  type SearchWindow,
  type TraceCondition,
  WITHIN,
} from './conditions.ts'

/** A trace that was found, and where. */
export interface FoundTrace {
  readonly id: string
  /** Of the spans that fit, unix milliseconds. */
  readonly firstMs: number
  readonly lastMs: number
  /** Spans that fit. */
  readonly matched: number
}

/** A search: conditions with their values, and how many traces. */
export interface TraceSearch {
  readonly tenant: string
  readonly window: SearchWindow
  readonly condition: TraceCondition
  readonly values: BoundValues
  readonly limit: number
}

const SPANS = tableName('otel_traces')
const HOUR = 3_600_000
/** Searched from the end backwards, until enough traces are found: in a busy system the first step suffices. */
const STEPS_MS: readonly number[] = [HOUR / 4, 6 * HOUR]

/** At most `limit`, by the time of their last span that fits. */
export async function findTraces(reader: FencedReader, search: TraceSearch): Promise<readonly FoundTrace[]> {
  const { window, limit } = search
  if (window.toMs <= window.fromMs || limit === 0) return []
  const starts = STEPS_MS.map(step => window.toMs - step).filter(start => start > window.fromMs)
  for (const fromMs of starts) {
    const found = await findWithin(reader, search, fromMs)
    if (found.length >= limit) return found
  }
  return await findWithin(reader, search, window.fromMs)
}

async function findWithin(
  reader: FencedReader,
  { tenant, window, condition, values, limit }: TraceSearch,
  fromMs: number,
): Promise<readonly FoundTrace[]> {
  const rows = await reader.query<Record<'id' | 'first' | 'last' | 'matched', string>>(
    'SELECT TraceId AS id, toString(toUnixTimestamp64Milli(min(Timestamp))) AS first, ' +
      'toString(toUnixTimestamp64Milli(max(Timestamp))) AS last, ' +
      `toString(${DISTINCT_SPANS}) AS matched ` +
      `FROM ${SPANS} WHERE Tenant = {tenant:String} AND ${WITHIN} AND TraceId != '' AND (${condition.where}) ` +
      `GROUP BY TraceId${condition.having === undefined ? '' : ` HAVING ${condition.having}`} ` +
      'ORDER BY max(Timestamp) DESC, id LIMIT {limit:UInt32}',
    { tenant, from: Math.floor(fromMs), to: Math.ceil(window.toMs), limit, ...values.params },
  )
  return rows.map(({ id, first, last, matched }) => ({
    id,
    firstMs: Number(first),
    lastMs: Number(last),
    matched: Number(matched),
  }))
}

/** What a list of traces shows of one. */
export interface TraceSummary {
  readonly id: string
  readonly startNano: bigint
  readonly endNano: bigint
  /** Of the span without a parent; of the earliest one if there is none. */
  readonly rootService: string
  readonly rootName: string
  readonly spans: number
  readonly errors: number
  readonly services: readonly { readonly name: string; readonly spans: number; readonly errors: number }[]
}

/** Around the spans that were found: other spans of their traces. */
const AROUND_MS = HOUR

/** In the order of `found`. */
export async function summarise(
  reader: FencedReader,
  tenant: string,
  found: readonly FoundTrace[],
): Promise<readonly TraceSummary[]> {
  if (found.length === 0) return []
  const rows = await reader.query<
    Record<'id' | 'first' | 'last' | 'service' | 'name' | 'spans' | 'errors', string> & {
      readonly services: readonly string[]
      readonly counts: readonly (string | number)[]
      readonly failures: readonly (string | number)[]
    }
  >(
    'SELECT id, toString(min(start)) AS first, toString(max(stop)) AS last, argMin(s, root) AS service, argMin(n, root) AS name, ' +
      'toString(sum(count)) AS spans, toString(sum(bad)) AS errors, groupArray(s) AS services, groupArray(count) AS counts, ' +
      'groupArray(bad) AS failures FROM (' +
      'SELECT TraceId AS id, toString(ServiceName) AS s, toUnixTimestamp64Nano(min(Timestamp)) AS start, ' +
      'max(toUnixTimestamp64Nano(Timestamp) + toInt64(Duration)) AS stop, ' +
      "argMin(toString(SpanName), (ParentSpanId != '', Timestamp)) AS n, min((ParentSpanId != '', Timestamp)) AS root, " +
      `${DISTINCT_SPANS} AS count, uniqExactIf((SpanId, SpanKind, Timestamp), ${IS_ERROR}) AS bad ` +
      `FROM ${SPANS} WHERE Tenant = {tenant:String} AND ${WITHIN} AND TraceId IN {ids:Array(String)} GROUP BY id, s ORDER BY id, s` +
      ') GROUP BY id',
    {
      tenant,
      ids: found.map(({ id }) => id),
      from: Math.min(...found.map(({ firstMs }) => firstMs)) - AROUND_MS,
      to: Math.max(...found.map(({ lastMs }) => lastMs)) + AROUND_MS,
    },
  )
  const byId = new Map(rows.map(row => [row.id, row]))
  return found.flatMap(({ id }) => {
    const row = byId.get(id)
    if (row === undefined) return []
    return [
      {
        id,
        startNano: BigInt(row.first),
        endNano: BigInt(row.last),
        rootService: row.service,
        rootName: row.name,
        spans: Number(row.spans),
        errors: Number(row.errors),
        services: row.services.map((name, index) => ({
          name,
          spans: Number(row.counts[index]),
          errors: Number(row.failures[index]),
        })),
      },
    ]
  })
}
