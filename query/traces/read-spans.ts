/** Reads whole traces by their ids, a page of spans at a time, so that an answer of any size takes little memory. */
import { FIXED_LIMITS } from '../../core/catalogue/limits/limits.ts'
import { AnswerTooLarge } from '../../core/warehouse/answer-lines.ts'
import type { QueryParam } from '../../core/warehouse/warehouse.ts'
import type { FencedReader } from '../fence/fenced-reader.ts'
import { tableName } from '../fence/tables.ts'
import { SPAN_IDENTITY, SPAN_SELECT_LIST, type Span, spanOfRow } from './span.ts'

/** A trace to read. */
export interface WantedTrace {
  /** 32 hexadecimal digits, lower case. */
  readonly id: string
  /** Where some of its spans were found, unix milliseconds. */
  readonly firstMs?: number
  readonly lastMs?: number
}

/** Spans of one trace, in order of time. */
export interface TraceChunk {
  readonly traceId: string
  readonly spans: readonly Span[]
  /** The trace has more spans than an answer takes: this is its last chunk, and can be empty. */
  readonly isCut: boolean
}

/** Traces that one statement reads. */
const TRACES_AT_ONCE = 20
/** Around spans that were found, where the trace index does not know the trace. */
const AROUND_MS = 3_600_000
/** How much smaller the next page is, when one had too many bytes. */
const SMALLER = 8
const SPANS = tableName('otel_traces')

/** Limits of one answer. */
export interface SpanLimits {
  readonly spansOfTrace: number
  readonly spansAtOnce: number
  readonly bytesAtOnce: number
}
const LIMITS: SpanLimits = {
  spansOfTrace: FIXED_LIMITS.spansOfTrace,
  spansAtOnce: FIXED_LIMITS.spansAtOnce,
  bytesAtOnce: FIXED_LIMITS.spanBytesAtOnce,
}

/** In the order of `wanted`; all chunks of a trace follow each other. Traces without spans are left out. */
export async function* readTraces(
  reader: FencedReader,
  tenant: string,
  wanted: readonly WantedTrace[],
  limits: SpanLimits = LIMITS,
): AsyncGenerator<TraceChunk> {
  for (let from = 0; from < wanted.length; from += TRACES_AT_ONCE) {
    const some = wanted.slice(from, from + TRACES_AT_ONCE)
    const window = await windowOf(reader, tenant, some)
    yield* readSome({ reader, tenant, ids: some.map(({ id }) => id), window, limits })
  }
}

interface SpanQuery {
  readonly reader: FencedReader
  readonly tenant: string
  readonly ids: readonly string[]
  readonly window: SpanWindow | undefined
  readonly limits: SpanLimits
}

interface SpanWindow {
  readonly fromMs: number
  readonly toMs: number
}

async function* readSome({ reader, tenant, ids, window, limits }: SpanQuery): AsyncGenerator<TraceChunk> {
  let size = limits.spansAtOnce
  let after: Span | undefined
  let rest = ids
  let count = 0
  while (rest.length > 0) {
    const { text, params } = pageStatement(tenant, rest, window, after, size)
    let spans: readonly Span[]
    try {
      const rows = await reader.query<Record<string, unknown>>(text, params, limits.bytesAtOnce)
      spans = rows.map(spanOfRow)
    } catch (error) {
      if (!(error instanceof AnswerTooLarge) || size === 1) throw error
      size = Math.max(1, Math.floor(size / SMALLER))
      continue
    }
    for (const some of runsOf(spans)) {
      const { traceId } = some[0]!
      count = traceId === after?.traceId ? count : 0
      const room = limits.spansOfTrace - count
      count += some.length
      after = some.at(-1)!
      yield { traceId, spans: some.slice(0, Math.max(0, room)), isCut: some.length > room }
    }
    if (spans.length < size) return
    const place = rest.indexOf(after!.traceId)
    // Of a trace that is cut, nothing more is read.
    const isFull = count > limits.spansOfTrace
    rest = rest.slice(isFull ? place + 1 : place)
    if (isFull) after = undefined
  }
}

