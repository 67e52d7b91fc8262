/** Tempo's search: traces that fit a query, with the spans that fit it. */
import type { FencedReader } from '../fence/fenced-reader.ts'
import { tableName } from '../fence/tables.ts'
import { typedAttributes } from '../traces/attributes.ts'
import { BoundValues, type SearchWindow, WITHIN } from '../traces/conditions.ts'
import { type FoundTrace, findTraces, summarise } from '../traces/find.ts'
import { valueJson } from '../traces/otlp-json.ts'
import { attributeTextSql, attributeTypeSql } from './comparisons.ts'
import { type CompiledQuery, compileTraceQl } from './compile.ts'
import type { Field, TraceQuery } from './traceql.ts'

/** A search, checked. */
export interface TempoSearch {
  readonly query: TraceQuery
  readonly window: SearchWindow
  readonly limit: number
  /** Spans of each trace that the answer shows. */
  readonly spansOfSet: number
}

interface ShownSpan {
  readonly spanID: string
  readonly name: string
  readonly startTimeUnixNano: string
  readonly durationNanos: string
  readonly attributes: readonly object[]
}

interface SpanSet {
  readonly spans: readonly ShownSpan[]
  readonly matched: number
}

/** A trace of the answer. */
export interface TempoTrace {
  readonly traceID: string
  readonly rootServiceName: string
  readonly rootTraceName: string
  readonly startTimeUnixNano: string
  readonly durationMs: number
  /** The first of `spanSets`: what older clients read. */
  readonly spanSet: SpanSet
  readonly spanSets: readonly SpanSet[]
  readonly serviceStats: Readonly<
    Record<string, { readonly spanCount: number; readonly errorCount?: number }>
  >
}

const SPANS = tableName('otel_traces')
/** Around the spans that fit. */
const AROUND_MS = 1

/** The newest first. @throws WattlineError `parameter_invalid` */
export async function searchTempo(
  reader: FencedReader,
  tenant: string,
  { query, window, limit, spansOfSet }: TempoSearch,
): Promise<readonly TempoTrace[]> {
  const values = new BoundValues()
  const compiled = compileTraceQl(query, values)
  const found = await findTraces(reader, { tenant, window, condition: compiled.condition, values, limit })
  if (found.length === 0) return []
  const summaries = await summarise(reader, tenant, found)
  const spans = await shownSpans(reader, { tenant, found, window, compiled, values, spansOfSet })
  const matched = new Map(found.map(one => [one.id, one.matched]))
  return summaries.map(summary => {
    const spanSet = { spans: spans.get(summary.id) ?? [], matched: matched.get(summary.id) ?? 0 }
    return {
      traceID: shortId(summary.id),
      rootServiceName: summary.rootService,
      rootTraceName: summary.rootName,
      startTimeUnixNano: summary.startNano.toString(),
      durationMs: Number((summary.endNano - summary.startNano) / 1_000_000n),
      spanSet,
      spanSets: [spanSet],
      serviceStats: Object.fromEntries(
        summary.services.map(({ name, spans: spanCount, errors }) => [
          name,
          { spanCount, ...(errors === 0 ? {} : { errorCount: errors }) },
        ]),
      ),
    }
  })
}

/** Tempo leaves out leading zeros. */
const shortId = (id: string): string => id.replace(/^0+(?=.)/, '')

interface Showing {
  readonly tenant: string
  readonly found: readonly FoundTrace[]
  readonly window: SearchWindow
  readonly compiled: CompiledQuery
  readonly values: BoundValues
  readonly spansOfSet: number
}

async function shownSpans(
  reader: FencedReader,
  { tenant, found, window, compiled, values, spansOfSet }: Showing,
): Promise<ReadonlyMap<string, readonly ShownSpan[]>> {
  const attributes = compiled.fields.filter(field => field.kind === 'attribute')
  const texts = attributes.map(field => attributeTextSql(field, values))
  const types = attributes.map(field => attributeTypeSql(field, values))
  const rows = await reader.query<
    Record<'trace' | 'span' | 'spanName' | 'start' | 'duration' | 'service', string> & {
      readonly shown: readonly string[]
      readonly types: readonly string[]
    }
  >(
    'SELECT TraceId AS trace, SpanId AS span, toString(SpanName) AS spanName, toString(toUnixTimestamp64Nano(Timestamp)) AS start, ' +
      `toString(Duration) AS duration, toString(ServiceName) AS service, [${texts.map(text => `toString(${text})`).join(', ')}]::Array(String) AS shown, ` +
      `[${types.join(', ')}]::Array(String) AS types ` +
      `FROM ${SPANS} WHERE Tenant = {tenant:String} AND ${WITHIN} AND TraceId IN {ids:Array(String)} AND (${compiled.condition.where}) ` +
      'ORDER BY Timestamp, SpanId LIMIT {each:UInt32} BY TraceId',
    {
      tenant,
      ids: found.map(({ id }) => id),
      from: Math.max(window.fromMs, Math.min(...found.map(({ firstMs }) => firstMs)) - AROUND_MS),
      to: Math.min(window.toMs, Math.max(...found.map(({ lastMs }) => lastMs)) + AROUND_MS),
      each: spansOfSet,
      ...values.params,
    },
  )
  const spanOf = (row: (typeof rows)[number]): ShownSpan => ({
    spanID: row.span,
    name: row.spanName,
    startTimeUnixNano: row.start,
    durationNanos: row.duration,
    attributes: typedAttributes(
      attributes.map(nameOf),
      row.shown,
      row.types.map(type => type || 's').join(''),
    )
      .filter(({ text }) => text !== '')
      .map(attribute => ({ key: attribute.key, value: valueJson(attribute) })),
  })
  return new Map([...Map.groupBy(rows, ({ trace }) => trace)].map(([id, some]) => [id, some.map(spanOf)]))
}

const nameOf = (field: Extract<Field, { kind: 'attribute' }>): string => field.name
