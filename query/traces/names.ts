/** Names of services and operations, from the first columns of the sort key. */
import { SPAN_KINDS } from '../../core/model/streams/traces.ts'
import type { FencedReader } from '../fence/fenced-reader.ts'
import { tableName } from '../fence/tables.ts'
import { type SearchWindow, WITHIN } from './conditions.ts'

const SPANS = tableName('otel_traces')
/** Names that one answer has. */
const NAMES_MAX = 10_000
const DAY_MS = 86_400_000
/** Names are looked for in the last three days, as Jaeger does by default; a clock may be an hour ahead. */
const LOOK_BACK_MS = 3 * DAY_MS
const AHEAD_MS = DAY_MS / 24

/** The time in which names are looked for. */
export const namesWindow = (nowMs: number): SearchWindow => ({
  fromMs: nowMs - LOOK_BACK_MS,
  toMs: nowMs + AHEAD_MS,
})

/** An operation of a service, with the number of OTLP's SpanKind. */
export interface ServiceOperation {
  readonly name: string
  readonly kind: number
}

/** In order of names. */
export async function serviceNames(
  reader: FencedReader,
  tenant: string,
  window: SearchWindow,
): Promise<readonly string[]> {
  const rows = await reader.query<{ readonly name: string }>(
    `SELECT DISTINCT toString(ServiceName) AS name FROM ${SPANS} WHERE Tenant = {tenant:String} AND ${WITHIN} ` +
      `AND ServiceName != '' ORDER BY name LIMIT ${NAMES_MAX}`,
    { tenant, from: window.fromMs, to: window.toMs },
  )
  return rows.map(({ name }) => name)
}

/** In order of names. `kind`: only spans of that kind. */
export async function operationsOf(
  reader: FencedReader,
  tenant: string,
  window: SearchWindow,
  { service, kind }: { readonly service: string; readonly kind?: number | undefined },
): Promise<readonly ServiceOperation[]> {
  const rows = await reader.query<{ readonly name: string; readonly kind: string }>(
    `SELECT DISTINCT toString(SpanName) AS name, toString(SpanKind) AS kind FROM ${SPANS} ` +
      `WHERE Tenant = {tenant:String} AND ${WITHIN} AND ServiceName = {service:String}` +
      `${kind === undefined ? '' : ' AND SpanKind IN {kinds:Array(String)}'} ORDER BY name, kind LIMIT ${NAMES_MAX}`,
    {
      tenant,
      from: window.fromMs,
      to: window.toMs,
      service,
      ...(kind === undefined ? {} : { kinds: kindTexts(kind) }),
    },
  )
  return rows.map(row => ({ name: row.name, kind: kindOf(row.kind) }))
}

/** How the table may name a kind: very old exporters wrote the names of the protocol. */
export const kindTexts = (kind: number): readonly string[] => {
  const name = SPAN_KINDS[kind] ?? 'Unspecified'
  return [name, `SPAN_KIND_${name.toUpperCase()}`]
}

const kindOf = (text: string): number =>
  Math.max(
    0,
    SPAN_KINDS.findIndex(name => name.toLowerCase() === text.replace('SPAN_KIND_', '').toLowerCase()),
  )
