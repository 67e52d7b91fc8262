import { constants, zstdCompressSync, zstdDecompressSync } from 'node:zlib'
import type { Data } from 'apache-arrow'
import type { StreamDeclaration } from '../model/streams/stream.ts'
import { ArrowStreamWriter } from './arrow-stream.ts'
import { retained } from './growable.ts'

const INITIAL_BYTES = 65_536

/** Largest record that is read back: what a record of a few thousand rows can never reach, and memory can still hold. */
const MAX_RAW_BYTES = 1_073_741_824

/**
 * Level 1 with a hash table of 2,048 entries, which stays in the first cache: a tenth faster than the level's own at
 * the same size. Matches of five bytes and more, not the seven of the level: a twentieth smaller at the same speed, since
 * ids and times are short. (Level -1 means "unset" to node:zlib and gives level 3.) The checksum costs next to nothing, and
 * tells a record that the disk has bent before anything reads lengths from it.
 */
const ZSTD = {
  [constants.ZSTD_c_compressionLevel]: 1,
  [constants.ZSTD_c_hashLog]: 11,
  [constants.ZSTD_c_minMatch]: 5,
  [constants.ZSTD_c_checksumFlag]: 1,
}

/**
 * Records inflate three to four times. Into one buffer, that is: zlib's own pieces of 16 KiB are made and joined one by one,
 * which took longer than inflating.
 */
const USUAL_RATIO = 5
const SMALLEST_CHUNK = 16_384
const LARGEST_CHUNK = 16_777_216

/** Makes records in one buffer that is used again and again: fresh pages cost more than the copying. */
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
 * With room for the worst case, and knowing the size beforehand, zstd reads the record where it is and writes it in one go; otherwise
 * it first copies both ways, which took a third longer. The room left over is given back at once, and not when garbage is
 * collected next.
 */
function compressed(raw: Uint8Array): Uint8Array<ArrayBuffer> {
  // Below the size of Node's pool it would be a part of that.
  const chunkSize = Math.max(raw.length + (raw.length >> 8) + 1024, Buffer.poolSize)
  const options = { params: ZSTD, chunkSize, pledgedSrcSize: raw.length }
  const { buffer, byteOffset, byteLength } = zstdCompressSync(raw, options)
  if (byteOffset === 0 && buffer.byteLength === chunkSize) return new Uint8Array(buffer.transfer(byteLength))
  return new Uint8Array(buffer, byteOffset, byteLength)
}

/** Throws what zlib throws: the caller knows which record it is about. */
export function decompressed(record: Uint8Array, maxRawBytes = MAX_RAW_BYTES): Uint8Array {
  const chunkSize = Math.min(Math.max(record.length * USUAL_RATIO, SMALLEST_CHUNK), LARGEST_CHUNK)
  return zstdDecompressSync(record, { maxOutputLength: maxRawBytes, chunkSize })
}
