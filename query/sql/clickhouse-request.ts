/** What the ClickHouse HTTP interface is asked, read from URL and body. */
import { randomUUID } from 'node:crypto'
import { WattlineError } from '../../core/runtime/errors.ts'
import type { QueryParam } from '../../core/warehouse/warehouse.ts'
import { multiple, type RawQuery } from '../parameters.ts'

export interface ClickHouseRequest {
  readonly sql: string
  readonly params: Readonly<Record<string, QueryParam>>
  readonly defaultFormat: string
  readonly queryId: string
  /** Seconds that the client gives the statement, when it said so. */
  readonly maxSeconds: number | undefined
  readonly clientProtocolVersion: number | undefined
  readonly gzip: boolean
}

type Headers = Readonly<Record<string, string | readonly string[] | undefined>>

/**
 * Settings in the URL other than these are ignored: clients send dozens, and none of them may change what is answered.
 * @throws WattlineError `sql_refused` for another database than ours, `parameter_invalid` for an answer in the engine's own
 *   compressed blocks: a client that waits for their checksums would read plain bytes as damage.
 */
export function readClickHouseRequest(
  query: RawQuery,
  headers: Headers,
  body: string,
  database: string,
): ClickHouseRequest {
  const last = (name: string): string | undefined => multiple(query, name).at(-1)
  const header = (name: string): string | undefined => {
    const value = headers[name]
    return typeof value === 'string' ? value : undefined
  }
  const wanted = last('database') ?? header('x-clickhouse-database') ?? ''
  // `default` is what clients send when nobody set one.
  if (!['', 'default', database].includes(wanted)) {
    throw new WattlineError('sql_refused', `There is no database ${wanted.slice(0, 100)}; it is ${database}.`)
  }
  if (last('compress') === '1') {
    throw new WattlineError(
      'parameter_invalid',
      'compress=1: answers are compressed by HTTP alone. Choose gzip, or none.',
    )
  }
  const sql = [last('query') ?? '', body].filter(text => text !== '').join('\n')
  return {
    sql,
    params: readParams(sql, query),
    defaultFormat: last('default_format') ?? header('x-clickhouse-format') ?? 'TabSeparated',
    queryId: (last('query_id') ?? '').slice(0, 128).replaceAll(/[^\x21-\x7e]/g, '') || randomUUID(),
    maxSeconds: positive(last('max_execution_time')),
    clientProtocolVersion: positive(last('client_protocol_version')),
    gzip: /\bgzip\b/i.test(header('accept-encoding') ?? '') && last('enable_http_compression') !== '0',
  }
}

function positive(text: string | undefined): number | undefined {
  const value = Number(text)
  return Number.isFinite(value) && value > 0 ? value : undefined
}

/** Values are bound, which escapes them as the engine wants; so what the client escaped is undone first. */
function readParams(sql: string, query: RawQuery): Readonly<Record<string, QueryParam>> {
  const types = new Map(
    [...sql.matchAll(/\{\s*(\w+)\s*:\s*([^{}]+?)\s*\}/g)].map(found => [found[1]!, found[2]!] as const),
  )
  const names = Object.keys(query).filter(name => name.startsWith('param_'))
  return Object.fromEntries(
    names.map(full => {
      const name = full.slice('param_'.length)
      return [name, paramValue(name, multiple(query, full).at(-1) ?? '', types.get(name) ?? 'String')]
    }),
  )
}

/**
 * Scalars come escaped as in TabSeparated, NULL as `\N`; lists as literals whose strings are quoted.
 * @throws WattlineError `parameter_invalid` for what cannot be bound.
 */
export function paramValue(name: string, text: string, type: string): QueryParam {
  if (text === '\\N') return null
  if (!/^(Array|Tuple|Map)\b/.test(type)) return undoEscapes(text)
  const quoted = /^\[\s*(?:'(?:[^'\\]|\\[\s\S])*'\s*,\s*)*'(?:[^'\\]|\\[\s\S])*'\s*\]$/
  if (type.startsWith('Array') && quoted.test(text)) {
    return [...text.matchAll(/'((?:[^'\\]|\\[\s\S])*)'/g)].map(found => undoEscapes(found[1]!))
  }
  // Literals without a backslash reach the engine as they are.
  if (!text.includes('\\')) return text
  throw new WattlineError('parameter_invalid', `param_${name}: escapes are taken in lists of texts only.`)
}

const ESCAPES: Readonly<Record<string, string>> = {
  t: '\t',
  n: '\n',
  r: '\r',
  b: '\b',
  f: '\f',
  0: '\0',
}

const undoEscapes = (text: string): string =>
  text.replace(/\\([\s\S])/g, (_, letter: string) => ESCAPES[letter] ?? letter)
