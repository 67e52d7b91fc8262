import { WattlineError } from '../../catalogue/errors/errors.ts'
import { STREAMS } from '../../model/streams/index.ts'
import { ledger, ROLLUP_KEYS } from '../../model/streams/ledger.ts'
import { type Column, tablesOf } from '../../model/streams/stream.ts'
import { quoteName, quoteText, storedType } from '../tables/column-types.ts'
import { ROLLUP_VIEWS, TRACE_INDEX, TRACE_INDEX_COLUMNS, TRACE_INDEX_VIEW } from '../tables/ddl-derived.ts'
import { METRIC_VIEWS } from '../tables/ddl-metrics.ts'
import { type SqlToken, sqlTokens } from './sql-tokens.ts'

/**
 * Reads tables with plain columns. A LowCardinality column comes with the dictionary of its part, which contains values
 * of other tenants, and the engine computes many functions over the dictionary: a function that fails on such a value
 * reveals it, whatever the row policy. So a statement with functions that can fail reads each table through a subquery
 * that casts such columns; the engine prunes and filters through the cast.
 */
type Typed = readonly (readonly [name: string, type: string])[]

const typedColumns = (columns: readonly Column[]): Typed =>
  columns.map(column => [column.name, storedType(column)] as const)

const STREAM_COLUMNS: readonly (readonly [string, Typed])[] = STREAMS.flatMap(tablesOf).flatMap(stream =>
  stream.table === undefined ? [] : [[stream.table.name, typedColumns(stream.columns)] as const],
)
const KEY_COLUMNS: Typed = ledger.columns
  .filter(column => (ROLLUP_KEYS as readonly string[]).includes(column.name))
  .map(column => [column.name, storedType(column)] as const)
const TRACE_COLUMNS: Typed = TRACE_INDEX_COLUMNS.map(([name, type]) => [name, type] as const)

/** By table: the replacement of its columns. */
const REPLACEMENTS: ReadonlyMap<string, string> = new Map(
  [
    ...STREAM_COLUMNS,
    ...ROLLUP_VIEWS.map(({ name }) => [name, KEY_COLUMNS] as const),
    ...METRIC_VIEWS.map(({ name, before }) => [name, typedColumns(before.columns)] as const),
    ...[TRACE_INDEX, TRACE_INDEX_VIEW].map(name => [name, TRACE_COLUMNS] as const),
  ].map(([table, columns]) => [
    table,
    columns
      .filter(([, type]) => type.includes('LowCardinality'))
      .map(([name, type]) => {
        const plain = type.replaceAll(/LowCardinality\((\w+)\)/g, '$1')
        return `CAST(${quoteName(name)}, ${quoteText(plain)}) AS ${quoteName(name)}`
      })
      .join(', '),
  ]),
)

/** Keywords that end the table list of a SELECT. */
const AFTER_TABLES: ReadonlySet<string> = new Set(
  'WHERE PREWHERE GROUP HAVING WINDOW QUALIFY ORDER LIMIT OFFSET SETTINGS UNION EXCEPT INTERSECT SELECT ON USING'.split(
    ' ',
  ),
)

/**
 * The statement with every table of `database` read through plain columns.
 * @param sql as the engine prints it
 * @throws sql_refused for a table name in a place that is not understood
 */
export function withPlainColumns(sql: string, database: string): string {
  const tokens = sqlTokens(sql)
  const pieces: string[] = []
  let done = 0
  /** By depth of parentheses: whether a comma is followed by a table. */
  const inTables: boolean[] = [false]
  const put = (from: number, text: string, to: number): void => {
    pieces.push(sql.slice(done, from), text)
    done = to
  }
  for (let at = 0; at < tokens.length; at += 1) {
    const token = tokens[at]!
    follow(inTables, upperOf(token))
    if (upperOf(token) === 'PREWHERE') put(token.from, 'WHERE', token.to)
    const place = tableAt(tokens, at, database)
    if (place === null) continue
    const { table, last } = place
    if (upperOf(tokens[last + 1]) === '.') {
      // A qualified column: the subquery has the table's name, without a database.
      put(token.from, quoteName(table), tokens[last]!.to)
    } else if (!isTablePlace(tokens[at - 1], inTables.at(-1) === true)) {
      throw new WattlineError('sql_refused', `${table} is a table: use it after FROM or JOIN.`)
    } else {
      const alias = upperOf(tokens[last + 1]) === 'AS' ? tokens[last + 2] : undefined
      const isFinal = upperOf(tokens[last + (alias === undefined ? 1 : 3)]) === 'FINAL'
      const inner = `SELECT * REPLACE(${REPLACEMENTS.get(table)}) FROM ${quoteName(database)}.${quoteName(table)}`
      const name = alias === undefined ? quoteName(table) : alias.text
      const end = tokens[last + (alias === undefined ? 0 : 2) + (isFinal ? 1 : 0)]!
      put(token.from, `(${inner}${isFinal ? ' FINAL' : ''}) AS ${name}`, end.to)
      at = tokens.indexOf(end, last)
      continue
    }
    at = last
  }
  pieces.push(sql.slice(done))
  return pieces.join('')
}

const upperOf = (token: SqlToken | undefined): string =>
  token === undefined ? '' : token.kind === 'name' ? token.text.toUpperCase() : token.text

/** Tracks whether a comma is followed by a table. */
function follow(inTables: boolean[], upper: string): void {
  if (upper === '(') inTables.push(false)
  else if (upper === ')') inTables.pop()
  else if (upper === 'FROM' || upper === 'JOIN') inTables[inTables.length - 1] = true
  else if (AFTER_TABLES.has(upper)) inTables[inTables.length - 1] = false
}

/** The table name that begins at this token, with or without its database. */
function tableAt(
  tokens: readonly SqlToken[],
  at: number,
  database: string,
): { readonly table: string; readonly last: number } | null {
  const token = tokens[at]!
  if (token.kind !== 'name' || tokens[at - 1]?.text === '.' || upperOf(tokens[at - 1]) === 'AS') return null
  if (
    token.name === database &&
    tokens[at + 1]?.text === '.' &&
    REPLACEMENTS.has(tokens[at + 2]?.name ?? '')
  ) {
    return { table: tokens[at + 2]!.name, last: at + 2 }
  }
  return REPLACEMENTS.has(token.name) ? { table: token.name, last: at } : null
}

const isTablePlace = (before: SqlToken | undefined, inTables: boolean): boolean =>
  ['FROM', 'JOIN'].includes(upperOf(before)) || (before?.text === ',' && inTables)
