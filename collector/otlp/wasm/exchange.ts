import { Ids, Pairs, Texts } from './columns'
import { Dictionary } from './interner'
import { HeapBlock } from './memory'
import { DICTIONARIES } from './span-batch'

/** Input from the host: a body, followed by the name of its tenant. */
export const body: HeapBlock = HeapBlock.make()
/** Position of a batch: its rows, and the sizes of all its dictionaries. */
export const marked: usize = heap.alloc((1 + DICTIONARIES) << 2)
/** The list of u32 that tells the host the contents and addresses of the columns. */
export const described: HeapBlock = HeapBlock.make()
let cursor: usize = 0

/** Starts the list again. */
export function beginDescription(): void {
  described.reserve(1024)
  cursor = described.at
}

/** Appends one number to the list. */
export function tell(word: u32): void {
  store<u32>(cursor, word)
  cursor += 4
}

/** Appends the addresses of bytes and offsets. */
export function tellTexts(texts: Texts): void {
  tell(<u32>texts.bytes.at)
  tell(<u32>texts.offsets.at)
}

/** Appends the addresses of bytes and bitmap, and the number of nulls. */
export function tellIds(ids: Ids): void {
  tell(<u32>ids.bytes.at)
  tell(<u32>ids.bitmap.at)
  tell(ids.nulls)
}

/** Appends the address of the offsets, and both dictionaries. */
export function tellPairs(pairs: Pairs): void {
  tell(<u32>pairs.offsets.at)
  tellDictionary(pairs.keys)
  tellDictionary(pairs.values)
}

export function tellDictionary(dictionary: Dictionary): void {
  tell(dictionary.size)
  tell(<u32>dictionary.bytes.at)
  tell(<u32>dictionary.offsets.at)
  tell(dictionary.count)
  tell(<u32>dictionary.ids.at)
  tell(dictionary.narrow())
}
