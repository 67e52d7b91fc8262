import { randomInt } from 'node:crypto'
import { grown } from '../../../core/columns/growable.ts'

/** Longer keys are not kept: no real series has them. */
const MAX_KEY_BYTES = 4096
const INITIAL_ENTRIES = 256
const INITIAL_BYTES = 16_384

/** Entries of one generation, as arrays: objects per entry would cost more than the texts. */
class MemoGeneration {
  bytes = new Uint8Array(INITIAL_BYTES)
  view = new DataView(this.bytes.buffer)
  used = 0
  size = 0
  /** Entry + 1 (0: free) and its hash, for each slot. */
  slots = new Int32Array(INITIAL_ENTRIES * 4)
  hashes = new Int32Array(INITIAL_ENTRIES)
  /** By entry: where its key begins, where its text begins and ends. */
  keys = new Int32Array(INITIAL_ENTRIES)
  texts = new Int32Array(INITIAL_ENTRIES)
  ends = new Int32Array(INITIAL_ENTRIES)
  /** By entry: two numbers of the user. */
  first = new Int32Array(INITIAL_ENTRIES)
  second = new Int32Array(INITIAL_ENTRIES)

  clear(): void {
    this.slots.fill(0)
    this.size = this.used = 0
  }

  find(source: DataView, start: number, end: number, hash: number): number {
    const { slots } = this
    const mask = slots.length - 1
    let slot = (hash << 1) & mask
    for (let entry = slots[slot]!; entry > 0; entry = slots[slot]!) {
      if (slots[slot + 1] === hash && this.#equals(entry - 1, source, start, end)) return entry - 1
      slot = (slot + 2) & mask
    }
    return -1
  }

  #equals(entry: number, source: DataView, start: number, end: number): boolean {
    const own = this.keys[entry]!
    if (this.texts[entry]! - own !== end - start) return false
    const shift = own - start
    const { view } = this
    let at = start
    for (const last = end - 3; at < last; at += 4) {
      if (view.getInt32(at + shift, true) !== source.getInt32(at, true)) return false
    }
    for (; at < end; at += 1) if (view.getUint8(at + shift) !== source.getUint8(at)) return false
    return true
  }

  /** Space for a key and its text; returns the new entry. */
  add(keyBytes: number, textBytes: number, hash: number): number {
    const entry = this.size
    if (entry === this.hashes.length) this.#growEntries()
    const end = this.used + keyBytes + textBytes
    if (end > this.bytes.length) {
      this.bytes = grown(this.bytes, end)
      this.view = new DataView(this.bytes.buffer)
    }
    this.hashes[entry] = hash
    this.keys[entry] = this.used
    this.texts[entry] = this.used + keyBytes
    this.ends[entry] = end
    this.used = end
    this.size = entry + 1
    this.#insert(entry, hash)
    return entry
  }

  #insert(entry: number, hash: number): void {
    const mask = this.slots.length - 1
    let slot = (hash << 1) & mask
    while (this.slots[slot] !== 0) slot = (slot + 2) & mask
    this.slots[slot] = entry + 1
    this.slots[slot + 1] = hash
  }

  #growEntries(): void {
    const entries = this.hashes.length * 2
    for (const name of ['hashes', 'keys', 'texts', 'ends', 'first', 'second'] as const) {
      this[name] = grown(this[name], entries)
    }
    this.slots = new Int32Array(entries * 4)
    for (let entry = 0; entry < this.size; entry += 1) this.#insert(entry, this.hashes[entry]!)
  }
}

/**
 * Texts by the bytes with which they were sent: senders repeat the labels of a series with each of its points, and making
 * the text again is most of the work of storing a point. Keys are compared, so no text is mistaken for another; the hash is
 * keyed randomly, so that a sender cannot send keys that all collide.
 *
 * Bounded: entries that were not used while a generation filled up are dropped with the one before it.
 */
export class TextMemo {
  readonly #maxEntries: number
  readonly #maxBytes: number
  readonly #seed = randomInt(0x7fffffff)
  #young = new MemoGeneration()
  #old = new MemoGeneration()
  #hash = 0

  /** Limits of each of the two generations. */
  constructor(maxEntries: number, maxBytes: number) {
    this.#maxEntries = maxEntries
    this.#maxBytes = maxBytes
  }

  /** The entry of the key `source[start, end)`; -1: none. Entries are valid until the next `find` or `add`. */
  find(source: DataView, start: number, end: number): number {
    const hash = this.#hashOf(source, start, end)
    this.#hash = hash
    const young = this.#young
    const entry = young.find(source, start, end, hash)
    if (entry >= 0) return entry
    const old = this.#old
    const older = old.size === 0 ? -1 : old.find(source, start, end, hash)
    if (older < 0) return -1
    const text = old.bytes.subarray(old.texts[older]!, old.ends[older]!)
    const moved = this.#add(source, start, end, text)
    this.#young.first[moved] = old.first[older]!
    this.#young.second[moved] = old.second[older]!
    return moved
  }

  /**
   * Keeps what the last `find` did not find, by the same key, with a number of the user; returns the entry, or -1 when the
   * key is too long.
   */
  add(source: DataView, start: number, end: number, text: Uint8Array, number: number): number {
    if (end - start > MAX_KEY_BYTES) return -1
    const entry = this.#add(source, start, end, text)
    this.#young.first[entry] = number
    this.#young.second[entry] = -1
    return entry
  }

  clear(): void {
    this.#young.clear()
    this.#old.clear()
  }

  get bytes(): Uint8Array {
    return this.#young.bytes
  }

  startOf(entry: number): number {
    return this.#young.texts[entry]!
  }

  endOf(entry: number): number {
    return this.#young.ends[entry]!
  }

  numberOf(entry: number): number {
    return this.#young.first[entry]!
  }

  /** A number that the user noted last; -1: none. */
  hintOf(entry: number): number {
    return this.#young.second[entry]!
  }

  setHint(entry: number, hint: number): void {
    this.#young.second[entry] = hint
  }

  #add(source: DataView, start: number, end: number, text: Uint8Array): number {
    if (this.#young.size >= this.#maxEntries || this.#young.used >= this.#maxBytes) {
      const emptied = this.#old
      this.#old = this.#young
      this.#young = emptied
      emptied.clear()
    }
    const young = this.#young
    const entry = young.add(end - start, text.length, this.#hash)
    const at = young.keys[entry]!
    for (let offset = 0; offset < end - start; offset += 1) {
      young.bytes[at + offset] = source.getUint8(start + offset)
    }
    young.bytes.set(text, young.texts[entry]!)
    return entry
  }

  #hashOf(source: DataView, start: number, end: number): number {
    let hash = this.#seed ^ (end - start)
    let at = start
    for (const last = end - 3; at < last; at += 4) {
      hash = Math.imul(hash ^ source.getInt32(at, true), 0x9e3779b1)
      hash ^= hash >>> 15
    }
    for (; at < end; at += 1) hash = Math.imul(hash ^ source.getUint8(at), 0x85ebca6b)
    hash ^= hash >>> 13
    hash = Math.imul(hash, 0xc2b2ae35)
    return hash ^ (hash >>> 16)
  }
}
