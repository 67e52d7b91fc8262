/** Reads a request to the ClickHouse HTTP interface from URL and body. */
import { randomUUID } from 'node:crypto'
import { WattlineError } from '../../core/catalogue/errors/errors.ts'
import {
  type ClientSettings,
  clientSetting,
  isClientSetting,
} from '../../core/warehouse/fence/client-settings.ts'
import { acceptedCoding, type ContentCoding } from '../codings/content-codings.ts'
import { multiple, type RawQuery } from '../http/parameters.ts'
import { readClickHouseBody } from './clickhouse-body.ts'
import { assertDatabase } from './clickhouse-commands.ts'
import { SESSION_SECONDS, type SessionRequest } from './clickhouse-sessions.ts'
import { assertStatementLength } from './text-limits.ts'

/** The contents of a request's URL, headers and body. */
export interface ClickHouseRequest {
  readonly sql: string
  /** Values of `param_...`, as they were sent, by name. */
  readonly parameters: ReadonlyMap<string, string>
  readonly defaultFormat: string
  readonly queryId: string
  /** As the client calls itself; the token alone decides who it is. */
  readonly user: string
  readonly session: SessionRequest | undefined
  /** Settings of the URL that take effect. */
  readonly settings: ClientSettings
  /** The whole answer is made before it is sent, so that its errors and figures come first. */
  readonly waitsForEnd: boolean
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
 * Settings that clients may not change are ignored: they send dozens.
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
  assertDatabase(last('database') ?? header('x-clickhouse-database') ?? '', database)
  const compress = isOn(last('compress'))
  const sql = [last('query') ?? '', body.text].filter(text => text !== '').join('\n')
  assertStatementLength(sql)
  return {
    sql,
    parameters: parametersOf(query),
    defaultFormat: last('default_format') ?? header('x-clickhouse-format') ?? 'TabSeparated',
    queryId: (last('query_id') ?? '').slice(0, 128).replaceAll(/[^\x21-\x7e]/g, '') || randomUUID(),
    user: userOf(header('authorization')) ?? header('x-clickhouse-user') ?? last('user') ?? 'default',
    session: sessionOf(last),
    settings: settingsOf(query),
    waitsForEnd: isOn(last('wait_end_of_query')),
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

/** The user of Basic, as far as it is one. */
function userOf(authorization: string | undefined): string | undefined {
  const basic = /^basic\s+(\S+)/i.exec(authorization ?? '')?.[1]
  const user = basic === undefined ? '' : Buffer.from(basic, 'base64').toString('utf8').split(':', 1)[0]
  return user === '' ? undefined : user?.slice(0, 100)
}

function sessionOf(last: (name: string) => string | undefined): SessionRequest | undefined {
  const id = last('session_id')
  if (id === undefined || id === '') return undefined
  if (id.length > 128)
    throw new WattlineError('parameter_invalid', 'session_id has more than 128 characters.')
  return {
    id,
    timeoutSeconds: positive(last('session_timeout')) ?? SESSION_SECONDS,
    mustExist: isOn(last('session_check')),
  }
}

/** Of dozens that clients send, the ones that clients may change; the others are passed over. */
function settingsOf(query: RawQuery): ClientSettings {
  const found = Object.keys(query).flatMap(name => {
    if (!isClientSetting(name)) return []
    const value = clientSetting(name, multiple(query, name).at(-1) ?? '')
    return value === undefined ? [] : [[name, value] as const]
  })
  return Object.fromEntries(found)
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
