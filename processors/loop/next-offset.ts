/** The offset that a group has read up to, as an entry of its state. */

/** Key of the entry. */
export const NEXT_OFFSET = 'next'

/** The entry. */
export const nextOffsetEntry = (next: bigint): readonly [string, Uint8Array] => [
  NEXT_OFFSET,
  Buffer.from(`${next}`),
]
