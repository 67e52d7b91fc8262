import { repaired } from './host'
import { HeapBlock, scratch, zeroed } from './memory'
import { isUtf8, Text } from './text'

const INITIAL_SLOTS: u32 = 256
/** Integers whose ids are cached: ports, status codes. */
const SMALL_INTEGERS: u32 = 1024
const KEYS: u32 = 64

/**
 * Random 64-bit keys for hashing, set by the host, so that a sender cannot choose values that all collide. UMAC's NH:
 * 32-bit parts of the text are added to keys and multiplied in pairs; two different texts of one length collide with a
 * probability of 2^-32.
 */
export const hashKeys: usize = zeroed(KEYS * 8)

/**
 * A dictionary column: its distinct values, and the id of a value for each entry. ClickHouse refuses a record whose
 * dictionary repeats a value, so interning is exact. Ids count up from 0 in order of first appearance. Open addressing:
 * `truncate` may remove the newest values, since no older value's probe ever passed over their slots.
 */
@unmanaged
export class Dictionary {
  /** Number of values. */
  size: u32
  /** Number of entries. */
  count: u32
  bytes: HeapBlock
  offsets: HeapBlock
  hashes: HeapBlock
  /** One u64 per slot: the id + 1 in its low half (0: free), the hash in its high half. */
  slots: HeapBlock
  slotMask: u32
  ids: HeapBlock
  /** For each small integer, id + 1; 0: unknown. */
  integers: usize
  trueId: i32
  falseId: i32
  emptyId: i32

  @inline
  private static hashed(at: usize, length: u32): u32 {
    let hash: u64 = <u64>length * 0x9e3779b97f4a7c15
    if (length >= 8) {
      let key: u32 = 0
      let word: u64
      for (let from: u32 = 0; from + 8 < length; from += 8) {
        word = load<u64>(at + from) + load<u64>(hashKeys + (key << 3))
        hash += <u64>(<u32>word) * (word >>> 32)
        key += 1
        if (key === KEYS - 1) {
          hash = (hash ^ (hash >>> 32)) * 0xd6e8feb86659fd93
          key = 0
        }
      }
      word = load<u64>(at + length - 8) + load<u64>(hashKeys + (key << 3))
      hash += <u64>(<u32>word) * (word >>> 32)
    } else {
      const word =
        (load<u64>(at) & (((<u64>1) << (length << 3)) - 1)) + load<u64>(hashKeys + ((KEYS - 1) << 3))
      hash += <u64>(<u32>word) * (word >>> 32)
    }
    hash ^= hash >>> 32
    hash *= 0xd6e8feb86659fd93
    return <u32>(hash >>> 32)
  }

  /**
   * The id of the text at [start, start + length). `guess`: an id that it may have; if it matches, nothing is hashed.
   */
  @inline
  intern(start: usize, length: u32, guess: u32): u32 {
    if (guess < this.size) {
      const from = load<u32>(this.offsets.at + ((<usize>guess) << 2))
      if (
        load<u32>(this.offsets.at + ((<usize>guess) << 2), 4) - from === length &&
        Text.equal(this.bytes.at + from, start, length)
      ) {
        return guess
      }
    }
    return this.find(start, length)
  }

  find(start: usize, length: u32): u32 {
    const hash = Dictionary.hashed(start, length)
    const slots = this.slots.at
    const mask = this.slotMask
    let slot = hash & mask
    for (let entry = load<u64>(slots + ((<usize>slot) << 3)); entry !== 0; ) {
      if (<u32>(entry >>> 32) === hash) {
        const id = <u32>entry - 1
        const from = load<u32>(this.offsets.at + ((<usize>id) << 2))
        const own = load<u32>(this.offsets.at + ((<usize>id) << 2), 4) - from
        if (own === length && Text.equal(this.bytes.at + from, start, length)) return id
      }
      slot = (slot + 1) & mask
      entry = load<u64>(slots + ((<usize>slot) << 3))
    }
    return this.add(start, length, hash, slot)
  }

  private add(start: usize, length: u32, hash: u32, slot: u32): u32 {
    const id = this.size
    const from = load<u32>(this.offsets.at + ((<usize>id) << 2))
    this.bytes.reserve(from + length)
    // Only new values need the check: everything in the table is valid.
    if (!Text.copy(start, length, this.bytes.at + from) && !isUtf8(start, start + length)) {
      repaired(start, start + length)
      return this.find(scratch.at + 4, load<u32>(scratch.at))
    }
    this.offsets.reserve((id + 2) << 2)
    this.hashes.reserve((id + 1) << 2)
    store<u32>(this.offsets.at + ((<usize>id) << 2), from + length, 4)
    store<u32>(this.hashes.at + ((<usize>id) << 2), hash)
    store<u64>(this.slots.at + ((<usize>slot) << 3), ((<u64>hash) << 32) | (id + 1))
    this.size = id + 1
    if (this.size << 1 > this.slotMask) this.rehash((this.slotMask + 1) << 1)
    return id
  }

  /** The id of the decimal text of an integer. */
  internInteger(value: i64): u32 {
    const isSmall = <u64>value < SMALL_INTEGERS
    const known: usize = this.integers + ((<usize>value) << 2)
    if (isSmall && load<u32>(known) !== 0) return load<u32>(known) - 1
    scratch.reserve(24)
    const end = scratch.at + 20
    let at = end
    let rest: u64 = value < 0 ? 0 - <u64>value : <u64>value
    do {
      const tenth = rest / 10
      at -= 1
      store<u8>(at, <u8>(0x30 + (rest - tenth * 10)))
      rest = tenth
    } while (rest !== 0)
    if (value < 0) {
      at -= 1
      store<u8>(at, 0x2d)
    }
    const id = this.find(at, <u32>(end - at))
    if (isSmall) store<u32>(known, id + 1)
    return id
  }

