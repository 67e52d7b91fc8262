import { randomInt } from 'node:crypto'
import { type Data, makeData, Utf8 } from 'apache-arrow'
import { grown, retained } from './growable.ts'
import { decodeUtf8, encodeUtf8Into, isValidUtf8, repairedUtf8 } from './utf8.ts'

const INITIAL_VALUES = 64
const INITIAL_BYTES = 1024
const SMALL_INTEGERS = 1024
const MAX_DIGITS = 20
const ZERO = 0x30
const MINUS = 0x2d
const TEXT = new Utf8()
const NOTHING: Uint8Array = new Uint8Array(0)
const NOTHING_VIEW = new DataView(NOTHING.buffer)

/**
 * The values of one dictionary, each once: ClickHouse refuses a record whose dictionary repeats a value, so a lossy
 * cache would make poison. Ids count up from 0 in order of first appearance. An open-addressing table over the values'
 * bytes; `truncate` may take back the newest values, since no older value's probe ever passed over their slots.
 */
export class Interner {
  #bytes = new Uint8Array(INITIAL_BYTES)
  /** The same bytes, to be compared four at a time. */
  #view = new DataView(this.#bytes.buffer)
  /** What values were last taken from, and its view: a request's body, for thousands of values. */
  #source = NOTHING
  #sourceView = NOTHING_VIEW
  #offsets = new Int32Array(INITIAL_VALUES + 1)
  #hashes = new Int32Array(INITIAL_VALUES)
  /** Id + 1 of the value that sits there; 0: free. */
  #slots = new Int32Array(INITIAL_VALUES * 4)
  #size = 0
  /** Ids of values that came as strings, so that constants need no encoding. */
  readonly #texts = new Map<string, number>()
  /** The last of them: most rows of most columns repeat it. */
  #text: string | null = null
  #textId = 0
  /** Id + 1 of the texts of small integers (ports, status codes); 0: not known. */
  readonly #integers = new Int32Array(SMALL_INTEGERS)
  #scratch = new Uint8Array(INITIAL_BYTES)
  #scratchView = new DataView(this.#scratch.buffer)
  /** Not guessable, so that nobody can send values that all collide. It does not show in the record. */
  readonly #seed = randomInt(0x7fffffff)

  get size(): number {
    return this.#size
  }

  get byteSize(): number {
    return this.#offsets[this.#size]! + this.#size * 4
  }

