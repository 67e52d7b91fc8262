/** Names and values of attributes, for completion. */

import { WattlineError } from '../../core/catalogue/errors/errors.ts'
import { SPAN_KINDS, SPAN_STATUS_CODES } from '../../core/model/streams/traces.ts'
import type { FencedReader } from '../fence/fenced-reader.ts'
import { tableName } from '../fence/tables.ts'
import { BoundValues, type SearchWindow, WITHIN } from '../traces/conditions.ts'
import { attributeTextSql, attributeTypeSql } from './comparisons.ts'
import { compileTraceQl } from './compile.ts'
import { fieldOf, INTRINSIC_NAMES } from './fields.ts'
import type { Field, Intrinsic, TraceQuery } from './traceql.ts'

const SPANS = tableName('otel_traces')
/** Spans that are looked at, and names or values of one answer. */
const SPANS_READ = 500_000
const NAMES_MAX = 1_000

/** The maps of attributes, by their scope. */
const MAPS = {
  resource: 'ResourceAttributes',
  span: 'SpanAttributes',
  event: 'arrayJoin(`Events.Attributes`)',
  link: 'arrayJoin(`Links.Attributes`)',
} as const
type TagScope = keyof typeof MAPS

/** Names of one scope. */
export interface ScopeTags {
  readonly name: TagScope | 'intrinsic'
  readonly tags: readonly string[]
}

const SCOPES = Object.keys(MAPS) as readonly TagScope[]

/** @param scope '' or `none`: all. @throws WattlineError `parameter_invalid` */
export async function tagNames(
  reader: FencedReader,
  tenant: string,
  window: SearchWindow,
  scope: string,
): Promise<readonly ScopeTags[]> {
  const isAll = scope === '' || scope === 'none'
  if (!isAll && scope !== 'intrinsic' && scope !== 'instrumentation' && !SCOPES.some(one => one === scope)) {
    throw new WattlineError(
      'parameter_invalid',
      `scope=${scope.slice(0, 100)} is not one of ${[...SCOPES, 'intrinsic', 'instrumentation'].join(', ')}.`,
    )
  }
  const found: ScopeTags[] = []
  for (const name of SCOPES) {
    if (isAll || scope === name) found.push({ name, tags: await keysOf(reader, tenant, window, name) })
  }
  if (isAll || scope === 'intrinsic') found.push({ name: 'intrinsic', tags: INTRINSIC_NAMES })
  return found
}

async function keysOf(
  reader: FencedReader,
  tenant: string,
  window: SearchWindow,
  scope: TagScope,
): Promise<readonly string[]> {
  const rows = await reader.query<{ readonly name: string }>(
    `SELECT DISTINCT arrayJoin(mapKeys(map)) AS name FROM (SELECT ${MAPS[scope]} AS map FROM ${SPANS} ` +
      `WHERE Tenant = {tenant:String} AND ${WITHIN} LIMIT ${SPANS_READ}) ORDER BY name LIMIT ${NAMES_MAX}`,
    { tenant, from: window.fromMs, to: window.toMs },
  )
  return rows.map(({ name }) => name)
}

/** A value, with the word that TraceQL needs to know whether it is quoted. */
export interface TagValue {
  readonly type: 'string' | 'keyword' | 'int' | 'float' | 'bool'
  readonly value: string
}

const COLUMNS: Readonly<Partial<Record<Intrinsic, string>>> = {
  name: 'SpanName',
  statusMessage: 'StatusMessage',
  rootName: "if(ParentSpanId = '', SpanName, '')",
  rootServiceName: "if(ParentSpanId = '', ServiceName, '')",
  eventName: 'arrayJoin(`Events.Name`)',
  scopeName: 'ScopeName',
  scopeVersion: 'ScopeVersion',
}

/** The values that a field has in spans that fit the query. `tag`: as TraceQL has it, or an attribute without a scope. */
export async function tagValues(
  reader: FencedReader,
  tenant: string,
  window: SearchWindow,
  { tag, query }: { readonly tag: string; readonly query: TraceQuery },
): Promise<readonly TagValue[]> {
  const field = fieldOf(tag, 0) ?? ({ kind: 'attribute', scope: 'any', name: tag } as const)
  const words = wordsOf(field)
  if (words !== undefined) return words.map(value => ({ type: 'keyword', value: value.toLowerCase() }))
  const values = new BoundValues()
  const { condition } = compileTraceQl(query, values)
  const text = field.kind === 'attribute' ? attributeTextSql(field, values) : COLUMNS[field.name]
  if (text === undefined) return []
  const type = field.kind === 'attribute' ? attributeTypeSql(field, values) : "''"
  const rows = await reader.query<{ readonly value: string; readonly type: string }>(
    `SELECT value, any(type) AS type FROM (SELECT toString(${text}) AS value, ${type} AS type FROM ${SPANS} ` +
      `WHERE Tenant = {tenant:String} AND ${WITHIN} AND (${condition.where}) LIMIT ${SPANS_READ}) ` +
      `WHERE value != '' GROUP BY value ORDER BY count() DESC, value LIMIT ${NAMES_MAX}`,
    { tenant, from: window.fromMs, to: window.toMs, ...values.params },
  )
  return rows.map(row => ({ type: VALUE_TYPES[row.type] ?? 'string', value: row.value }))
}

const VALUE_TYPES: Readonly<Record<string, TagValue['type']>> = { i: 'int', d: 'float', b: 'bool' }

function wordsOf(field: Field): readonly string[] | undefined {
  if (field.kind === 'attribute') return undefined
  if (field.name === 'status') return SPAN_STATUS_CODES
  return field.name === 'kind' ? SPAN_KINDS : undefined
}