  internBool(value: bool): u32 {
    if (value) {
      if (this.trueId < 0) this.trueId = this.internWord(0x65757274, 4)
      return this.trueId
    }
    if (this.falseId < 0) this.falseId = this.internWord(0x65736c6166, 5)
    return this.falseId
  }

  internEmpty(): u32 {
    if (this.emptyId < 0) this.emptyId = this.internWord(0, 0)
    return this.emptyId
  }

  /** Up to eight bytes of text, the first in the lowest byte. */
  internWord(word: u64, length: u32): u32 {
    scratch.reserve(8)
    store<u64>(scratch.at, word)
    return this.find(scratch.at, length)
  }

  /** Reserves space for this number of entries in total. */
  @inline
  reserveEntries(count: u32): void {
    this.ids.reserve(count << 2)
  }

  /** Appends an entry, for which there must be space. */
  @inline
  append(id: u32): void {
    store<u32>(this.ids.at + ((<usize>this.count) << 2), id)
    this.count += 1
  }

  /** Removes all values from id `size` on. Their entries must have been removed already. */
  truncate(size: u32): void {
    if (size >= this.size) return
    const mask = this.slotMask
    for (let id = this.size - 1; <i32>id >= <i32>size; id -= 1) {
      let slot = load<u32>(this.hashes.at + ((<usize>id) << 2)) & mask
      while (load<u32>(this.slots.at + ((<usize>slot) << 3)) !== id + 1) slot = (slot + 1) & mask
      store<u64>(this.slots.at + ((<usize>slot) << 3), 0)
    }
    this.size = size
    this.forgetConstants()
  }

  clear(): void {
    this.size = 0
    this.count = 0
    this.bytes.retain()
    this.hashes.retain()
    this.ids.retain()
    this.offsets.retain()
    this.offsets.reserve(256)
    store<u32>(this.offsets.at, 0)
    this.slots.retain()
    this.slots.reserve(INITIAL_SLOTS << 3)
    this.slotMask = this.slots.capacity >= (this.slotMask + 1) << 3 ? this.slotMask : INITIAL_SLOTS - 1
    if (this.slotMask === 0) this.slotMask = INITIAL_SLOTS - 1
    memory.fill(this.slots.at, 0, (<usize>(this.slotMask + 1)) << 3)
    this.forgetConstants()
  }

  destroy(): void {
    this.bytes.destroy()
    this.offsets.destroy()
    this.hashes.destroy()
    this.slots.destroy()
    this.ids.destroy()
    heap.free(this.integers)
    heap.free(changetype<usize>(this))
  }

  /** Bytes of an id in the record: 1, 2 or 4. */
  @inline
  width(): u32 {
    return this.size <= 0x100 ? 1 : this.size <= 0x10000 ? 2 : 4
  }

  /**
   * Narrows the ids in place as far as the number of values allows; returns their width. Nothing can be appended
   * afterwards.
   */
  narrow(): u32 {
    const width = this.width()
    const at = this.ids.at
    const count = <usize>this.count
    if (width === 1) for (let i: usize = 0; i < count; i += 1) store<u8>(at + i, <u8>load<u32>(at + (i << 2)))
    else if (width === 2) {
      for (let i: usize = 0; i < count; i += 1) store<u16>(at + (i << 1), <u16>load<u32>(at + (i << 2)))
    }
    return width
  }

  /** Size of values and ids. */
  byteSize(): f64 {
    const values = <f64>load<u32>(this.offsets.at + ((<usize>this.size) << 2)) + <f64>this.size * 4
    return values + <f64>this.count * 4
  }

  private forgetConstants(): void {
    this.trueId = -1
    this.falseId = -1
    this.emptyId = -1
    memory.fill(this.integers, 0, SMALL_INTEGERS << 2)
  }

  /** In order of ids: see `truncate`. */
  private rehash(slots: u32): void {
    this.slots.reserve(slots << 3)
    memory.fill(this.slots.at, 0, (<usize>slots) << 3)
    const mask = slots - 1
    this.slotMask = mask
    for (let id: u32 = 0; id < this.size; id += 1) {
      const hash = load<u32>(this.hashes.at + ((<usize>id) << 2))
      let slot = hash & mask
      while (load<u64>(this.slots.at + ((<usize>slot) << 3)) !== 0) slot = (slot + 1) & mask
      store<u64>(this.slots.at + ((<usize>slot) << 3), ((<u64>hash) << 32) | (id + 1))
    }
  }
}

/** Unmanaged: free it with its batch. */
export function newDictionary(): Dictionary {
  const dictionary = changetype<Dictionary>(zeroed(offsetof<Dictionary>()))
  dictionary.bytes = HeapBlock.make()
  dictionary.offsets = HeapBlock.make()
  dictionary.hashes = HeapBlock.make()
  dictionary.slots = HeapBlock.make()
  dictionary.ids = HeapBlock.make()
  dictionary.integers = zeroed(SMALL_INTEGERS << 2)
  dictionary.clear()
  return dictionary
}
