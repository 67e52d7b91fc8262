/** Compares what was sent with what SQL returns, value by value. */
import { isDeepStrictEqual } from 'node:util'
import { STREAMS } from '../../core/model/streams/index.ts'
import type { Column } from '../../core/model/streams/stream.ts'
import { quoteName } from '../../core/warehouse/tables/column-types.ts'
import { typedAttributes, typesOf } from '../../query/traces/attributes.ts'
import { eventually } from '../support/until.ts'
import { noRows, type Row, type Rows, TABLES, type Table } from './sent.ts'

export interface Mismatch {
  readonly table: Table
  /** What identifies the row. */
  readonly item: string
  /** With the key of a map's entry. Absent for a missing or surplus row. */
  readonly column?: string
  readonly sent: unknown
  readonly stored: unknown
}

export interface Comparison {
  readonly items: number
  /** Scalars: each entry of a map and each element of a list counts. */
  readonly values: number
  readonly mismatches: readonly Mismatch[]
}

const WAIT_MS = 20_000

/** Resource attribute that distinguishes the runs of clients. */
export const MARK = 'test.leg'

export type Outcome = Readonly<Partial<Record<Table, Comparison>>>

export type Ask = <R>(query: string) => Promise<readonly R[]>

/** Condition for the rows of one run of a client. */
export const marked = (mark: string): string => `ResourceAttributes['${MARK}'] = '${mark}'`

/** Waits until as many rows match as were sent, and compares; rows that never arrive are mismatches. */
export async function compareStored(
  sql: Ask,
  condition: string,
  sent: Rows,
  tables: readonly Table[] = TABLES,
): Promise<Outcome> {
  const countOf = (rows: Rows): number => tables.reduce((sum, table) => sum + rows[table].length, 0)
  const read = async (): Promise<Rows> => {
    const found = noRows()
    for (const table of tables) found[table].push(...(await readRows(sql, table, condition)))
    return found
  }
  const stored = await eventually(read, rows => countOf(rows) >= countOf(sent), WAIT_MS).catch(read)
  const used = tables.filter(table => sent[table].length + stored[table].length > 0)
  return Object.fromEntries(used.map(table => [table, compareRows(table, sent[table], stored[table])]))
}

export function compareRows(table: Table, sent: readonly Row[], stored: readonly Row[]): Comparison {
  const left = new Map<string, Row[]>()
  for (const row of stored) {
    const key = keyOf(table, row)
    left.set(key, [...(left.get(key) ?? []), row])
  }
  const mismatches: Mismatch[] = []
  let values = 0
  for (const row of sent) {
    const item = keyOf(table, row)
    const found = left.get(item)?.shift()
    if (found === undefined) {
      mismatches.push({ table, item, sent: row, stored: undefined })
      continue
    }
    for (const [column, value] of Object.entries(row)) {
      values += countValues(value)
      const [ours, theirs] =
        column === 'AttributeTypes' ? [typesByKey(row), typesByKey(found)] : [value, found[column]]
      for (const [path, left, right] of differencesOf(column, ours, theirs))
        mismatches.push({ table, item, column: path, sent: left, stored: right })
    }
  }
  for (const [item, rows] of left)
    for (const row of rows) mismatches.push({ table, item, sent: undefined, stored: row })
  return { items: sent.length, values, mismatches }
}

function keyOf(table: Table, row: Row): string {
  if (table === 'otel_traces') return `${row['TraceId']}/${row['SpanId']}`
  if (table === 'otel_logs') return String(row['Body']).slice(0, 200)
  const attributes = Object.entries(row['Attributes'] as object).sort(([a], [b]) => (a < b ? -1 : 1))
  return `${row['MetricName']} ${JSON.stringify(attributes)} ${row['TimeUnix']}`
}

/** The letters have the order of the maps, and clients send attributes in an order of their own. */
function typesByKey(row: Row): Record<string, string> {
  const types = typesOf(String(row['AttributeTypes']))
  const parts: readonly (readonly [string, unknown, string])[] = [
    ['resource', row['ResourceAttributes'], types.resource],
    ['span', row['SpanAttributes'], types.span],
    ...(row['Events.Attributes'] as unknown[]).map(
      (map, at) => [`event ${at}`, map, types.events[at] ?? ''] as const,
    ),
    ...(row['Links.Attributes'] as unknown[]).map(
      (map, at) => [`link ${at}`, map, types.links[at] ?? ''] as const,
    ),
  ]
  return Object.fromEntries(
    parts.flatMap(([part, map, letters]) => {
      const entries = Object.entries(map as Readonly<Record<string, string>>)
      const attributes = typedAttributes(
        entries.map(([key]) => key),
        entries.map(([, text]) => text),
        letters,
      )
      return attributes.map(({ key, type }) => [`${part} ${key}`, type])
    }),
  )
}

/** Where two values differ: path, left, right; descends into maps of text, because those are long. */
function differencesOf(path: string, left: unknown, right: unknown): [string, unknown, unknown][] {
  if (isDeepStrictEqual(left, right)) return []
  if (!isMap(left) || !isMap(right)) return [[path, left, right]]
  return [...new Set([...Object.keys(left), ...Object.keys(right)])]
    .filter(key => left[key] !== right[key])
    .map(key => [`${path}['${key}']`, left[key], right[key]])
}

const isMap = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** Scalars in a value. */
export function countValues(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 1
  return Object.values(value).reduce((sum: number, part) => sum + countValues(part), 0)
}

/** Rows of the table that match the condition, with every column. */
export async function readRows(sql: Ask, table: Table, condition: string): Promise<Row[]> {
  // The exporter's tables of metrics are views: their columns are those of the tables that had their names before.
  const stream = STREAMS.find(
    ({ table: { name } = { name: '' } }) => name === table || name === `${table}_v1`,
  )
  if (stream === undefined) throw new Error(`no stream has table ${table}`)
  const columns: readonly Column[] = stream.columns
  const rows = await sql<Record<string, unknown>>(
    `SELECT ${columns.map(selected).join(', ')} FROM ${table} WHERE ${condition}`,
  )
  return rows.map(row =>
    Object.fromEntries(columns.map((column, index) => [column.name, parsed(column, row[`c${index}`])])),
  )

  function selected(column: Column, index: number): string {
    const text = TEXT_OF[column.kind]
    const name = quoteName(column.name)
    if (text === undefined) return `${name} AS c${index}`
    return `${column.list === true ? `arrayMap(x -> ${text('x')}, ${name})` : text(name)} AS c${index}`
  }
}

/** As text, so that JSON loses nothing. */
const TEXT_OF: Readonly<Record<string, (name: string) => string>> = {
  timestampNs: name => `toString(toUnixTimestamp64Nano(${name}))`,
  uint64: name => `toString(${name})`,
  float64: name => `toString(${name})`,
}

const FLOATS: Readonly<Record<string, number>> = { nan: NaN, inf: Infinity, '-inf': -Infinity }
const PARSE: Readonly<Record<string, (text: string) => unknown>> = {
  timestampNs: BigInt,
  uint64: BigInt,
  float64: text => FLOATS[text] ?? Number(text),
}

function parsed({ kind, list }: Column, value: unknown): unknown {
  const parse = PARSE[kind]
  if (parse === undefined) return value
  return list === true ? (value as string[]).map(parse) : parse(value as string)
}