/** Spans that follow each other and are of one trace. */
function runsOf(spans: readonly Span[]): readonly (readonly Span[])[] {
  const runs: Span[][] = []
  for (const span of spans) {
    const run = runs.at(-1)
    if (run?.[0]?.traceId === span.traceId) run.push(span)
    else runs.push([span])
  }
  return runs
}

const PLACE = 'indexOf({ids:Array(String)}, TraceId)'
const ORDER = [PLACE, ...SPAN_IDENTITY].join(', ')
const AFTER =
  `(${ORDER}) > (1, fromUnixTimestamp64Nano({a_time:Int64}), {a_span:String}, {a_parent:String}, {a_kind:String}, ` +
  '{a_service:String}, {a_name:String}, {a_duration:UInt64})'
const WITHIN =
  'Timestamp >= fromUnixTimestamp64Milli({from:Int64}) AND Timestamp < fromUnixTimestamp64Milli({to:Int64})'

function pageStatement(
  tenant: string,
  ids: readonly string[],
  window: SpanWindow | undefined,
  after: Span | undefined,
  limit: number,
): { readonly text: string; readonly params: Readonly<Record<string, QueryParam>> } {
  const isLater = after !== undefined && ids[0] === after.traceId
  return {
    text:
      `SELECT ${SPAN_SELECT_LIST} FROM ${SPANS} WHERE Tenant = {tenant:String} AND TraceId IN {ids:Array(String)}` +
      `${window === undefined ? '' : ` AND ${WITHIN}`}${isLater ? ` AND ${AFTER}` : ''} ` +
      `ORDER BY ${ORDER} LIMIT 1 BY TraceId, ${SPAN_IDENTITY.join(', ')} LIMIT {limit:UInt32}`,
    params: {
      tenant,
      ids,
      limit,
      ...(window === undefined ? {} : { from: window.fromMs, to: window.toMs }),
      ...(isLater ? placeOf(after) : {}),
    },
  }
}

const placeOf = (span: Span): Readonly<Record<string, QueryParam>> => ({
  a_time: span.startNano,
  a_span: span.spanId,
  a_parent: span.parentSpanId,
  a_kind: span.storedKind,
  a_service: span.service,
  a_name: span.name,
  a_duration: span.durationNano,
})

/** The time in which all spans of the traces begin; undefined where the trace index does not know one of them. */
async function windowOf(
  reader: FencedReader,
  tenant: string,
  wanted: readonly WantedTrace[],
): Promise<SpanWindow | undefined> {
  const rows = await reader.query<{ readonly id: string; readonly first: string; readonly last: string }>(
    'SELECT TraceId AS id, toString(toUnixTimestamp(min(Start))) AS first, toString(toUnixTimestamp(max(End)) + 1) AS last ' +
      `FROM ${tableName('otel_traces_trace_id_ts')} WHERE Tenant = {tenant:String} AND TraceId IN {ids:Array(String)} ` +
      'GROUP BY TraceId',
    { tenant, ids: wanted.map(({ id }) => id) },
  )
  const known = new Map(rows.map(({ id, first, last }) => [id, [Number(first), Number(last)] as const]))
  const spans = wanted.map(({ id, firstMs, lastMs }) => {
    const [first, last] = known.get(id) ?? []
    if (first !== undefined && last !== undefined) return [first * 1_000, last * 1_000] as const
    // After a crash the index can lack a block until it is replayed.
    if (firstMs === undefined || lastMs === undefined) return undefined
    return [firstMs - AROUND_MS, lastMs + AROUND_MS] as const
  })
  if (spans.includes(undefined)) return undefined
  return {
    fromMs: Math.min(...spans.map(span => span![0])),
    toMs: Math.max(...spans.map(span => span![1])),
  }
}
