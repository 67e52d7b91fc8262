/** Reads a request to the ClickHouse HTTP interface from URL and body. */
import { randomUUID } from 'node:crypto'
import { WattlineError } from '../../core/catalogue/errors/errors.ts'
import { acceptedCoding, type ContentCoding } from '../codings/content-codings.ts'
import { multiple, type RawQuery } from '../http/parameters.ts'
import { readClickHouseBody } from './clickhouse-body.ts'
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
  /** Coding of the answer; undefined: none. */
  readonly coding: ContentCoding | undefined
  /** Whether the client wants ClickHouse's own compressed blocks. */
  readonly compress: boolean
}

type Headers = Readonly<Record<string, string | readonly string[] | undefined>>

/**
 * Other settings in the URL are ignored: clients send dozens, and none of them may change the answer.
 * @throws WattlineError `sql_refused` for a database other than ours, and what readClickHouseBody throws
 */
export async function readClickHouseRequest(
  url: RawQuery,
  headers: Headers,
  bytes: Uint8Array | undefined,
  database: string,
): Promise<ClickHouseRequest> {
  const body = await readClickHouseBody(bytes ?? new Uint8Array(), {
    contentType: textHeader(headers, 'content-type') ?? '',
    isCompressed: isOn(multiple(url, 'decompress').at(-1)),
  })
  const query = { ...url, ...body.fields }
  const last = (name: string): string | undefined => multiple(query, name).at(-1)
  const header = (name: string): string | undefined => textHeader(headers, name)
  const wanted = last('database') ?? header('x-clickhouse-database') ?? ''
  // Clients send `default` when no database is configured.
  if (!['', 'default', database].includes(wanted)) {
    throw new WattlineError('sql_refused', `There is no database ${wanted.slice(0, 100)}. Use ${database}.`)
  }
  const compress = isOn(last('compress'))
  const sql = [last('query') ?? '', body.text].filter(text => text !== '').join('\n')
  assertStatementLength(sql)
  return {
    sql,
    parameters: parametersOf(query),
    defaultFormat: last('default_format') ?? header('x-clickhouse-format') ?? 'TabSeparated',
    queryId: (last('query_id') ?? '').slice(0, 128).replaceAll(/[^\x21-\x7e]/g, '') || randomUUID(),
    maxSeconds: positive(last('max_execution_time')),
    clientProtocolVersion: positive(last('client_protocol_version')),
    compress,
    // Compressed blocks are not compressed again.
    coding:
      compress || last('enable_http_compression') === '0'
        ? undefined
        : acceptedCoding(header('accept-encoding')),
  }
}

function textHeader(headers: Headers, name: string): string | undefined {
  const value = headers[name]
  return typeof value === 'string' ? value : undefined
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
