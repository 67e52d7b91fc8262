/** LZ4's frame format, which clients mean by `Content-Encoding: lz4`. */
import { Transform } from 'node:stream'
import { CodingError, unpackLz4 } from './lz4-block.ts'
import { BLOCK_CONTENT_MAX, packLz4 } from './wasm-blocks.ts'
import { xxHash32 } from './xxhash32.ts'

const MAGIC = 0x184d2204
/** Frames with other content, to be passed over: 16 magic numbers. */
const SKIPPABLE = 0x184d2a50
const PLAIN_BIT = 0x8000_0000

const VERSION_1 = 0b0100_0000
const INDEPENDENT = 0b0010_0000
const BLOCK_CHECKSUM = 0b0001_0000
const CONTENT_SIZE = 0b0000_1000
const CONTENT_CHECKSUM = 0b0000_0100
const DICTIONARY = 0b0000_0001

/** Decodes whole frames, one after the other. @throws CodingError when damaged, or longer than `maxBytes` */
export function unframeLz4(body: Uint8Array, maxBytes: number): Uint8Array {
  const reader = new FrameReader(body, maxBytes)
  while (!reader.done()) reader.frame()
  return reader.content()
}

class FrameReader {
  readonly #body: Buffer
  readonly #maxBytes: number
  #at = 0
  #out: Buffer = Buffer.allocUnsafe(BLOCK_CONTENT_MAX)
  #size = 0

  constructor(body: Uint8Array, maxBytes: number) {
    this.#body = Buffer.from(body.buffer, body.byteOffset, body.byteLength)
    this.#maxBytes = maxBytes
  }

  done(): boolean {
    return this.#at === this.#body.length
  }

  content(): Uint8Array {
    return this.#out.subarray(0, this.#size)
  }

  frame(): void {
    const magic = this.#number()
    if ((magic & ~0xf) >>> 0 === SKIPPABLE) {
      this.#take(this.#number())
      return
    }
    if (magic !== MAGIC) throw new CodingError('the body is not an LZ4 frame')
    const { flags, blockBytes } = this.#descriptor()
    const start = this.#size
    for (let size = this.#number(); size !== 0; size = this.#number()) {
      const block = this.#take(size & ~PLAIN_BIT)
      if ((flags & BLOCK_CHECKSUM) !== 0) this.#check(block, 'block')
      this.#add(block, {
        isPlain: (size & PLAIN_BIT) !== 0,
        blockBytes,
        from: (flags & INDEPENDENT) === 0 ? start : this.#size,
      })
    }
    if ((flags & CONTENT_CHECKSUM) !== 0) this.#check(this.#out.subarray(start, this.#size), 'content')
  }

  /** Flags and the largest size of a block. */
  #descriptor(): { readonly flags: number; readonly blockBytes: number } {
    const start = this.#at
    const [flags = 0, sizes = 0] = this.#take(2)
    if ((flags & 0b1100_0000) !== VERSION_1) throw new CodingError('the LZ4 frame has another version')
    if ((flags & DICTIONARY) !== 0) throw new CodingError('the LZ4 frame needs a dictionary')
    if ((flags & CONTENT_SIZE) !== 0) this.#take(8)
    const descriptor = this.#body.subarray(start, this.#at)
    const [given] = this.#take(1)
    if (given !== ((xxHash32(descriptor) >>> 8) & 0xff)) throw new CodingError('an LZ4 header is damaged')
    const sizeId = (sizes >> 4) & 0b111
    if (sizeId < 4) throw new CodingError('an LZ4 header is damaged')
    return { flags, blockBytes: 2 ** (8 + 2 * sizeId) }
  }

  #add(block: Uint8Array, how: { isPlain: boolean; blockBytes: number; from: number }): void {
    const end = Math.min(this.#maxBytes, this.#size + how.blockBytes)
    if (end > this.#out.length) {
      const larger = Buffer.allocUnsafe(Math.min(this.#maxBytes, Math.max(end, 2 * this.#out.length)))
      this.#out.copy(larger, 0, 0, this.#size)
      this.#out = larger
    }
    const bytes = this.#out.subarray(0, end)
    if (!how.isPlain) {
      this.#size = unpackLz4(block, { bytes, at: this.#size, from: how.from })
      return
    }
    if (this.#size + block.length > end)
      throw new CodingError('the body is larger than its limit when decoded')
    bytes.set(block, this.#size)
    this.#size += block.length
  }

  #check(content: Uint8Array, what: string): void {
    if (xxHash32(content) !== this.#number()) throw new CodingError(`the checksum of an LZ4 ${what} is wrong`)
  }

  #number(): number {
    return Buffer.from(this.#take(4)).readUInt32LE()
  }

  #take(count: number): Uint8Array {
    if (this.#at + count > this.#body.length) throw new CodingError('the LZ4 frame is cut short')
    this.#at += count
    return this.#body.subarray(this.#at - count, this.#at)
  }
}

/** Blocks of up to 64 KiB, independent of each other, without checksums of blocks and content. */
const HEADER = (() => {
  const descriptor = Buffer.of(VERSION_1 | INDEPENDENT, 4 << 4)
  const magic = Buffer.alloc(4)
  magic.writeUInt32LE(MAGIC)
  return Buffer.concat([magic, descriptor, Buffer.of((xxHash32(descriptor) >>> 8) & 0xff)])
})()

/** Encodes a stream as one frame; each chunk becomes blocks of its own. */
export class Lz4FrameStream extends Transform {
  constructor() {
    super()
    this.push(HEADER)
  }

  override _transform(chunk: Uint8Array, _encoding: BufferEncoding, done: () => void): void {
    for (let at = 0; at < chunk.length; at += BLOCK_CONTENT_MAX) {
      const content = chunk.subarray(at, at + BLOCK_CONTENT_MAX)
      const packed = packLz4(content)
      const isPlain = packed.length >= content.length
      const block = isPlain ? content : packed
      const size = Buffer.alloc(4)
      size.writeUInt32LE((isPlain ? PLAIN_BIT + block.length : block.length) >>> 0)
      this.push(size)
      this.push(block)
    }
    done()
  }

  override _flush(done: () => void): void {
    this.push(Buffer.alloc(4))
    done()
  }
}
