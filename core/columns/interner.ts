import { randomInt } from 'node:crypto'
import { type Data, makeData, Utf8 } from 'apache-arrow'
import { grown, retained } from './growable.ts'
import { decodeUtf8, encodeUtf8Into, isValidUtf8, repairedUtf8 } from './utf8.ts'

const INITIAL_VALUES = 64
const INITIAL_BYTES = 1024
const TEXT = new Utf8()

/**
 * The values of one dictionary, each once: ClickHouse refuses a record whose dictionary repeats a value, so a lossy
 * cache would make poison. Ids count up from 0 in order of first appearance. An open-addressing table over the values'
 * bytes; `truncate` may take back the newest values, since no older value's probe ever passed over their slots.
 */
export class Interner {
  #bytes = new Uint8Array(INITIAL_BYTES)
  #offsets = new Int32Array(INITIAL_VALUES + 1)
  #hashes = new Int32Array(INITIAL_VALUES)
  /** Id + 1 of the value that sits there; 0: free. */
  #slots = new Int32Array(INITIAL_VALUES * 4)
  #size = 0
  /** Ids of values that came as strings, so that constants need no encoding. */
  readonly #texts = new Map<string, number>()
  #scratch = new Uint8Array(256)
  /** Not guessable, so that nobody can send values that all collide. It does not show in the record. */
  readonly #seed = randomInt(0x7fffffff)

  get size(): number {
    return this.#size
  }

  get byteSize(): number {
    return this.#offsets[this.#size]! + this.#size * 4
  }

  /** The id of the text in `source[start, end)`; invalid UTF-8 is repaired first. */
  internBytes(source: Uint8Array, start: number, end: number): number {
    const hash = this.#hash(source, start, end)
    const slot = this.#find(source, start, end, hash)
    const found = this.#slots[slot]!
    if (found > 0) return found - 1
    // Only new values need the check: whatever is in the table is valid.
    if (isValidUtf8(source, start, end)) return this.#insert(source, start, end, hash, slot)
    const repaired = repairedUtf8(source, start, end)
    return this.internBytes(repaired, 0, repaired.length)
  }

  internString(text: string): number {
    const known = this.#texts.get(text)
    if (known !== undefined) return known
    if (this.#scratch.length < text.length * 3) this.#scratch = grown(this.#scratch, text.length * 3)
    const id = this.internBytes(this.#scratch, 0, encodeUtf8Into(text, this.#scratch, 0))
    this.#texts.set(text, id)
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
    this.#texts.clear()
  }

  clear(): void {
    this.#bytes = retained(this.#bytes, INITIAL_BYTES)
    this.#offsets = retained(this.#offsets, INITIAL_VALUES + 1)
    this.#hashes = retained(this.#hashes, INITIAL_VALUES)
    this.#slots = retained(this.#slots, INITIAL_VALUES * 4)
    if (this.#scratch.length > INITIAL_BYTES) this.#scratch = new Uint8Array(INITIAL_BYTES)
    this.#slots.fill(0)
    this.#size = 0
    this.#texts.clear()
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

  #hash(source: Uint8Array, start: number, end: number): number {
    let hash = this.#seed ^ (end - start)
    let at = start
    for (const last = end - 3; at < last; at += 4) {
      const word = source[at]! | (source[at + 1]! << 8) | (source[at + 2]! << 16) | (source[at + 3]! << 24)
      hash = Math.imul(hash ^ word, 0x9e3779b1)
      hash ^= hash >>> 15
    }
    for (; at < end; at += 1) hash = Math.imul(hash ^ source[at]!, 0x85ebca6b)
    hash ^= hash >>> 13
    hash = Math.imul(hash, 0xc2b2ae35)
    return hash ^ (hash >>> 16)
  }

  /** The slot of the value, or the free one where it belongs. */
  #find(source: Uint8Array, start: number, end: number, hash: number): number {
    const slots = this.#slots
    const mask = slots.length - 1
    let slot = hash & mask
    for (let entry = slots[slot]!; entry > 0; entry = slots[slot]!) {
      if (this.#hashes[entry - 1] === hash && this.#equals(entry - 1, source, start, end)) return slot
      slot = (slot + 1) & mask
    }
    return slot
  }

  #equals(id: number, source: Uint8Array, start: number, end: number): boolean {
    const own = this.#offsets[id]!
    if (this.#offsets[id + 1]! - own !== end - start) return false
    const bytes = this.#bytes
    const shift = own - start
    for (let at = start; at < end; at += 1) if (bytes[at + shift] !== source[at]) return false
    return true
  }

  #insert(source: Uint8Array, start: number, end: number, hash: number, slot: number): number {
    const id = this.#size
    const from = this.#offsets[id]!
    const to = from + end - start
    if (to > this.#bytes.length) this.#bytes = grown(this.#bytes, to)
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
