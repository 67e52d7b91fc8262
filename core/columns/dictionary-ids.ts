import { Int32, Uint8, Uint16 } from 'apache-arrow'

/** Arrow type in which a writer stores the ids of a dictionary. */
export type IdType = Uint8 | Uint16 | Int32
/** Array of the ids themselves, by width. */
export type IdArray = Uint8Array | Uint16Array | Int32Array

/** Arrays that a reader may find: other writers may use any of Arrow's integer types of up to 32 bits. */
type StoredIds = IdArray | Int8Array | Int16Array | Uint32Array

const STORED_ARRAYS = [Uint8Array, Uint16Array, Int32Array, Int8Array, Int16Array, Uint32Array]

const ONE_BYTE = new Uint8()
const TWO_BYTES = new Uint16()
const FOUR_BYTES = new Int32()

/** The narrowest type for `values` values, counted from 0: most dictionaries of a record need one byte per row. */
export function idTypeFor(values: number): IdType {
  if (values <= 0x100) return ONE_BYTE
  return values <= 0x10000 ? TWO_BYTES : FOUR_BYTES
}

/** An array for `ids` ids of the type: `narrow` if it has that type and is large enough, otherwise a new one. */
export function roomFor(narrow: IdArray, type: IdType, ids: number): IdArray {
  const { ArrayType } = type
  return narrow instanceof ArrayType && narrow.length >= ids ? narrow : new ArrayType(ids)
}

/**
 * Stored ids, each as 32 bits so that readers see one kind of array; undefined when they are not ids of up to 32 bits.
 * Ids beyond that range become negative, which is out of bounds in any case.
 */
export function wideIds(stored: unknown): Int32Array | undefined {
  if (stored instanceof Int32Array) return stored
  return STORED_ARRAYS.some(type => stored instanceof type) ? new Int32Array(stored as StoredIds) : undefined
}
