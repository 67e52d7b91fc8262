/** Protobuf wire types that OTLP uses. */
export const WIRE = { varint: 0, fixed64: 1, bytes: 2, fixed32: 5 } as const
/** Number of a wire type, as the low three bits of a tag. */
export type WireType = (typeof WIRE)[keyof typeof WIRE]

const MAX_VARINT_BYTES = 10
const MAX_COPIED_BYTES = 64
const WIDE_LENGTH_BYTES = 5

/** Source of a writer's buffers; buffers that have become too small are returned. If `acquire` throws, writing ends. */
export interface WriterMemory {
  /** A buffer of at least this many bytes. */
  acquire(bytes: number): Buffer
  release(buffer: Buffer): void
}

const ordinaryMemory: WriterMemory = { acquire: bytes => Buffer.allocUnsafe(bytes), release: () => {} }

/**
 * Writes protobuf into a growing buffer. When a nested message ends, its bytes are moved to make space for the length.
 */
export class ProtobufWriter {
  readonly #memory: WriterMemory
  #buffer: Buffer
  #length = 0

  constructor(capacityBytes = 1024, memory: WriterMemory = ordinaryMemory) {
    this.#memory = memory
    this.#buffer = memory.acquire(capacityBytes)
  }

  /** Releases the buffer; the writer must not be used afterwards. */
  release(): void {
    this.#memory.release(this.#buffer)
    this.#length = 0
  }

  /** Bytes written so far. */
  get length(): number {
    return this.#length
  }

  /** The bytes written so far; valid until the next write. */
  bytes(): Uint8Array {
    return this.#buffer.subarray(0, this.#length)
  }

  tag(field: number, wire: WireType): void {
    this.uint(field * 8 + wire)
  }

  /** A non-negative safe integer as varint. */
  uint(value: number): void {
    this.#reserve(MAX_VARINT_BYTES)
    let rest = value
    while (rest >= 0x80) {
      this.#buffer[this.#length++] = (rest % 0x80) | 0x80
      rest = Math.floor(rest / 0x80)
    }
    this.#buffer[this.#length++] = rest
  }

  /** One byte, unchanged. */
  byte(value: number): void {
    this.#reserve(1)
    this.#buffer[this.#length++] = value
  }

  /** 64 bits as varint: negative numbers in two's complement, as in protobuf's int64. */
  varint64(value: bigint): void {
    this.#reserve(MAX_VARINT_BYTES)
    let rest = BigInt.asUintN(64, value)
    while (rest >= 0x80n) {
      this.#buffer[this.#length++] = Number(rest & 0x7fn) | 0x80
      rest >>= 7n
    }
    this.#buffer[this.#length++] = Number(rest)
  }

  fixed64(value: bigint): void {
    this.#reserve(8)
    this.#length = this.#buffer.writeBigUInt64LE(BigInt.asUintN(64, value), this.#length)
  }

  /** 64 bits as two parts, each truncated to 32 bits: many BigInts would be slow. */
  fixed64Parts(low: number, high: number): void {
    this.#reserve(8)
    this.#length = this.#buffer.writeUInt32LE(low >>> 0, this.#length)
    this.#length = this.#buffer.writeUInt32LE(high >>> 0, this.#length)
  }

  /** Zigzag varint of 32 bits. */
  sint32(value: number): void {
    this.uint(((value << 1) ^ (value >> 31)) >>> 0)
  }

  fixed32(value: number): void {
    this.#reserve(4)
    this.#length = this.#buffer.writeUInt32LE(value >>> 0, this.#length)
  }

  double(value: number): void {
    this.#reserve(8)
    this.#length = this.#buffer.writeDoubleLE(value, this.#length)
  }

  /** Length and UTF-8 bytes; lone surrogates become U+FFFD. */
  string(text: string): void {
    const size = Buffer.byteLength(text)
    this.uint(size)
    this.#reserve(size)
    this.#length += this.#buffer.write(text, this.#length, size, 'utf8')
  }

  /** Length and bytes. */
  blob(bytes: Uint8Array): void {
    this.uint(bytes.length)
    this.#reserve(bytes.length)
    this.#buffer.set(bytes, this.#length)
    this.#length += bytes.length
  }

  /** Length and the bytes of a range. */
  range(source: Uint8Array, from: number, to: number): void {
    this.uint(to - from)
    this.copy(source, from, to)
  }

  /** Copies the bytes of a range. Short ones are copied here, without creating a view object for each. */
  copy(source: Uint8Array, from: number, to: number): void {
    const size = to - from
    this.#reserve(size)
    if (size > MAX_COPIED_BYTES) this.#buffer.set(source.subarray(from, to), this.#length)
    else for (let at = 0; at < size; at += 1) this.#buffer[this.#length + at] = source[from + at]!
    this.#length += size
  }

  /** Starts a length-delimited value after its tag; pass the result to `end`. */
  begin(): number {
    this.#reserve(1)
    this.#length += 1
    return this.#length
  }

  end(start: number): void {
    const size = this.#length - start
    let lengthBytes = 1
    for (let rest = size; rest >= 0x80; rest = Math.floor(rest / 0x80)) lengthBytes += 1
    if (lengthBytes > 1) {
      this.#reserve(lengthBytes)
      this.#buffer.copyWithin(start + lengthBytes - 1, start, this.#length)
    }
    this.#length = start - 1
    this.uint(size)
    this.#length += size
  }

  /** Like `begin`, but `endWide` moves nothing: the length always takes five bytes. */
  beginWide(): number {
    this.#reserve(WIDE_LENGTH_BYTES)
    this.#length += WIDE_LENGTH_BYTES
    return this.#length
  }

  endWide(start: number): void {
    let rest = this.#length - start
    for (let at = start - WIDE_LENGTH_BYTES; at < start - 1; at += 1) {
      this.#buffer[at] = (rest % 0x80) | 0x80
      rest = Math.floor(rest / 0x80)
    }
    this.#buffer[start - 1] = rest
  }

  #reserve(bytes: number): void {
    const needed = this.#length + bytes
    if (needed <= this.#buffer.length) return
    const larger = this.#memory.acquire(Math.max(needed, this.#buffer.length * 2))
    this.#buffer.copy(larger, 0, 0, this.#length)
    this.#memory.release(this.#buffer)
    this.#buffer = larger
  }
}
