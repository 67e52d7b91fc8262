import { repaired } from './host'
import { Dictionary, newDictionary } from './interner'
import { HeapBlock, scratch, zeroed } from './memory'
import { isUtf8, Text } from './text'

const HINTS: u32 = 32

/** Text that seldom repeats: one run of UTF-8, and the end of each value. */
@unmanaged
export class Texts {
  count: u32
  bytes: HeapBlock
  offsets: HeapBlock

  /** Reserves space for this number of texts in total, not for their bytes. */
  @inline
  reserve(count: u32): void {
    this.offsets.reserve((count + 1) << 2)
  }

  /** Appends the text at [start, start + length), for which there must be space; invalid UTF-8 is repaired. */
  @inline
  append(start: usize, length: u32): void {
    const from = load<u32>(this.offsets.at + ((<usize>this.count) << 2))
    if (length === 0) this.end(from)
    else this.appendSome(start, length, from)
  }

  private appendSome(start: usize, length: u32, from: u32): void {
    this.bytes.reserve(from + length)
    if (Text.copy(start, length, this.bytes.at + from) || isUtf8(start, start + length))
      this.end(from + length)
    else {
      repaired(start, start + length)
      const repairedLength = load<u32>(scratch.at)
      this.bytes.reserve(from + repairedLength)
      memory.copy(this.bytes.at + from, scratch.at + 4, repairedLength)
      this.end(from + repairedLength)
    }
  }

  @inline
  private end(to: u32): void {
    this.count += 1
    this.offsets.reserve((this.count + 1) << 2)
    store<u32>(this.offsets.at + ((<usize>this.count) << 2), to)
  }

  truncate(count: u32): void {
    if (count < this.count) this.count = count
  }

  clear(): void {
    this.count = 0
    this.bytes.retain()
    this.offsets.retain()
    this.offsets.reserve(256)
    store<u32>(this.offsets.at, 0)
  }

  destroy(): void {
    this.bytes.destroy()
    this.offsets.destroy()
    heap.free(changetype<usize>(this))
  }

  byteSize(): f64 {
    return <f64>load<u32>(this.offsets.at + ((<usize>this.count) << 2)) + <f64>this.count * 4
  }
}

/** Unmanaged: free it with its batch. */
export function newTexts(): Texts {
  const texts = changetype<Texts>(zeroed(offsetof<Texts>()))
  texts.bytes = HeapBlock.make()
  texts.offsets = HeapBlock.make()
  texts.clear()
  return texts
}

/**
 * Maps of text to text, with keys and values interned. Entries are put, then the row is ended; in a row each key occurs
 * once.
 */
@unmanaged
export class Pairs {
  count: u32
  keys: Dictionary
  values: Dictionary
  offsets: HeapBlock
  /** By index of an entry within its row: its ids in the previous row; hints only. */
  keyHints: usize
  valueHints: usize
  /** By key id: the entry where it was last put, in any row. Not initialised. */
  places: HeapBlock
  /** By entry: the letter of its type (types.ts). Not initialised for entries that were copied. */
  types: HeapBlock

  /** Reserves space for this number of rows in total, not for their entries. */
  @inline
  reserve(count: u32): void {
    this.offsets.reserve((count + 1) << 2)
  }

  /** Reserves space for this number of further entries. */
  @inline
  reserveEntries(count: u32): void {
    const all = this.keys.count + count
    this.types.reserve(all)
    this.keys.reserveEntries(all)
    this.values.reserveEntries(all)
  }

  /** If the current row already has the key, the new value replaces the old one in place. */
  @inline
  put(keyId: u32, valueId: u32, type: u32): void {
    this.places.reserve((keyId + 1) << 2)
    const known = this.places.at + ((<usize>keyId) << 2)
    const place = load<u32>(known)
    // A place left by another row, or by a discarded one, is not in the current row, or has another key.
    if (
      place < this.keys.count &&
      place >= this.pendingFrom() &&
      load<u32>(this.keys.ids.at + ((<usize>place) << 2)) === keyId
    ) {
      store<u32>(this.values.ids.at + ((<usize>place) << 2), valueId)
      store<u8>(this.types.at + place, type)
      return
    }
    store<u32>(known, this.keys.count)
    this.reserveEntries(1)
    store<u8>(this.types.at + this.keys.count, type)
    this.keys.append(keyId)
    this.values.append(valueId)
  }

  @inline
  keyId(index: u32, start: usize, length: u32): u32 {
    const hint = this.keyHints + ((<usize>(index & (HINTS - 1))) << 2)
    const guess = load<u32>(hint)
    const id = this.keys.intern(start, length, guess)
    if (id !== guess) store<u32>(hint, id)
    return id
  }

