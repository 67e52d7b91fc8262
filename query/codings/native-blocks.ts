/**
 * ClickHouse's own compression: of answers (`compress=1`), which its JDBC driver requests by default, and of bodies
 * (`decompress=1`). Blocks with a checksum (CityHash128), a method, and two sizes.
 */
import { zstdDecompressSync } from 'node:zlib'
import { CodingError, unpackLz4 } from './lz4-block.ts'
import { BLOCK_CONTENT_MAX, cityHash128, frameBlock } from './wasm-blocks.ts'

/** Blocks of one chunk of an answer, each for up to 64 KiB. */
export function* compressedBlocks(chunk: Uint8Array): Generator<Uint8Array> {
  for (let at = 0; at < chunk.length; at += BLOCK_CONTENT_MAX)
    yield frameBlock(chunk.subarray(at, at + BLOCK_CONTENT_MAX))
}

/** An answer as compressed blocks; chunks are not joined, so a small chunk makes a small block. */
export async function* compressed(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  for await (const chunk of chunks) yield* compressedBlocks(chunk)
}

const CHECKSUM_BYTES = 16
const HEADER_BYTES = 9

const METHODS: Readonly<Record<number, (block: Uint8Array, size: number) => Uint8Array>> = {
  2: block => block,
  130: (block, size) => {
    const bytes = Buffer.allocUnsafe(size)
    return bytes.subarray(0, unpackLz4(block, { bytes, at: 0, from: 0 }))
  },
  144: (block, size) => zstdDecompressSync(block, { maxOutputLength: size }),
}

/** The content of whole blocks. @throws CodingError when one is damaged, or all are longer than `maxBytes` together */
export function decompressBlocks(body: Uint8Array, maxBytes: number): Uint8Array {
  const buffer = Buffer.from(body.buffer, body.byteOffset, body.byteLength)
  const pieces: Uint8Array[] = []
  let left = maxBytes
  for (let at = 0; at < buffer.length; ) {
    const start = at + CHECKSUM_BYTES
    if (start + HEADER_BYTES > buffer.length) throw new CodingError('a compressed block is cut short')
    const method = METHODS[buffer[start]!]
    const length = buffer.readUInt32LE(start + 1)
    const size = buffer.readUInt32LE(start + 5)
    if (length < HEADER_BYTES || start + length > buffer.length) {
      throw new CodingError('a compressed block is cut short')
    }
    if (size > left) throw new CodingError(`the blocks are larger than ${maxBytes} bytes when decompressed`)
    const framed = buffer.subarray(start, start + length)
    if (!buffer.subarray(at, start).equals(cityHash128(framed))) {
      throw new CodingError('the checksum of a compressed block is wrong')
    }
    if (method === undefined) {
      throw new CodingError('a block is compressed in another way than LZ4, ZSTD or NONE')
    }
    const piece = method(framed.subarray(HEADER_BYTES), size)
    if (piece.length !== size) throw new CodingError('a compressed block has another size than it says')
    pieces.push(piece)
    left -= size
    at = start + length
  }
  return Buffer.concat(pieces)
}
