/**
 * Decodes ClickHouse's format Native (of revision 0) while it arrives. Columns of fixed width become typed arrays
 * without a look at single values; of a LowCardinality column only the dictionary is decoded.
 */
import type { Arena, ArenaPlace } from './arena.ts'
import type { NativeBlock, NativeColumn } from './columns.ts'

/** Thrown while a block is incomplete. */
class Incomplete extends Error {}

const utf8 = new TextDecoder('utf-8', { ignoreBOM: true })
/** Most blocks are below: 16,384 rows of some tens of bytes. */
const FIRST_BYTES = 262_144
/** The engine never makes one this large: whatever it is, it is not Native. */
const BLOCK_MAX_BYTES = 1_073_741_824

interface NumbersConstructor<T> {
  readonly BYTES_PER_ELEMENT: number
  new (buffer: ArrayBuffer, offset: number, length: number): T
}

/** Takes an answer in pieces of any size, and gives its blocks. */
export class NativeDecoder {
  readonly #arena: Arena | undefined
  #bytes = new Uint8Array(FIRST_BYTES)
  #start = 0
  #end = 0
  #at = 0
  /** Below this many bytes the next block is certainly incomplete. */
  #wanted = 1

  /** With an arena, columns of numbers lie there, and are valid until it is reset. */
  constructor(arena?: Arena) {
    this.#arena = arena
  }

  /** @throws if the answer ends within a block */
  end(): void {
    if (this.#end > this.#start) throw new Error('the answer of the engine ends within a block')
  }

  /** Complete blocks, after these further bytes. Blocks without rows are left out. */
  *push(bytes: Uint8Array): Generator<NativeBlock> {
    this.#append(bytes)
    while (this.#end - this.#start >= this.#wanted) {
      this.#at = this.#start
      try {
        const block = this.#block()
        this.#start = this.#at
        this.#wanted = 1
        if (block.rows > 0) yield block
      } catch (error) {
        if (!(error instanceof Incomplete)) throw error
        return
      }
    }
  }

  #append(bytes: Uint8Array): void {
    const held = this.#end - this.#start
    if (this.#end + bytes.length > this.#bytes.length) {
      const size = held + bytes.length
      if (size > BLOCK_MAX_BYTES) throw new Error('a block of the answer of the engine is too large')
      const target =
        size > this.#bytes.length ? new Uint8Array(Math.max(size, 2 * this.#bytes.length)) : this.#bytes
      target.set(this.#bytes.subarray(this.#start, this.#end))
      this.#bytes = target
      this.#start = 0
      this.#end = held
    }
    this.#bytes.set(bytes, this.#end)
    this.#end += bytes.length
  }

  #block(): NativeBlock {
    const columns = this.#varint()
    const rows = this.#varint()
    const found: NativeColumn[] = []
    for (let index = 0; index < columns; index += 1) {
      this.#text()
      const type = this.#text()
      found.push(rows === 0 ? { kind: 'texts', values: [] } : this.#column(type, rows))
    }
    return { rows, columns: found }
  }

  #column(type: string, rows: number): NativeColumn {
    if (type === 'LowCardinality(String)') {
      // The version of how dictionaries are written: there is one.
      this.#skip(8)
      return this.#dictionary(rows)
    }
    if (type.startsWith('Array(')) {
      const place = this.#copy(8 * rows)
      const ends = new BigUint64Array(place.buffer, place.offset, rows)
      const total = Number(ends[rows - 1] ?? 0n)
      const inner = type.slice('Array('.length, -1)
      if (inner.startsWith('LowCardinality')) throw new Error(`a column of type ${type} is not read`)
      return { kind: 'lists', ends, values: this.#plain(inner, total) }
    }
    return this.#plain(type, rows)
  }

  #plain(type: string, rows: number): NativeColumn {
    switch (type) {
      case 'Float64':
        return { kind: 'numbers', values: this.#numbers(Float64Array, rows) }
      case 'UInt32':
        return { kind: 'numbers', values: this.#numbers(Uint32Array, rows) }
      case 'Int32':
        return { kind: 'numbers', values: this.#numbers(Int32Array, rows) }
      case 'UInt8':
      case 'Bool':
        return { kind: 'numbers', values: this.#numbers(Uint8Array, rows) }
      case 'String':
        return { kind: 'texts', values: this.#texts(rows) }
      default:
        throw new Error(`a column of type ${type} is not read`)
    }
  }

  #dictionary(rows: number): NativeColumn {
    const flags = Number(this.#uint64())
    // Bit 9: values follow. In this format they always do, and are those of this block.
    if ((flags & 0x200) === 0) throw new Error('a dictionary of the answer of the engine has no values')
    const values = this.#texts(Number(this.#uint64()))
    const count = Number(this.#uint64())
    if (count !== rows)
      throw new Error('a dictionary of the answer of the engine has other rows than its block')
    const width = flags & 0xff
    if (width === 0) return { kind: 'dictionary', values, ids: this.#numbers(Uint8Array, rows) }
    if (width === 1) return { kind: 'dictionary', values, ids: this.#numbers(Uint16Array, rows) }
    if (width === 2) return { kind: 'dictionary', values, ids: this.#numbers(Uint32Array, rows) }
    throw new Error('a dictionary of the answer of the engine has too many values')
  }

  #texts(count: number): readonly string[] {
    const values: string[] = []
    for (let index = 0; index < count; index += 1) values.push(this.#text())
    return values
  }

  #text(): string {
    const length = this.#varint()
    this.#skip(length)
    return utf8.decode(this.#bytes.subarray(this.#at - length, this.#at))
  }

  #varint(): number {
    let value = 0
    for (let factor = 1; ; factor *= 128) {
      this.#skip(1)
      const byte = this.#bytes[this.#at - 1]!
      value += (byte & 0x7f) * factor
      if (byte < 0x80) return value
    }
  }

  #uint64(): bigint {
    this.#skip(8)
    return new DataView(this.#bytes.buffer, this.#bytes.byteOffset + this.#at - 8, 8).getBigUint64(0, true)
  }

  #numbers<T>(Numbers: NumbersConstructor<T>, rows: number): T {
    const { buffer, offset } = this.#copy(Numbers.BYTES_PER_ELEMENT * rows)
    return new Numbers(buffer, offset, rows)
  }

  /** Memory of its own: arrays of wider types need their alignment, and the bytes here are overwritten. */
  #copy(length: number): ArenaPlace {
    this.#skip(length)
    const place = this.#arena?.take(length) ?? { buffer: new ArrayBuffer(length), offset: 0 }
    new Uint8Array(place.buffer, place.offset, length).set(this.#bytes.subarray(this.#at - length, this.#at))
    return place
  }

  #skip(length: number): void {
    if (this.#at + length > this.#end) {
      this.#wanted = this.#at + length - this.#start
      throw new Incomplete()
    }
    this.#at += length
  }
}
