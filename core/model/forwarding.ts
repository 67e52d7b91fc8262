/**
 * The protocol for forwarded records between two Wattline instances. A request contains rows of one or more records
 * from one partition of the sender's log, in order; the manifest lists the records, so that the receiver can recognise
 * those that it has already.
 */
import { digest } from './digest.ts'
import type { StreamDeclaration } from './streams/stream.ts'

/** Route for forwarded records (POST), followed by the name of the stream. */
export const RECORDS_ROUTE = '/v1/wattline/records/'

/** Names of the sender's headers; in the receiver's log, the same facts are headers of the record. */
export const FORWARD_HEADERS = {
  /** Identity of the sender's log. */
  origin: 'wattline-origin',
  /** Partition of the stream in the sender's log. */
  partition: 'wattline-partition',
  /** `manifestText` of the records whose rows are sent. */
  records: 'wattline-records',
  /** `schemaId` of the stream as the sender declares it. */
  schema: 'wattline-schema',
} as const

/** Only in the receiver's log: the tenant of all rows, from the credential; and the stream, which is in the path. */
export const ADMIT_HEADERS = { tenant: 'wattline-tenant', stream: 'wattline-stream' } as const

/** Header of records that came from other instances: their hosts may be silent for long. */
export const FORWARDED_HEADER = 'forwarded'

/** Maximum number of the sender's records in one request: the receiver never has to remember more. */
export const MAX_RECORDS = 128
/** Maximum number of rows in one request. */
export const MAX_ROWS = 262_144

/** One record of the sender's log whose rows are in the request. */
export interface SourceRecord {
  readonly offset: bigint
  readonly rows: number
  /** CRC-32 of its bytes: distinguishes the record from another one with the same offset. */
  readonly checksum: number
}

/**
 * Offsets, rows and checksums: `17230:5.9af3c1d2,8.00ff12aa,17240:1.0badcafe`. An offset is written only if it does not
 * follow the previous one.
 */
export function manifestText(records: readonly SourceRecord[]): string {
  let next = -1n
  return records
    .map(({ offset, rows, checksum }) => {
      const prefix = offset === next ? '' : `${offset}:`
      next = offset + 1n
      return `${prefix}${rows}.${checksum.toString(16).padStart(8, '0')}`
    })
    .join(',')
}

const ENTRY = /^(?:(\d{1,19}):)?(\d{1,9})\.([0-9a-f]{8})$/
const MAX_OFFSET = 2n ** 63n - 1n

/** The records of a manifest, in ascending offsets; null when it is invalid. */
export function parseManifest(text: string): readonly SourceRecord[] | null {
  const records: SourceRecord[] = []
  let next: bigint | null = null
  for (const entry of text.split(',')) {
    const [, written, rows, checksum] = ENTRY.exec(entry) ?? []
    const offset: bigint | null = written === undefined ? next : BigInt(written)
    if (rows === undefined || checksum === undefined || offset === null) return null
    if ((next !== null && offset < next) || offset > MAX_OFFSET || records.length >= MAX_RECORDS) return null
    records.push({ offset, rows: Number(rows), checksum: Number.parseInt(checksum, 16) })
    next = offset + 1n
  }
  return records
}

/** Format of a log's identity in a header. */
export const ORIGIN_SHAPE = /^[a-zA-Z0-9_-]{8,64}$/

/** Identifies the columns of a stream's records: sender and receiver must have the same. */
export const schemaId = ({ name, columns }: StreamDeclaration): string =>
  digest([name, ...columns.map(({ name, kind, list }) => `${name} ${kind} ${list === true}`)].join('\n'), 16)
