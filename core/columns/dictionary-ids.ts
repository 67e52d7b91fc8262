import { Int32, Uint8, Uint16 } from 'apache-arrow'

/** What a writer stores the ids of a dictionary as. */
export type IdType = Uint8 | Uint16 | Int32
/** Array of the ids themselves, by the same widths. */
export type IdArray = Uint8Array | Uint16Array | Int32Array

/** What a reader may find: other writers can have chosen any of Arrow's types of up to 32 bits. */
type StoredIds = IdArray | Int8Array | Int16Array | Uint32Array

const STORED_ARRAYS = [Uint8Array, Uint16Array, Int32Array, Int8Array, Int16Array, Uint32Array]

const ONE_BYTE = new Uint8()
const TWO_BYTES = new Uint16()
const FOUR_BYTES = new Int32()

/** The narrowest type that counts `values` from 0 on: most dictionaries of a record need one byte a row. */
export function idTypeFor(values: number): IdType {
  if (values <= 0x100) return ONE_BYTE
  return values <= 0x10000 ? TWO_BYTES : FOUR_BYTES
}

/** Room for `ids` ids of the type: `narrow` if it is of that type and large enough, or a new array. */
export function roomFor(narrow: IdArray, type: IdType, ids: number): IdArray {
  const { ArrayType } = type
  return narrow instanceof ArrayType && narrow.length >= ids ? narrow : new ArrayType(ids)
}

/**
 * Ids as they were stored, each in 32 bits so that readers meet one kind of array; undefined when they are not ids of
 * up to 32 bits. Those beyond its range come out negative: out of bounds in any case.
 */
export function wideIds(stored: unknown): Int32Array | undefined {
  if (stored instanceof Int32Array) return stored
  return STORED_ARRAYS.some(type => stored instanceof type) ? new Int32Array(stored as StoredIds) : undefined
}