  @inline
  valueId(index: u32, start: usize, length: u32): u32 {
    const hint = this.valueHints + ((<usize>(index & (HINTS - 1))) << 2)
    const guess = load<u32>(hint)
    const id = this.values.intern(start, length, guess)
    if (id !== guess) store<u32>(hint, id)
    return id
  }

  @inline
  endRow(): void {
    this.count += 1
    this.offsets.reserve((this.count + 1) << 2)
    store<u32>(this.offsets.at + ((<usize>this.count) << 2), this.keys.count)
  }

  /** Start of the entries of the current row. */
  @inline
  pendingFrom(): u32 {
    return load<u32>(this.offsets.at + ((<usize>this.count) << 2))
  }

  truncate(count: u32): void {
    if (count < this.count) this.count = count
    const entries = this.pendingFrom()
    this.keys.count = entries
    this.values.count = entries
  }

  /** The dictionaries are cleared separately, like those of the other columns. */
  clear(): void {
    this.count = 0
    this.places.retain()
    this.types.retain()
    this.offsets.retain()
    this.offsets.reserve(256)
    store<u32>(this.offsets.at, 0)
  }

  destroy(): void {
    this.places.destroy()
    this.types.destroy()
    this.keys.destroy()
    this.values.destroy()
    this.offsets.destroy()
    heap.free(this.keyHints)
    heap.free(this.valueHints)
    heap.free(changetype<usize>(this))
  }

  byteSize(): f64 {
    return <f64>this.count * 4 + this.keys.byteSize() + this.values.byteSize()
  }
}

/** Unmanaged: free it with its batch. */
export function newPairs(): Pairs {
  const pairs = changetype<Pairs>(zeroed(offsetof<Pairs>()))
  pairs.keys = newDictionary()
  pairs.values = newDictionary()
  pairs.offsets = HeapBlock.make()
  pairs.places = HeapBlock.make()
  pairs.types = HeapBlock.make()
  pairs.keyHints = zeroed(HINTS << 2)
  pairs.valueHints = zeroed(HINTS << 2)
  pairs.clear()
  return pairs
}

/** Raw ids with a validity bitmap; missing ids are null, never zeros. */
@unmanaged
export class Ids {
  count: u32
  nulls: u32
  width: u32
  bytes: HeapBlock
  bitmap: HeapBlock

  /** Reserves space for this number in total. */
  @inline
  reserve(count: u32): void {
    this.bytes.reserve(count * this.width)
    this.bitmap.reserve((count >> 3) + 1)
  }

  /** Appends the id at `place`, for which there must be space; null if `place` is 0. */
  @inline
  append(place: usize): void {
    const into = this.count * this.width
    const to = this.bytes.at + into
    const flags = this.bitmap.at + (this.count >> 3)
    const bit = (<u32>1) << (this.count & 7)
    // The first bit of a byte sets the whole byte, so that no old bits remain.
    const before: u32 = bit === 1 ? 0 : load<u8>(flags)
    if (place === 0) {
      store<u64>(to, 0)
      if (this.width === 16) store<u64>(to, 0, 8)
      store<u8>(flags, before & ~bit)
      this.nulls += 1
    } else {
      store<u64>(to, load<u64>(place))
      if (this.width === 16) store<u64>(to, load<u64>(place, 8), 8)
      store<u8>(flags, before | bit)
    }
    this.count += 1
  }

  truncate(count: u32): void {
    while (this.count > count) {
      this.count -= 1
      const byte: u32 = load<u8>(this.bitmap.at + (this.count >> 3))
      const bit = (<u32>1) << (this.count & 7)
      if ((byte & bit) === 0) this.nulls -= 1
      else store<u8>(this.bitmap.at + (this.count >> 3), byte & ~bit)
    }
  }

  clear(): void {
    this.count = 0
    this.nulls = 0
    this.bytes.retain()
    this.bitmap.retain()
  }

  destroy(): void {
    this.bytes.destroy()
    this.bitmap.destroy()
    heap.free(changetype<usize>(this))
  }

  byteSize(): f64 {
    return <f64>this.count * this.width + <f64>(this.count >> 3)
  }
}

/** `width`: bytes per id, 16 or 8. Unmanaged: free it with its batch. */
export function newIds(width: u32): Ids {
  const ids = changetype<Ids>(zeroed(offsetof<Ids>()))
  ids.width = width
  ids.bytes = HeapBlock.make()
  ids.bitmap = HeapBlock.make()
  return ids
}
