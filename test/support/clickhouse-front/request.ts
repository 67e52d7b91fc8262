import type { IncomingMessage } from 'node:http'
import type { RequestKind } from './faults.ts'

/** The content of a request to the ClickHouse HTTP interface. */
export interface Asked {
  readonly sql: string
  readonly kind: RequestKind
  /** Bytes of an INSERT, as they were sent. */
  readonly data: Buffer
  /** `Content-Encoding` of these bytes. */
  readonly encoding: 'none' | 'zstd' | 'gzip'
  readonly queryId: string | null
  readonly database: string
  readonly format: string
  readonly settings: ReadonlyMap<string, string>
  readonly params: ReadonlyMap<string, string>
  readonly waitEndOfQuery: boolean
  readonly user: string
  readonly password: string
}

/** Parameters of the address that are not settings of the engine. */
const NOT_SETTINGS: ReadonlySet<string> = new Set([
  'query',
  'query_id',
  'database',
  'default_format',
  'session_id',
  'session_timeout',
  'session_check',
  'wait_end_of_query',
  'buffer_size',
  'user',
  'password',
  'quota_key',
  'role',
  'compress',
  'decompress',
  'client_protocol_version',
])

export function readRequest(request: IncomingMessage, body: Buffer): Asked {
  const { searchParams } = new URL(request.url ?? '/', 'http://front')
  const inUrl = searchParams.get('query')
  const text = inUrl ?? body.toString('utf8')
  const kind = kindOf(text)
  const settings = new Map<string, string>()
  const params = new Map<string, string>()
  for (const [name, value] of searchParams) {
    if (name.startsWith('param_')) params.set(name.slice('param_'.length), value)
    else if (!NOT_SETTINGS.has(name)) settings.set(name, value)
  }
  return {
    sql: inUrl !== null && kind !== 'insert' && body.length > 0 ? `${inUrl}\n${body.toString('utf8')}` : text,
    kind,
    data: inUrl === null ? Buffer.alloc(0) : body,
    encoding: encodingOf(request.headers['content-encoding']),
    queryId: searchParams.get('query_id'),
    database: searchParams.get('database') ?? headerOf(request, 'x-clickhouse-database') ?? 'default',
    format:
      formatOf(text) ??
      searchParams.get('default_format') ??
      headerOf(request, 'x-clickhouse-format') ??
      'TabSeparated',
    settings,
    params,
    waitEndOfQuery: searchParams.get('wait_end_of_query') === '1',
    ...credentialsOf(request, searchParams),
  }
}

function kindOf(sql: string): RequestKind {
  const word = /^(?:\s|\/\*.*?\*\/|--[^\n]*\n)*(\w+)/s.exec(sql)?.[1]?.toLowerCase()
  if (word === 'insert') return 'insert'
  return word === 'select' || word === 'with' ? 'select' : 'other'
}

/** The FORMAT clause at the end of a text. */
export const formatOf = (sql: string): string | null => /\bFORMAT\s+(\w+)\s*;?\s*$/i.exec(sql)?.[1] ?? null

function encodingOf(header: string | undefined): Asked['encoding'] {
  if (header === undefined || header === 'identity') return 'none'
  if (header === 'zstd' || header === 'gzip') return header
  throw new TypeError(`Unknown Content-Encoding ${header}`)
}

function headerOf(request: IncomingMessage, name: string): string | null {
  const value = request.headers[name]
  return typeof value === 'string' ? value : null
}

function credentialsOf(
  request: IncomingMessage,
  searchParams: URLSearchParams,
): { readonly user: string; readonly password: string } {
  const basic = /^Basic (.+)$/i.exec(request.headers.authorization ?? '')?.[1]
  if (basic !== undefined) {
    const text = Buffer.from(basic, 'base64').toString('utf8')
    const colon = text.indexOf(':')
    return { user: text.slice(0, colon), password: text.slice(colon + 1) }
  }
  return {
    user: headerOf(request, 'x-clickhouse-user') ?? searchParams.get('user') ?? 'default',
    password: headerOf(request, 'x-clickhouse-key') ?? searchParams.get('password') ?? '',
  }
}
