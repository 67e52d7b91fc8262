/** Reads a request to the ClickHouse HTTP interface from URL and body. */
import { randomUUID } from 'node:crypto'
import { WattlineError } from '../../core/catalogue/errors/errors.ts'
import { multiple, type RawQuery } from '../http/parameters.ts'
import { assertStatementLength } from './text-limits.ts'

/** The contents of a request's URL, headers and body. */
export interface ClickHouseRequest {
  readonly sql: string
  /** Values of `param_...`, as they were sent, by name. */
  readonly parameters: ReadonlyMap<string, string>
  readonly defaultFormat: string
  readonly queryId: string
  /** Time limit in seconds that the client requests, if any. */
  readonly maxSeconds: number | undefined
  readonly clientProtocolVersion: number | undefined
  readonly gzip: boolean
  /** Whether the client wants ClickHouse's own compressed blocks. */
  readonly compress: boolean
}

type Headers = Readonly<Record<string, string | readonly string[] | undefined>>

/**
 * Other settings in the URL are ignored: clients send dozens, and none of them may change the answer.
 * @throws WattlineError `sql_refused` for a database other than ours, `parameter_invalid` for a body in compressed
 * blocks.
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
  // Clients send `default` when no database is configured.
  if (!['', 'default', database].includes(wanted)) {
    throw new WattlineError('sql_refused', `There is no database ${wanted.slice(0, 100)}. Use ${database}.`)
  }
  if (isOn(last('decompress'))) {
    throw new WattlineError(
      'parameter_invalid',
      'decompress=1 is not supported. Send the body plain, or with Content-Encoding.',
    )
  }
  const sql = [last('query') ?? '', body].filter(text => text !== '').join('\n')
  assertStatementLength(sql)
  return {
    sql,
    parameters: parametersOf(query),
    defaultFormat: last('default_format') ?? header('x-clickhouse-format') ?? 'TabSeparated',
    queryId: (last('query_id') ?? '').slice(0, 128).replaceAll(/[^\x21-\x7e]/g, '') || randomUUID(),
    maxSeconds: positive(last('max_execution_time')),
    clientProtocolVersion: positive(last('client_protocol_version')),
    compress: isOn(last('compress')),
    gzip: /\bgzip\b/i.test(header('accept-encoding') ?? '') && last('enable_http_compression') !== '0',
  }
}

const isOn = (text: string | undefined): boolean => text === '1' || text === 'true'

function positive(text: string | undefined): number | undefined {
  const value = Number(text)
  return Number.isFinite(value) && value > 0 ? value : undefined
}

const PARAMETER = 'param_'

const parametersOf = (query: RawQuery): ReadonlyMap<string, string> =>
  new Map(
    Object.keys(query)
      .filter(name => name.startsWith(PARAMETER))
      .map(name => [name.slice(PARAMETER.length), multiple(query, name).at(-1) ?? '']),
  )
