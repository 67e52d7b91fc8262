import { repaired } from './host'
import { Dictionary, newDictionary } from './interner'
import { Block, scratch, zeroed } from './memory'
import { isUtf8, Text } from './text'

const HINTS: u32 = 32

/** Text that seldom repeats: one run of UTF-8 and where each value ends. */
@unmanaged
export class Texts {
  count: u32
  bytes: Block
  offsets: Block

  /** Makes room for this number of texts in total; not for their bytes. */
  @inline
  reserve(count: u32): void {
    this.offsets.reserve((count + 1) << 2)
  }

  /** Appends the text at [start, start + length), for which there must be room; what is not UTF-8 is repaired. */
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
  texts.bytes = Block.make()
  texts.offsets = Block.make()
  texts.clear()
  return texts
}

/** Maps of text to text, keys and values interned. Entries are put, then the row is ended; in a row each key is there once. */
@unmanaged
export class Pairs {
  count: u32
  keys: Dictionary
  values: Dictionary
  offsets: Block
  /** By number of an entry within its row the ids that it had in the row before; guesses only. */
  keyHints: usize
  valueHints: usize
  /** By id of a key: the entry at which it was put last, in whichever row. Not filled with anything before. */
  places: Block

  /** Makes room for this number of rows in total; not for their entries. */
  @inline
  reserve(count: u32): void {
    this.offsets.reserve((count + 1) << 2)
  }

  /** Makes room for this number of further entries. */
  @inline
  reserveEntries(count: u32): void {
    const all = this.keys.count + count
    this.keys.reserveEntries(all)
    this.values.reserveEntries(all)
  }

  /** A key that the row in hand already holds gets the new value in its old place. */
  @inline
  put(keyId: u32, valueId: u32): void {
    this.places.reserve((keyId + 1) << 2)
    const known = this.places.at + ((<usize>keyId) << 2)
    const place = load<u32>(known)
    // What another row, or one that was taken back, has left there is not in the row in hand, or is another key.
    if (
      place < this.keys.count &&
      place >= this.pendingFrom() &&
      load<u32>(this.keys.ids.at + ((<usize>place) << 2)) === keyId
    ) {
      store<u32>(this.values.ids.at + ((<usize>place) << 2), valueId)
      return
    }
    store<u32>(known, this.keys.count)
    this.reserveEntries(1)
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

  /** Where the entries of the row in hand begin. */
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

  /** The dictionaries are cleared by themselves, as those of the other columns. */
  clear(): void {
    this.count = 0
    this.places.retain()
    this.offsets.retain()
    this.offsets.reserve(256)
    store<u32>(this.offsets.at, 0)
  }

  destroy(): void {
    this.places.destroy()
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
  pairs.offsets = Block.make()
  pairs.places = Block.make()
  pairs.keyHints = zeroed(HINTS << 2)
  pairs.valueHints = zeroed(HINTS << 2)
  pairs.clear()
  return pairs
}

/** Raw ids with a bitmap of those that are there; absent ones are null, never zeros. */
@unmanaged
export class Ids {
  count: u32
  nulls: u32
  width: u32
  bytes: Block
  bitmap: Block

  /** Makes room for this number in total. */
  @inline
  reserve(count: u32): void {
    this.bytes.reserve(count * this.width)
    this.bitmap.reserve((count >> 3) + 1)
  }

  /** The id at `place`, for which there must be room; null at 0. */
  @inline
  append(place: usize): void {
    const into = this.count * this.width
    const to = this.bytes.at + into
    const flags = this.bitmap.at + (this.count >> 3)
    const bit = (<u32>1) << (this.count & 7)
    // The first bit of a byte sets it whole, so that nothing old is left in it.
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

/** `width`: bytes an id, 16 or 8. Unmanaged: free it with its batch. */
export function newIds(width: u32): Ids {
  const ids = changetype<Ids>(zeroed(offsetof<Ids>()))
  ids.width = width
  ids.bytes = Block.make()
  ids.bitmap = Block.make()
  return ids
}