  /**
   * The id of the text in `source[start, end)`; invalid UTF-8 is repaired first. `guess`: an id that this text may well
   * have, such as that of its predecessor; when it has, nothing is hashed.
   */
  internBytes(source: Uint8Array, start: number, end: number, guess = this.#size): number {
    if (source !== this.#source) {
      this.#source = source
      this.#sourceView = new DataView(source.buffer, source.byteOffset, source.byteLength)
    }
    if (guess < this.#size && this.#equals(guess, source, this.#sourceView, start, end)) return guess
    return this.#intern(source, this.#sourceView, start, end)
  }

  #intern(source: Uint8Array, view: DataView, start: number, end: number): number {
    const hash = this.#hash(source, view, start, end)
    const slot = this.#find(source, view, start, end, hash)
    const found = this.#slots[slot]!
    if (found > 0) return found - 1
    // Only new values need the check: whatever is in the table is valid.
    if (isValidUtf8(source, start, end)) return this.#insert(source, start, end, hash, slot)
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

  /** UTF-8 of a value: a view, valid until the next value comes. */
  bytesOf(id: number): Uint8Array {
    return this.#bytes.subarray(this.#offsets[id], this.#offsets[id + 1])
  }

  textOf(id: number): string {
    return decodeUtf8(this.#bytes, this.#offsets[id]!, this.#offsets[id + 1]!)
  }

  /** Forgets all values from id `size` on. */
  truncate(size: number): void {
    if (size >= this.#size) return
    const mask = this.#slots.length - 1
    for (let id = this.#size - 1; id >= size; id -= 1) {
      let slot = this.#hashes[id]! & mask
      while (this.#slots[slot] !== id + 1) slot = (slot + 1) & mask
      this.#slots[slot] = 0
    }
    this.#size = size
    this.#forgetTexts()
  }

  clear(): void {
    this.#bytes = retained(this.#bytes, INITIAL_BYTES)
    this.#view = new DataView(this.#bytes.buffer)
    // Holding on to the last request's body would keep its memory.
    this.#source = NOTHING
    this.#sourceView = NOTHING_VIEW
    this.#offsets = retained(this.#offsets, INITIAL_VALUES + 1)
    this.#hashes = retained(this.#hashes, INITIAL_VALUES)
    this.#slots = retained(this.#slots, INITIAL_VALUES * 4)
    if (this.#scratch.length > INITIAL_BYTES) this.#setScratch(new Uint8Array(INITIAL_BYTES))
    this.#slots.fill(0)
    this.#size = 0
    this.#forgetTexts()
  }

  #forgetTexts(): void {
    this.#texts.clear()
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

  #hash(source: Uint8Array, view: DataView, start: number, end: number): number {
    let hash = this.#seed ^ (end - start)
    let at = start
    for (const last = end - 3; at < last; at += 4) {
      hash = Math.imul(hash ^ view.getInt32(at, true), 0x9e3779b1)
      hash ^= hash >>> 15
    }
    for (; at < end; at += 1) hash = Math.imul(hash ^ source[at]!, 0x85ebca6b)
    hash ^= hash >>> 13
    hash = Math.imul(hash, 0xc2b2ae35)
    return hash ^ (hash >>> 16)
  }

  /** The slot of the value, or the free one where it belongs. */
  #find(source: Uint8Array, view: DataView, start: number, end: number, hash: number): number {
    const slots = this.#slots
    const mask = slots.length - 1
    let slot = hash & mask
    for (let entry = slots[slot]!; entry > 0; entry = slots[slot]!) {
      if (this.#hashes[entry - 1] === hash && this.#equals(entry - 1, source, view, start, end)) return slot
      slot = (slot + 1) & mask
    }
    return slot
  }

  #equals(id: number, source: Uint8Array, sourceView: DataView, start: number, end: number): boolean {
    const own = this.#offsets[id]!
    if (this.#offsets[id + 1]! - own !== end - start) return false
    const shift = own - start
    const view = this.#view
    let at = start
    for (const last = end - 3; at < last; at += 4) {
      if (view.getInt32(at + shift, true) !== sourceView.getInt32(at, true)) return false
    }
    const bytes = this.#bytes
    for (; at < end; at += 1) if (bytes[at + shift] !== source[at]) return false
    return true
  }

  #insert(source: Uint8Array, start: number, end: number, hash: number, slot: number): number {
    const id = this.#size
    const from = this.#offsets[id]!
    const to = from + end - start
    if (to > this.#bytes.length) {
      this.#bytes = grown(this.#bytes, to)
      this.#view = new DataView(this.#bytes.buffer)
    }
    if (id >= this.#hashes.length) {
      this.#hashes = grown(this.#hashes, id + 1)
      this.#offsets = grown(this.#offsets, this.#hashes.length + 1)
    }
    const bytes = this.#bytes
    for (let at = start, into = from; at < end; at += 1, into += 1) bytes[into] = source[at]!
    this.#offsets[id + 1] = to
    this.#hashes[id] = hash
    this.#size = id + 1
    if ((id + 1) * 2 > this.#slots.length) this.#rehash()
    else this.#slots[slot] = id + 1
    return id
  }

  #rehash(): void {
    const slots = new Int32Array(this.#slots.length * 2)
    const mask = slots.length - 1
    for (let id = 0; id < this.#size; id += 1) {
      let slot = this.#hashes[id]! & mask
      while (slots[slot] !== 0) slot = (slot + 1) & mask
      slots[slot] = id + 1
    }
    this.#slots = slots
  }
}
