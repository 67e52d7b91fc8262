/**
 * Rewrites SHOW, DESCRIBE, EXISTS and the drivers' handshake as SELECTs over the catalogue (catalogue.ts): clients send
 * them to fill their menus, and the engine would answer with everything it holds.
 */

import { WattlineError } from '../../core/catalogue/errors/errors.ts'
import { quoteText } from '../../core/warehouse/tables/column-types.ts'
import { isHandshake } from './native-handshake.ts'
import { readAssignments } from './settings-clause.ts'
import { type StatementToken, tokenize, unquote } from './tokens.ts'
import { RefusedError } from './verdict.ts'

const LENGTH_MAX = 10_000

interface MetaReader {
  /** Reads the next word if it is one of these. */
  accept(...words: readonly string[]): string | undefined
  /** Reads `name` or `database.name`. */
  name(): { database: string | undefined; name: string } | undefined
  /** Reads a string literal and returns its content. */
  string(): string | undefined
  number(): string | undefined
  done(): boolean
}

/**
 * The SELECT that answers the statement, or undefined when it is none of these.
 * @throws WattlineError `sql_refused` for the definition of a table that is not among `tables`.
 */
export function translateMetaStatement(
  sql: string,
  database: string,
  tables: ReadonlySet<string>,
): string | undefined {
  // No such statement is longer than this, even with the longest names and patterns.
  if (sql.length > LENGTH_MAX) return undefined
  const reader = read(withoutSettings(tokenize(sql).filter(token => token.kind !== 'space')))
  const schema = { database, tables }
  if (reader.accept('show') !== undefined) return show(reader, schema)
  if (reader.accept('desc', 'describe') !== undefined) return describe(reader, schema)
  if (reader.accept('exists') !== undefined) return exists(reader, database)
  return handshake(sql)
}

/** Settings of these statements say how the engine prints them; drivers add some. */
function withoutSettings(tokens: readonly StatementToken[]): readonly StatementToken[] {
  const at = tokens.findLastIndex(token => token.kind === 'word' && token.text.toLowerCase() === 'settings')
  return at > 1 && readAssignments(tokens.slice(at + 1)) !== undefined ? tokens.slice(0, at) : tokens
}

interface VisibleTables {
  readonly database: string
  readonly tables: ReadonlySet<string>
}

function show(reader: MetaReader, schema: VisibleTables): string | undefined {
  const { database } = schema
  if (reader.accept('create') !== undefined) return showCreate(reader, schema)
  reader.accept('full', 'extended')
  const what = reader.accept('databases', 'schemas', 'tables', 'columns', 'fields')
  if (what === undefined) return showList(reader)
  if (what === 'databases' || what === 'schemas') {
    return finish(reader, 'SELECT name FROM system.databases', [], 'name')
  }
  if (what === 'tables') {
    const from = reader.accept('from', 'in') === undefined ? { name: database } : reader.name()
    if (from === undefined) return undefined
    return finish(reader, 'SELECT name FROM system.tables', [`database = ${quoteText(from.name)}`], 'name')
  }
  const table = reader.accept('from', 'in') === undefined ? undefined : reader.name()
  if (table === undefined) return undefined
  return finish(
    reader,
    "SELECT name AS field, type, if(startsWith(type, 'Nullable'), 'YES', 'NO') AS null, '' AS key, " +
      'default_expression AS default FROM system.columns',
    inTable(table, database),
    'field',
  )
}

/** Lists that take no name. */
function showList(reader: MetaReader): string | undefined {
  const what = reader.accept('functions', 'settings', 'setting', 'processlist', 'engines', 'dictionaries')
  switch (what) {
    case 'functions':
      return finish(reader, 'SELECT * FROM system.functions', [], 'name')
    case 'settings':
      return finish(reader, 'SELECT name, type, value FROM system.settings', [], 'name')
    case 'setting': {
      const setting = reader.name()
      if (setting === undefined || !reader.done()) return undefined
      return `SELECT value FROM system.settings WHERE name = ${quoteText(setting.name)}`
    }
    case 'processlist':
      return reader.done() ? 'SELECT * FROM system.processes' : undefined
    case 'engines':
      return finish(reader, 'SELECT name FROM system.table_engines', [], 'name')
    case 'dictionaries':
      return finish(reader, 'SELECT name FROM system.dictionaries', [], 'name')
    default:
      return undefined
  }
}

function showCreate(reader: MetaReader, schema: VisibleTables): string | undefined {
  if (reader.accept('database') !== undefined) return showDatabase(reader, schema)
  reader.accept('table', 'view')
  const table = reader.name()
  if (table === undefined || !reader.done()) return undefined
  assertKnown(table, schema)
  return `SELECT create_table_query AS statement FROM system.tables WHERE database = ${quoteText(schema.database)} AND name = ${quoteText(table.name)}`
}

