import { constants, type ZstdOptions, zstdCompressSync, zstdDecompressSync } from 'node:zlib'
import {
  type Data,
  Field,
  makeData,
  RecordBatch,
  RecordBatchStreamWriter,
  Schema,
  Struct,
} from 'apache-arrow'
import type { StreamDeclaration } from '../model/streams/stream.ts'
import { isNullable } from './column-kinds.ts'
import { grown, retained } from './growable.ts'

const INITIAL_BYTES = 65_536

/** Largest record that is read back: what a record of a few thousand rows can never reach, and memory can still hold. */
const MAX_RAW_BYTES = 1_073_741_824

/**
 * Level 1 with a hash table of 4,096 entries, which stays in the first cache: a tenth faster than the level's own at
 * the same size. (Level -1 means "unset" to node:zlib and gives level 3.) The checksum costs next to nothing, and tells a
 * record that the disk has bent before anything reads lengths from it.
 */
const ZSTD = {
  params: {
    [constants.ZSTD_c_compressionLevel]: 1,
    [constants.ZSTD_c_hashLog]: 12,
    [constants.ZSTD_c_checksumFlag]: 1,
  },
}

/**
 * With room for the worst case, and told the size beforehand, zstd reads the record where it is and writes it in one go; otherwise
 * it first copies both ways, which took a third longer.
 */
const inOneGo = (bytes: number): ZstdOptions => ({
  ...ZSTD,
  chunkSize: bytes + (bytes >> 8) + 1024,
  pledgedSrcSize: bytes,
})

/**
 * Records inflate three to four times. Into one buffer, that is: zlib's own pieces of 16 KiB are made and joined one by one,
 * which took longer than inflating.
 */
const USUAL_RATIO = 5
const SMALLEST_CHUNK = 16_384
const LARGEST_CHUNK = 16_777_216

/** A batch of the columns of a stream, in the order of its declaration. */
export function recordOf(stream: StreamDeclaration, columns: readonly Data[], rows: number): RecordBatch {
  const fields = stream.columns.map(
    (column, index) => new Field(column.name, columns[index]!.type, isNullable(column)),
  )
  const data = makeData({ type: new Struct(fields), length: rows, nullCount: 0, children: [...columns] })
  return new RecordBatch(new Schema(fields), data)
}

/** Serialises record batches into one buffer that is used again and again: fresh pages cost more than the copying. */
export class RecordSerialiser {
  #bytes: Uint8Array = new Uint8Array(INITIAL_BYTES)

  /** The batch as a complete Arrow IPC stream, compressed. */
  compressed(batch: RecordBatch): Uint8Array {
    const writer = new BufferWriter(this.#bytes)
    writer.write(batch)
    writer.close()
    const compressed = zstdCompressSync(writer.written(), inOneGo(writer.written().length))
    this.#bytes = retained(writer.buffer, INITIAL_BYTES)
    return new Uint8Array(compressed.buffer, compressed.byteOffset, compressed.byteLength)
  }
}

/** Throws what zlib throws: the caller knows which record it is about. */
export function decompressed(record: Uint8Array, maxRawBytes = MAX_RAW_BYTES): Uint8Array {
  const chunkSize = Math.min(Math.max(record.length * USUAL_RATIO, SMALLEST_CHUNK), LARGEST_CHUNK)
  return zstdDecompressSync(record, { maxOutputLength: maxRawBytes, chunkSize })
}

/** apache-arrow's writer collects its pieces in a queue and joins them in the end; this one copies them once. */
class BufferWriter extends RecordBatchStreamWriter {
  buffer: Uint8Array
  #length = 0

  constructor(buffer: Uint8Array) {
    super({ autoDestroy: true })
    this.buffer = buffer
  }

  written(): Uint8Array {
    return this.buffer.subarray(0, this.#length)
  }

  protected override _write(chunk: ArrayBufferView): this {
    if (!this._started) return this
    const end = this.#length + chunk.byteLength
    if (end > this.buffer.length) this.buffer = grown(this.buffer, end)
    this.buffer.set(new Uint8Array(chunk.buffer, chunk.byteOffset, chunk.byteLength), this.#length)
    this.#length = end
    return this
  }
}
