import { isUtf8 } from 'node:buffer'
import { randomInt } from 'node:crypto'
import { type Data, makeData, Utf8 } from 'apache-arrow'
import { grown, retained } from './growable.ts'
import { ByteSource, copyText } from './source.ts'
import { decodeUtf8, encodeUtf8Into, repairedUtf8 } from './utf8.ts'

const INITIAL_VALUES = 64
const INITIAL_BYTES = 1024
const SMALL_INTEGERS = 1024
const MAX_DIGITS = 20
const ZERO = 0x30
const MINUS = 0x2d
const TEXT = new Utf8()

/** Texts are compared in runs of up to this many. */
const LONGEST_RUN = 64
const { compare } = Buffer

/** Texts that stand one after the other: number `index` is `bytes[offsets[index], offsets[index + 1])`. */
interface TextRun {
  readonly bytes: Uint8Array
  readonly offsets: Int32Array
  readonly length: number
}

/**
 * The distinct values of one dictionary. ClickHouse refuses a record whose dictionary repeats a value, so interning
 * must be exact: a lossy cache would make records that can never be stored. Ids count up from 0 in order of first
 * appearance. It is an open-addressing table over the values' bytes; `truncate` may remove the newest values, since no
 * older value's probe ever passed over their slots.
 */
export class Interner {
  #bytes = new Uint8Array(INITIAL_BYTES)
  /** The same bytes, compared four at a time. */
  #view = new DataView(this.#bytes.buffer)
  readonly #source = new ByteSource()
  #offsets = new Int32Array(INITIAL_VALUES + 1)
  #hashes = new Int32Array(INITIAL_VALUES)
  /**
   * Two numbers per slot: the value's id + 1 (0: free), and its hash next to it, so that most probes need no further
   * memory access.
   */
  #slots = new Int32Array(INITIAL_VALUES * 8)
  #size = 0
  /** Ids of values that were given as strings, so that constants need no encoding. */
  readonly #texts = new Map<string, number>()
  /** The last of them, which most rows of most columns repeat. */
  #text: string | null = null
  #textId = 0
  /** Texts of values that were requested, by id: most are requested again. */
  readonly #asked: (string | undefined)[] = []
  /** Id + 1 of the texts of small integers (ports, status codes); 0: unknown. */
  readonly #integers = new Int32Array(SMALL_INTEGERS)
  #scratch = new Uint8Array(INITIAL_BYTES)
  #scratchView = new DataView(this.#scratch.buffer)
  /** Random, so that a sender cannot choose values that all collide. It does not affect the record. */
  readonly #seed = randomInt(0x7fffffff)

  get size(): number {
    return this.#size
  }

  get byteSize(): number {
    return this.#offsets[this.#size]! + this.#size * 4
  }

