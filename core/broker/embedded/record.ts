/**
 * A record as the log stores it: a head under chunk 0, and its value in chunks of equal size. LMDB needs contiguous
 * free pages for a value, and after a while of retention only short runs are free; runs of equal size can always be
 * reused. Small values are stored in the head. A CRC-32 over key, head and value detects corruption on disk.
 */
import { crc32 } from 'node:zlib'
import { type NewRecord, RECORD_CORRUPT, type StoredRecord } from '../broker.ts'
import { type PartitionId, recordKey } from './keys.ts'

/** 16 pages of 4 KiB, less LMDB's page header. */
export const CHUNK_BYTES = 65_536 - 64
const INLINE_BYTES = 1024
const PAGE_BYTES = 4096

const FIXED = 26
const AT = { version: 0, crc: 4, timestampMs: 8, headerBytes: 16, valueBytes: 20, chunks: 24 } as const
/** Version of a head whose JSON is the headers, and of one whose JSON is `[key, headers]`. */
const VERSION = 1
const VERSION_KEYED = 2

/** One put or delete of an LMDB batch. */
export interface LmdbOperation {
  readonly key: Uint8Array
  /** null removes the key. */
  readonly value: Uint8Array | null
}

/** What chunk 0 says about a record, without its value. */
export interface RecordHead {
  readonly timestampMs: number
  readonly chunks: number
  readonly valueBytes: number
  /** Space of the record on disk, in whole pages where it has its own pages. */
  readonly storedBytes: number
}

/** The operations that store the record. Chunks are views of its value: it must not change until they are written. */
export function encodeRecord(
  place: PartitionId,
  offset: bigint,
  record: NewRecord,
): readonly LmdbOperation[] {
  const { value } = record
  const key = recordKey(place, offset, 0)
  const headers = Buffer.from(headersText(record))
  const chunks = chunksOf(value.length)
  const inline = chunks === 0
  const head = Buffer.alloc(FIXED + headers.length + (inline ? value.length : 0))
  head.writeUInt8(record.key === undefined ? VERSION : VERSION_KEYED, AT.version)
  head.writeDoubleLE(record.timestampMs, AT.timestampMs)
  head.writeUInt32LE(headers.length, AT.headerBytes)
  head.writeUInt32LE(value.length, AT.valueBytes)
  head.writeUInt16LE(chunks, AT.chunks)
  headers.copy(head, FIXED)
  if (inline) head.set(value, FIXED + headers.length)
  head.writeUInt32LE(checksum(key, head, inline ? null : value), AT.crc)
  const operations: LmdbOperation[] = [{ key, value: head }]
  for (let chunk = 0; chunk < chunks; chunk++) {
    operations.push({
      key: recordKey(place, offset, chunk + 1),
      value: value.subarray(chunk * CHUNK_BYTES, (chunk + 1) * CHUNK_BYTES),
    })
  }
  return operations
}

/** Key and headers in the form of the head. */
function headersText({ key, headers }: NewRecord): string {
  if (key !== undefined) return JSON.stringify([key, headers ?? {}])
  return headers === undefined ? '' : JSON.stringify(headers)
}

/** Bytes on disk of a record with this many bytes in its head entry and its value. */
export const storedBytes = (record: NewRecord): number =>
  sizeOnDisk(FIXED + Buffer.byteLength(headersText(record)), record.value.length)

function sizeOnDisk(headBytes: number, valueBytes: number): number {
  if (valueBytes <= INLINE_BYTES) return headBytes + valueBytes
  return headBytes + Math.ceil(valueBytes / PAGE_BYTES) * PAGE_BYTES
}

/** The head alone; null when it is missing or invalid. Its checksum is not verified, since that needs the value. */
export function decodeHead(head: Uint8Array | undefined): RecordHead | null {
  if (head === undefined || head.length < FIXED) return null
  if (head[AT.version] !== VERSION && head[AT.version] !== VERSION_KEYED) return null
  const view = new DataView(head.buffer, head.byteOffset, head.length)
  const valueBytes = view.getUint32(AT.valueBytes, true)
  const chunks = view.getUint16(AT.chunks, true)
  // A corrupt number must not cause an allocation of gigabytes.
  if (chunks !== chunksOf(valueBytes)) return null
  return {
    timestampMs: view.getFloat64(AT.timestampMs, true),
    chunks,
    valueBytes,
    storedBytes: sizeOnDisk(FIXED + view.getUint32(AT.headerBytes, true), valueBytes),
  }
}

const chunksOf = (valueBytes: number): number =>
  valueBytes <= INLINE_BYTES ? 0 : Math.ceil(valueBytes / CHUNK_BYTES)

/**
 * Reads the record at `offset`. A record that is missing, truncated or fails its checksum is still returned, so that it
 * can be quarantined and the next ones are read: with the header `corrupt` that gives the reason, and the bytes that
 * are left. `get` may return views that are valid until its next call.
 */
export function readStoredRecord(
  get: (key: Uint8Array) => Uint8Array | undefined,
  place: PartitionId,
  offset: bigint,
): StoredRecord {
  const key = recordKey(place, offset, 0)
  const stored = get(key)
  const head = decodeHead(stored)
  if (stored === undefined || head === null) {
    const reason = stored === undefined ? 'record is missing' : 'record head is unreadable'
    return corrupt(offset, 0, stored === undefined ? Buffer.alloc(0) : Buffer.from(stored), reason)
  }
  const headBytes = Buffer.from(stored)
  const headersEnd = FIXED + headBytes.readUInt32LE(AT.headerBytes)
  const value =
    head.chunks === 0 ? headBytes.subarray(headersEnd) : readChunks(get, place, offset, head.chunks)
  const crc = headBytes.readUInt32LE(AT.crc)
  if (checksum(key, headBytes, head.chunks === 0 ? null : value) !== crc) {
    return corrupt(offset, head.timestampMs, value, 'checksum does not match')
  }
  const stamped = { offset, value, timestampMs: head.timestampMs }
  if (headersEnd === FIXED) return { ...stamped, headers: {} }
  const read = JSON.parse(headBytes.toString('utf8', FIXED, headersEnd))
  if (headBytes[AT.version] === VERSION) return { ...stamped, headers: read }
  const [name, headers] = read
  return { ...stamped, key: name, headers }
}

function readChunks(
  get: (key: Uint8Array) => Uint8Array | undefined,
  place: PartitionId,
  offset: bigint,
  chunks: number,
): Buffer {
  const value = Buffer.allocUnsafeSlow(chunks * CHUNK_BYTES)
  let length = 0
  for (let chunk = 1; chunk <= chunks; chunk++) {
    const piece = get(recordKey(place, offset, chunk))
    if (piece === undefined || piece.length > CHUNK_BYTES) break
    value.set(piece, length)
    length += piece.length
  }
  return value.subarray(0, length)
}

function checksum(key: Uint8Array, head: Uint8Array, value: Uint8Array | null): number {
  const upToHead = crc32(head.subarray(AT.timestampMs), crc32(key))
  return value === null ? upToHead : crc32(value, upToHead)
}

const corrupt = (offset: bigint, timestampMs: number, value: Buffer, reason: string): StoredRecord => ({
  offset,
  value,
  headers: { [RECORD_CORRUPT]: reason },
  timestampMs,
})
