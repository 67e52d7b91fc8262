import { constants, zstdCompressSync, zstdDecompressSync } from 'node:zlib'
import type { Data } from 'apache-arrow'
import type { StreamDeclaration } from '../model/streams/stream.ts'
import { ArrowStreamWriter } from './arrow-stream.ts'
import { retained } from './growable.ts'

const INITIAL_BYTES = 65_536

/**
 * Largest record that is read: more than a record of a few thousand rows can ever need, and small enough for memory.
 */
const MAX_RAW_BYTES = 1_073_741_824

/**
 * Level 1 with a hash table of 2,048 entries, which stays in the first-level cache: a tenth faster than the level's own
 * table at the same size. Matches of five bytes and more, not the level's seven: a twentieth smaller at the same speed,
 * since ids and times are short. (Level -1 means "unset" to node:zlib and gives level 3.) The checksum costs next to
 * nothing, and detects a record that the disk has corrupted before any length in it is used.
 */
const ZSTD = {
  [constants.ZSTD_c_compressionLevel]: 1,
  [constants.ZSTD_c_hashLog]: 11,
  [constants.ZSTD_c_minMatch]: 5,
  [constants.ZSTD_c_checksumFlag]: 1,
}

/**
 * Records expand three to four times. They are decompressed into one buffer: zlib's own chunks of 16 KiB are allocated
 * and joined one by one, which took longer than decompressing.
 */
const USUAL_RATIO = 5
const SMALLEST_CHUNK = 16_384
const LARGEST_CHUNK = 16_777_216

/** Makes records in one buffer that is reused: new pages cost more than copying. */
export class RecordSerialiser {
  readonly #writer = new ArrowStreamWriter()
  #bytes: Uint8Array = new Uint8Array(INITIAL_BYTES)

  /** Columns in the order of the stream as a complete Arrow IPC stream, compressed. */
  record(stream: StreamDeclaration, columns: readonly Data[], rows: number): Uint8Array {
    const raw = this.#writer.write(stream, columns, rows, bytes => this.#room(bytes))
    const record = compressed(raw)
    this.#bytes = retained(this.#bytes, INITIAL_BYTES)
    return record
  }

  #room(bytes: number): Uint8Array {
    if (this.#bytes.length < bytes) this.#bytes = new Uint8Array(Math.max(bytes, this.#bytes.length * 2))
    return this.#bytes
  }
}

/**
 * With a buffer for the worst case and the size known in advance, zstd reads the record in place and writes it in one
 * call. Otherwise it first copies both ways, which took a third longer. The unused rest of the buffer is released at
 * once, not at the next garbage collection.
 */
function compressed(raw: Uint8Array): Uint8Array<ArrayBuffer> {
  // Below the size of Node's pool it would be a part of that pool.
  const chunkSize = Math.max(raw.length + (raw.length >> 8) + 1024, Buffer.poolSize)
  const options = { params: ZSTD, chunkSize, pledgedSrcSize: raw.length }
  const { buffer, byteOffset, byteLength } = zstdCompressSync(raw, options)
  if (byteOffset === 0 && buffer.byteLength === chunkSize) return new Uint8Array(buffer.transfer(byteLength))
  return new Uint8Array(buffer, byteOffset, byteLength)
}

/** Throws zlib's errors: the caller knows which record it is. */
export function decompressed(record: Uint8Array, maxRawBytes = MAX_RAW_BYTES): Uint8Array {
  const chunkSize = Math.min(Math.max(record.length * USUAL_RATIO, SMALLEST_CHUNK), LARGEST_CHUNK)
  return zstdDecompressSync(record, { maxOutputLength: maxRawBytes, chunkSize })
}
