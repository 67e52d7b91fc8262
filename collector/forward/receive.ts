/**
 * Receives records of other instances: checked to the last column, durable before the answer, moved into their streams
 * by processor `admit`. The sender learns the result of the checks here, and keeps a refused record.
 */
import type { IncomingHttpHeaders, IncomingMessage } from 'node:http'
import { WattlineError } from '../../core/catalogue/errors/errors.ts'
import { checkNested } from '../../core/columns/copy-rows.ts'
import { type RecordView, readRecord } from '../../core/columns/record-reader.ts'
import type { BufferPool } from '../../core/http/buffer-pool.ts'
import { withBody } from '../../core/http/read-body.ts'
import {
  ADMIT_HEADERS,
  FORWARD_HEADERS,
  MAX_ROWS,
  ORIGIN_SHAPE,
  parseManifest,
  RECORDS_ROUTE,
  type SourceRecord,
  schemaId,
} from '../../core/model/forwarding.ts'
import { type Identity, OPERATOR_TENANT } from '../../core/model/identity.ts'
import { FORWARDED_STREAMS } from '../../core/model/streams/forwarded.ts'
import type { readings } from '../../core/model/streams/index.ts'
import type { StreamDeclaration } from '../../core/model/streams/stream.ts'
import type { Intake } from '../intake/intake.ts'

interface ReceiveParts {
  readonly intake: Pick<Intake, 'openForwarded'>
  readonly pool: BufferPool
  readonly maxBodyBytes: number
}

/** What was stored durably. */
interface Received {
  /** Number of records of the sender's log. */
  readonly records: number
  readonly rows: number
}

const STREAMS: ReadonlyMap<string, StreamDeclaration> = new Map(
  FORWARDED_STREAMS.map(stream => [stream.name, stream]),
)
const SCHEMAS: ReadonlyMap<string, string> = new Map(
  FORWARDED_STREAMS.map(stream => [stream.name, schemaId(stream)]),
)

/** The stream that a path names; undefined when the path is not of this kind. @throws WattlineError `not_found` */
export function forwardedStream(path: string): StreamDeclaration | undefined {
  if (!path.startsWith(RECORDS_ROUTE)) return undefined
  const name = path.slice(RECORDS_ROUTE.length)
  const stream = STREAMS.get(name)
  if (stream !== undefined) return stream
  throw new WattlineError(
    'not_found',
    `Stream ${JSON.stringify(name.slice(0, 100))} is not accepted here, only ${[...STREAMS.keys()].join(', ')}.`,
  )
}

/**
 * Handles one request from its headers until its record is durable. @throws WattlineError `forward_invalid`,
 * `forward_mismatch`, `forbidden`, and the errors of reading a body and of intake
 */
export async function receiveRecords(
  parts: ReceiveParts,
  request: IncomingMessage,
  stream: StreamDeclaration,
  { tenant, account }: Pick<Identity, 'tenant' | 'account'>,
  beforeBody: () => void,
): Promise<Received> {
  if (account !== undefined) {
    throw new WattlineError(
      'forbidden',
      'A token that names an account cannot forward records. Use a token without `account`: what the node was sent says who pays.',
    )
  }
  const { origin, partition, manifest, records } = factsOf(request.headers, stream)
  const admission = parts.intake.openForwarded()
  return withBody(request, parts, admission, { coding: 'identity', beforeBody }, async bytes => {
    const view = openRecord(stream, bytes, parts.maxBodyBytes)
    const rows = checkRows(view, records)
    checkTenants(view as RecordView<typeof readings>, tenant)
    await admission.append(`${origin}/${stream.name}/${partition}`, bytes, {
      [FORWARD_HEADERS.origin]: origin,
      [FORWARD_HEADERS.partition]: partition,
      [FORWARD_HEADERS.records]: manifest,
      [ADMIT_HEADERS.stream]: stream.name,
      [ADMIT_HEADERS.tenant]: tenant,
    })
    return { records: records.length, rows }
  })
}

const invalid = (message: string): WattlineError => new WattlineError('forward_invalid', message)

function factsOf(headers: IncomingHttpHeaders, stream: StreamDeclaration) {
  const said = (name: string): string => String(headers[name] ?? '').trim()
  if (said('content-encoding') !== 'zstd') {
    throw new WattlineError(
      'media_type_unsupported',
      'Send records as an Arrow stream with Content-Encoding zstd.',
    )
  }
  const schema = said(FORWARD_HEADERS.schema)
  if (schema !== SCHEMAS.get(stream.name)) {
    throw new WattlineError(
      'forward_mismatch',
      `Stream ${stream.name} has schema ${SCHEMAS.get(stream.name)} here, the sender's has ${JSON.stringify(schema.slice(0, 32))}.`,
    )
  }
  const origin = said(FORWARD_HEADERS.origin)
  if (!ORIGIN_SHAPE.test(origin)) throw invalid(`Header ${FORWARD_HEADERS.origin} does not name a log.`)
  const partition = said(FORWARD_HEADERS.partition)
  if (!/^\d{1,5}$/.test(partition))
    throw invalid(`Header ${FORWARD_HEADERS.partition} is not a partition number.`)
  const manifest = said(FORWARD_HEADERS.records)
  const records = parseManifest(manifest)
  if (records === null) throw invalid(`Header ${FORWARD_HEADERS.records} does not name records.`)
  return { origin, partition, manifest, records }
}

function openRecord(
  stream: StreamDeclaration,
  bytes: Uint8Array,
  maxRawBytes: number,
): RecordView<StreamDeclaration> {
  try {
    const view = readRecord(stream, bytes, maxRawBytes)
    checkNested(stream, view)
    return view
  } catch (error) {
    if (!(error instanceof WattlineError) || error.code !== 'record_corrupt') throw error
    throw new WattlineError('forward_invalid', error.message, { cause: error })
  }
}

function checkRows({ rows }: { readonly rows: number }, records: readonly SourceRecord[]): number {
  const named = records.reduce((sum, record) => sum + record.rows, 0)
  if (named !== rows) throw invalid(`The manifest lists ${named} rows, but the record has ${rows}.`)
  if (rows > MAX_ROWS) throw invalid(`${rows} rows exceed the limit of ${MAX_ROWS} rows for one request.`)
  return rows
}

/**
 * The tenant comes from the credential. Rows of a sender without tokens have no tenant and get that of the credential;
 * rows of another tenant are refused.
 */
function checkTenants({ rows, columns: { Tenant } }: RecordView<typeof readings>, tenant: string): void {
  const checked = new Set<number>()
  for (let row = 0; row < rows; row += 1) {
    const id = Tenant.ids[row]!
    if (checked.has(id)) continue
    const found = Tenant.get(row)
    if (found !== tenant && found !== OPERATOR_TENANT) {
      throw new WattlineError(
        'forbidden',
        `The record has rows of tenant ${JSON.stringify(found.slice(0, 64))}, but the token belongs to tenant ${tenant}.`,
      )
    }
    checked.add(id)
  }
}
