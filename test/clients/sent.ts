/**
 * What a client reports that it sent, as the expected rows. Each line of its output is one span, log record or point,
 * as README.md describes; the conversion to a row follows the decoder's independent reference.
 */
import { logRows, metricRows, traceRows } from '../collector/otlp/decode/reference.ts'
import type { Loss } from './losses.ts'

type Json = { readonly [field: string]: unknown }
export type Row = Readonly<Record<string, unknown>>

/** Rows by table. */
export type Rows = Readonly<Record<Table, Row[]>>

export const TABLES = [
  'otel_traces',
  'otel_logs',
  'otel_metrics_gauge',
  'otel_metrics_sum',
  'otel_metrics_histogram',
  'otel_metrics_exp_histogram',
  'otel_metrics_summary',
] as const
export type Table = (typeof TABLES)[number]

/** By the builder's name. */
export const METRIC_TABLES: Readonly<Record<string, Table>> = {
  gauge: 'otel_metrics_gauge',
  sum: 'otel_metrics_sum',
  histogram: 'otel_metrics_histogram',
  expHistogram: 'otel_metrics_exp_histogram',
  summary: 'otel_metrics_summary',
}

export const TENANT = 'default'

export const noRows = (): Rows =>
  Object.fromEntries(TABLES.map(table => [table, [] as Row[]])) as Record<Table, Row[]>

export function sentRows(lines: readonly string[], losses: readonly Loss[] = []): Rows {
  const rows = noRows()
  for (const line of lines) {
    const [table, row] = rowOf(JSON.parse(line) as Json)
    rows[table].push(Object.assign(row, ...losses.map(loss => loss.stored(table, row))))
  }
  return rows
}

function rowOf(line: Json): [Table, Row] {
  const resource = messageOf(line['resource'] as Json)
  const scope = messageOf(line['scope'] as Json)
  const item = messageOf(line['item'] as Json)
  const group = { resource, schema_url: resource['schema_url'] ?? '' }
  const scoped = { scope, schema_url: scope['schema_url'] ?? '' }
  switch (line['signal']) {
    case 'span': {
      const request = { resource_spans: [{ ...group, scope_spans: [{ ...scoped, spans: [item] }] }] }
      return ['otel_traces', traceRows(request, TENANT)[0] as Row]
    }
    case 'log': {
      const request = { resource_logs: [{ ...group, scope_logs: [{ ...scoped, log_records: [item] }] }] }
      return ['otel_logs', logRows(request, TENANT, 0n)[0] as Row]
    }
    case 'point': {
      const { kind, ...data } = line['data'] as { readonly kind: string }
      const metric = { ...(line['metric'] as object), [kind]: { ...data, data_points: [item] } }
      const request = { resource_metrics: [{ ...group, scope_metrics: [{ ...scoped, metrics: [metric] }] }] }
      const [found, [row] = []] = Object.entries(metricRows(request, TENANT)).find(
        ([, rows]) => rows.length === 1,
      ) as [string, Row[]]
      return [METRIC_TABLES[found] as Table, row as Row]
    }
    default:
      throw new Error(`no signal: ${JSON.stringify(line).slice(0, 200)}`)
  }
}

const IDS: ReadonlySet<string> = new Set(['trace_id', 'span_id', 'parent_span_id'])
const DOUBLES: ReadonlySet<string> = new Set(['double_value', 'as_double', 'sum', 'min', 'max'])
const ATTRIBUTES: ReadonlySet<string> = new Set(['attributes', 'filtered_attributes'])

/** JSON to what protobufjs would have decoded: ids and bytes binary, attributes a list, doubles numbers. */
function messageOf(json: Json): Json {
  return Object.fromEntries(
    Object.entries(json)
      .filter(([, value]) => value !== null)
      .map(([name, value]) => [name, fieldOf(name, value)]),
  )
}

function fieldOf(name: string, value: unknown): unknown {
  if (ATTRIBUTES.has(name)) return pairsOf(value as Json)
  if (name === 'kvlist_value') return { values: pairsOf(value as Json) }
  if (name === 'array_value') return { values: (value as Json[]).map(messageOf) }
  if (name === 'bytes_value') return Buffer.from(value as string, 'base64')
  if (IDS.has(name)) return Buffer.from(value as string, 'hex')
  if (DOUBLES.has(name)) return Number(value)
  if (Array.isArray(value)) return value.map(item => (isObject(item) ? messageOf(item) : item))
  return isObject(value) ? messageOf(value) : value
}

const pairsOf = (attributes: Json): Json[] =>
  Object.entries(attributes).map(([key, value]) => ({ key, value: messageOf(value as Json) }))

const isObject = (value: unknown): value is Json => typeof value === 'object' && value !== null