  /**
   * The id of the text in `source[start, end)`; invalid UTF-8 is repaired first. `guess`: an id that the text may have,
   * such as that of its predecessor; if it matches, nothing is hashed.
   */
  internBytes(source: Uint8Array, start: number, end: number, guess = this.#size): number {
    const view = this.#source.viewOf(source)
    if (guess < this.#size && this.#equals(guess, view, start, end)) return guess
    return this.#intern(source, view, start, end)
  }

  /**
   * How many texts, `index` and those after it, are the values `id` and those after it, one for one. Many are compared at
   * once: records of one sender repeat long runs of texts.
   */
  runLength(id: number, { bytes, offsets, length }: TextRun, index: number): number {
    const most = Math.min(LONGEST_RUN, this.#size - id, length - index)
    const [own, their] = [this.#offsets[id]!, offsets[index]!]
    let count = 0
    while (count < most && this.#offsets[id + count + 1]! - own === offsets[index + count + 1]! - their)
      count += 1
    for (; count > 0; count >>= 1) {
      const size = offsets[index + count]! - their
      if (compare(this.#bytes.subarray(own, own + size), bytes.subarray(their, their + size)) === 0)
        return count
    }
    return 0
  }

  #intern(source: Uint8Array, view: DataView, start: number, end: number): number {
    const hash = this.#hash(view, start, end)
    const slot = this.#find(view, start, end, hash)
    const found = this.#slots[slot]!
    if (found > 0) return found - 1
    // Only new values need the check: everything in the table is valid.
    if (this.#copy(source, view, start, end)) return this.#insert(end - start, hash, slot)
    const repaired = repairedUtf8(source, start, end)
    return this.internBytes(repaired, 0, repaired.length)
  }

  internString(text: string): number {
    if (text === this.#text) return this.#textId
    this.#textId = this.#internText(text)
    this.#text = text
    return this.#textId
  }

  #internText(text: string): number {
    const known = this.#texts.get(text)
    if (known !== undefined) return known
    if (this.#scratch.length < text.length * 3) this.#setScratch(grown(this.#scratch, text.length * 3))
    const end = encodeUtf8Into(text, this.#scratch, 0)
    const id = this.#intern(this.#scratch, this.#scratchView, 0, end)
    this.#texts.set(text, id)
    return id
  }

  /** The id of the decimal text of a signed 32-bit integer. */
  internInteger(value: number): number {
    const small = value >= 0 && value < SMALL_INTEGERS
    if (small && this.#integers[value] !== 0) return this.#integers[value]! - 1
    const digits = this.#scratch
    let rest = value | 0
    let at = MAX_DIGITS
    do {
      const tenth = (rest / 10) | 0
      const digit = (rest - tenth * 10) | 0
      at -= 1
      digits[at] = ZERO + (digit < 0 ? -digit : digit)
      rest = tenth
    } while (rest !== 0)
    if (value < 0) {
      at -= 1
      digits[at] = MINUS
    }
    const id = this.#intern(digits, this.#scratchView, at, MAX_DIGITS)
    if (small) this.#integers[value] = id + 1
    return id
  }

  /** UTF-8 of a value: a view, valid until the next value is added. */
  bytesOf(id: number): Uint8Array {
    return this.#bytes.subarray(this.#offsets[id], this.#offsets[id + 1])
  }

  /** Bytes of a value. */
  lengthOf(id: number): number {
    return this.#offsets[id + 1]! - this.#offsets[id]!
  }

  textOf(id: number): string {
    this.#asked[id] ??= decodeUtf8(this.#bytes, this.#offsets[id]!, this.#offsets[id + 1]!)
    return this.#asked[id]
  }

  /** Removes all values from id `size` on. */
  truncate(size: number): void {
    if (size >= this.#size) return
    const mask = this.#slots.length - 1
    for (let id = this.#size - 1; id >= size; id -= 1) {
      let slot = (this.#hashes[id]! << 1) & mask
      while (this.#slots[slot] !== id + 1) slot = (slot + 2) & mask
      this.#slots[slot] = 0
    }
    this.#size = size
    this.#forgetTexts()
  }

  clear(): void {
    this.#bytes = retained(this.#bytes, INITIAL_BYTES)
    this.#view = new DataView(this.#bytes.buffer)
    this.#source.forget()
    this.#offsets = retained(this.#offsets, INITIAL_VALUES + 1)
    this.#hashes = retained(this.#hashes, INITIAL_VALUES)
    this.#slots = retained(this.#slots, INITIAL_VALUES * 8)
    if (this.#scratch.length > INITIAL_BYTES) this.#setScratch(new Uint8Array(INITIAL_BYTES))
    this.#slots.fill(0)
    this.#size = 0
    this.#forgetTexts()
  }

  #forgetTexts(): void {
    this.#texts.clear()
    this.#asked.length = Math.min(this.#asked.length, this.#size)
    this.#text = null
    this.#integers.fill(0)
  }

  toData(): Data<Utf8> {
    return makeData({
      type: TEXT,
      length: this.#size,
      nullCount: 0,
      valueOffsets: this.#offsets.subarray(0, this.#size + 1),
      data: this.#bytes.subarray(0, this.#offsets[this.#size]),
    })
  }

  #setScratch(scratch: Uint8Array<ArrayBuffer>): void {
    this.#scratch = scratch
    this.#scratchView = new DataView(scratch.buffer)
  }

  #hash(view: DataView, start: number, end: number): number {
    let hash = this.#seed ^ (end - start)
    let at = start
    for (const last = end - 3; at < last; at += 4) {
      hash = Math.imul(hash ^ view.getInt32(at, true), 0x9e3779b1)
      hash ^= hash >>> 15
    }
    for (; at < end; at += 1) hash = Math.imul(hash ^ view.getUint8(at), 0x85ebca6b)
    hash ^= hash >>> 13
    hash = Math.imul(hash, 0xc2b2ae35)
    return hash ^ (hash >>> 16)
  }

  /** The slot of the value, or the free slot where it belongs. */
  #find(view: DataView, start: number, end: number, hash: number): number {
    const slots = this.#slots
    const mask = slots.length - 1
    let slot = (hash << 1) & mask
    for (let entry = slots[slot]!; entry > 0; entry = slots[slot]!) {
      if (slots[slot + 1] === hash && this.#equals(entry - 1, view, start, end)) return slot
      slot = (slot + 2) & mask
    }
    return slot
  }

  #equals(id: number, source: DataView, start: number, end: number): boolean {
    const own = this.#offsets[id]!
    if (this.#offsets[id + 1]! - own !== end - start) return false
    const shift = own - start
    const view = this.#view
    let at = start
    for (const last = end - 3; at < last; at += 4) {
      if (view.getInt32(at + shift, true) !== source.getInt32(at, true)) return false
    }
    for (; at < end; at += 1) if (view.getUint8(at + shift) !== source.getUint8(at)) return false
    return true
  }

  /** Copies the possible next value behind the last one; false when it is not UTF-8. */
  #copy(source: Uint8Array, view: DataView, start: number, end: number): boolean {
    const from = this.#offsets[this.#size]!
    const to = from + end - start
    if (to > this.#bytes.length) {
      this.#bytes = grown(this.#bytes, to)
      this.#view = new DataView(this.#bytes.buffer)
    }
    return copyText(view, start, end, this.#view, from) || isUtf8(source.subarray(start, end))
  }

  /** Makes the last copied text, of this many bytes, a value. */
  #insert(length: number, hash: number, slot: number): number {
    const id = this.#size
    if (id >= this.#hashes.length) {
      this.#hashes = grown(this.#hashes, id + 1)
      this.#offsets = grown(this.#offsets, this.#hashes.length + 1)
    }
    this.#offsets[id + 1] = this.#offsets[id]! + length
    this.#hashes[id] = hash
    this.#size = id + 1
    if ((id + 1) * 4 > this.#slots.length) this.#rehash()
    else {
      this.#slots[slot] = id + 1
      this.#slots[slot + 1] = hash
    }
    return id
  }

  /** In order of ids: see `truncate`. */
  #rehash(): void {
    const slots = new Int32Array(this.#slots.length * 2)
    const mask = slots.length - 1
    for (let id = 0; id < this.#size; id += 1) {
      const hash = this.#hashes[id]!
      let slot = (hash << 1) & mask
      while (slots[slot] !== 0) slot = (slot + 2) & mask
      slots[slot] = id + 1
      slots[slot + 1] = hash
    }
    this.#slots = slots
  }
}
