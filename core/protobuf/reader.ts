import { WattlineError } from '../catalogue/errors/errors.ts'

/** Wire types of protobuf. */
const VARINT = 0
const FIXED64 = 1
const LENGTH = 2
const START_GROUP = 3
const END_GROUP = 4
const FIXED32 = 5

/**
 * Reads protobuf in place; every read is checked against the end of its message. 64-bit values are returned
 * as two parts in `low` and `high`, since a BigInt each would be an object each. A message is read by its
 * tags:
 *
 *     for (let tag = reader.tag(end); tag !== 0; tag = reader.tag(end)) switch (tag) { ... default: reader.skip(...) }
 *
 * Malformed input throws `body_undecodable` with the message, the field and the byte where it was found.
 */
export class ProtobufReader {
  readonly bytes: Uint8Array
  position = 0
  /** The two parts of the last 64-bit value; signed, because of bit operations. */
  low = 0
  high = 0
  /** Name of the current message, for errors; readers of nested messages set and restore it. */
  message = ''
  #tag = 0
  /** The same bytes, for multi-byte values. */
  readonly view: DataView
  readonly #expected: string

  /** `expected`: what the body should be, for errors. */
  constructor(body: Uint8Array, expected = 'an OTLP request') {
    this.#expected = expected
    // A Buffer has a different hidden class from a plain array, and would make every access below slower.
    this.bytes = new Uint8Array(body.buffer, body.byteOffset, body.byteLength)
    this.view = new DataView(body.buffer, body.byteOffset, body.byteLength)
  }

  /** Number and wire type of the next field (number × 8 + type), or 0 at the end of the message. */
  tag(end: number): number {
    if (this.position >= end) return 0
    const first = this.bytes[this.position]!
    if (first >= 8 && first < 0x80) {
      this.position += 1
      this.#tag = first
      return first
    }
    this.varint(end)
    if (this.high !== 0 || this.low >>> 0 < 8) throw this.failure('a field number is invalid')
    this.#tag = this.low >>> 0
    return this.#tag
  }

  /** The end of the length-delimited value that starts here. */
  length(end: number): number {
    const at = this.position
    const first = at < end ? this.bytes[at]! : 0x80
    let length = first
    if (first < 0x80) this.position = at + 1
    else {
      this.varint(end)
      length = this.high === 0 ? this.low >>> 0 : end
    }
    const stop = this.position + length
    if (stop > end) throw this.failure('a length reaches beyond the end of the message', at)
    return stop
  }

  /** Reads a varint of up to 64 bits into `low` and `high`. */
  varint(end: number): void {
    const start = this.position
    let low = 0
    let high = 0
    for (let shift = 0; shift < 70; shift += 7) {
      if (this.position >= end) throw this.failure('a number is truncated', start)
      const byte = this.bytes[this.position]!
      this.position += 1
      const bits = byte & 0x7f
      if (shift < 28) low |= bits << shift
      else if (shift === 28) {
        low |= bits << 28
        high = bits >>> 4
      } else if (shift < 63) high |= bits << (shift - 32)
      else high |= (bits & 1) << 31
      if (byte < 0x80) {
        this.low = low
        this.high = high
        return
      }
    }
    throw this.failure('a number has more than ten bytes', start)
  }

  /** A varint truncated to 32 bits, as protobuf reads uint32, enums and bools. */
  uint32(end: number): number {
    const first = this.position < end ? this.bytes[this.position]! : 0x80
    if (first < 0x80) {
      this.position += 1
      return first
    }
    this.varint(end)
    return this.low >>> 0
  }

  /** A zigzag varint of 32 bits. */
  sint32(end: number): number {
    const value = this.uint32(end)
    return (value >>> 1) ^ -(value & 1)
  }

  bool(end: number): boolean {
    this.varint(end)
    return (this.low | this.high) !== 0
  }

  fixed32(end: number): number {
    const at = this.#take(4, end)
    return this.view.getUint32(at, true)
  }

  fixed64(end: number): void {
    const at = this.#take(8, end)
    this.low = this.view.getInt32(at, true)
    this.high = this.view.getInt32(at + 4, true)
  }

  double(end: number): number {
    return this.view.getFloat64(this.#take(8, end), true)
  }

  /** `low` and `high` as an unsigned number; beyond 2^53 rounded to the nearest. */
  unsigned(): number {
    return (this.high >>> 0) * 4_294_967_296 + (this.low >>> 0)
  }

  /** `low` and `high` as a signed number; beyond 2^53 rounded to the nearest. */
  signed(): number {
    return this.high * 4_294_967_296 + (this.low >>> 0)
  }

  unsignedBigInt(): bigint {
    return (BigInt(this.high >>> 0) << 32n) | BigInt(this.low >>> 0)
  }

  signedBigInt(): bigint {
    return (BigInt(this.high) << 32n) | BigInt(this.low >>> 0)
  }

  /**
   * Skips a field that the caller did not read. `known` has a bit for every field number (below 32) of the message that
   * we read: such a field with another wire type is not an extension but a sender's error.
   */
  skip(tag: number, end: number, known: number): void {
    const field = tag >>> 3
    if (field < 32 && ((known >>> field) & 1) === 1) {
      throw this.failure(`wire type ${tag & 7} does not fit the field`)
    }
    this.#skipValue(tag, end)
  }

  failure(what: string, at = this.position): WattlineError {
    return undecodable(what, {
      expected: this.#expected,
      message: this.message,
      tag: this.#tag,
      at,
      length: this.bytes.length,
    })
  }

  #skipValue(tag: number, end: number): void {
    switch (tag & 7) {
      case VARINT:
        this.varint(end)
        return
      case FIXED64:
        this.#take(8, end)
        return
      case LENGTH:
        this.position = this.length(end)
        return
      case START_GROUP:
        this.#skipGroup(end)
        return
      case FIXED32:
        this.#take(4, end)
        return
      default:
        throw this.failure(`wire type ${tag & 7} does not exist`)
    }
  }

  /**
   * Groups are long deprecated, but an unknown field may be one. Counted instead of recursive, because the sender
   * controls the depth.
   */
  #skipGroup(end: number): void {
    for (let depth = 1; depth > 0; ) {
      const tag = this.tag(end)
      if (tag === 0) throw this.failure('a group does not end')
      if ((tag & 7) === START_GROUP) depth += 1
      else if ((tag & 7) === END_GROUP) depth -= 1
      else this.#skipValue(tag, end)
    }
  }

  #take(bytes: number, end: number): number {
    const at = this.position
    if (at + bytes > end) throw this.failure('a number is truncated', at)
    this.position = at + bytes
    return at
  }
}

/** Position of an error in a body: the last tag, and the byte. */
interface FaultPosition {
  readonly expected: string
  readonly message: string
  /** 0: no tag was read yet. */
  readonly tag: number
  readonly at: number
  /** Length of the whole body. */
  readonly length: number
}

/** The error `body_undecodable` for a body with unexpected content. */
export function undecodable(
  what: string,
  { expected, message, tag, at, length }: FaultPosition,
): WattlineError {
  const field = tag === 0 ? '' : `, after tag of field ${tag >>> 3}`
  return new WattlineError(
    'body_undecodable',
    `The body is not ${expected} in protobuf: ${what} (in ${message}${field}, at byte ${at} of ${length}).`,
  )
}

/** The bits for `skip`. */
export function knownFields(...fields: readonly number[]): number {
  return fields.reduce((mask, field) => mask | (1 << field), 0)
}