function showDatabase(reader: MetaReader, { database }: VisibleTables): string | undefined {
  const named = reader.name()
  if (named === undefined || !reader.done()) return undefined
  return `SELECT concat('CREATE DATABASE ', name, ' ENGINE = ', engine) AS statement FROM system.databases WHERE name = ${quoteText(named.name === 'default' ? database : named.name)}`
}

function assertKnown(table: { database: string | undefined; name: string }, schema: VisibleTables): void {
  if ((table.database ?? schema.database) === schema.database && schema.tables.has(table.name)) return
  const full = `${table.database ?? schema.database}.${table.name}`.slice(0, 200)
  throw new WattlineError('sql_refused', `no table ${full}.`, {
    cause: new RefusedError('table', `no table ${full}`),
  })
}

function describe(reader: MetaReader, schema: VisibleTables): string | undefined {
  const { database } = schema
  reader.accept('table')
  const table = reader.name()
  if (table === undefined || !reader.done()) return undefined
  assertKnown(table, schema)
  return (
    'SELECT name, type, default_kind AS default_type, default_expression, comment, ' +
    "'' AS codec_expression, '' AS ttl_expression FROM system.columns " +
    `WHERE ${inTable(table, database).join(' AND ')} ORDER BY position`
  )
}

function exists(reader: MetaReader, database: string): string | undefined {
  const kind = reader.accept('table', 'view', 'database')
  const thing = reader.name()
  if (thing === undefined || !reader.done()) return undefined
  if (kind === 'database') {
    return `SELECT toUInt8(count() > 0) AS result FROM system.databases WHERE name = ${quoteText(thing.name)}`
  }
  return (
    'SELECT toUInt8(count() > 0) AS result FROM system.tables ' +
    `WHERE database = ${quoteText(thing.database ?? database)} AND name = ${quoteText(thing.name)}`
  )
}

/** clickhouse-go and Grafana send this first. The name of the machine is not revealed. */
function handshake(sql: string): string | undefined {
  if (!isHandshake(sql)) return undefined
  return (
    "SELECT 'wattline' AS `displayName()`, version() AS `version()`, " +
    'toUInt32(0) AS `revision()`, timezone() AS `timezone()`'
  )
}

const inTable = (
  table: { database: string | undefined; name: string },
  database: string,
): readonly string[] => [
  `database = ${quoteText(table.database ?? database)}`,
  `table = ${quoteText(table.name)}`,
]

/** The optional `[NOT] LIKE 'x'` and `LIMIT n` at the end; undefined if anything else follows. */
function finish(
  reader: MetaReader,
  select: string,
  conditions: readonly string[],
  nameColumn: string,
): string | undefined {
  const not = reader.accept('not') === undefined ? '' : 'NOT '
  const like = reader.accept('like', 'ilike')
  const pattern = like === undefined ? undefined : reader.string()
  if (like === undefined ? not !== '' : pattern === undefined) return undefined
  const all =
    pattern === undefined ? conditions : [...conditions, `${nameColumn} ${not}${like} ${quoteText(pattern)}`]
  const limit = reader.accept('limit') === undefined ? undefined : (reader.number() ?? 'bad')
  if (limit === 'bad' || !reader.done()) return undefined
  const where = all.length === 0 ? '' : ` WHERE ${all.join(' AND ')}`
  return `${select}${where} ORDER BY ${nameColumn}${limit === undefined ? '' : ` LIMIT ${limit}`}`
}

function read(tokens: readonly StatementToken[]): MetaReader {
  let next = 0
  const identifier = (): string | undefined => {
    const token = tokens[next]
    if (token?.kind !== 'word' && token?.kind !== 'quoted') return undefined
    next += 1
    return token.name
  }
  return {
    accept(...words) {
      const word = tokens[next]?.kind === 'word' ? tokens[next]!.name.toLowerCase() : undefined
      if (word === undefined || !words.includes(word)) return undefined
      next += 1
      return word
    },
    name() {
      const first = identifier()
      if (first === undefined) return undefined
      if (tokens[next]?.text !== '.') return { database: undefined, name: first }
      next += 1
      const second = identifier()
      return second === undefined ? undefined : { database: first, name: second }
    },
    string() {
      const token = tokens[next]
      if (token?.kind !== 'string') return undefined
      next += 1
      return unquote(token.text)
    },
    number() {
      const token = tokens[next]
      if (token?.kind !== 'number' || !/^\d+$/.test(token.text)) return undefined
      next += 1
      return token.text
    },
    done: () => next === tokens.length,
  }
}
