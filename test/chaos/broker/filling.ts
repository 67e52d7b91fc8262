/** A value that contains its own name and whose every byte follows from it: from a few bytes up to 200 KB. */
import { createHash } from 'node:crypto'

const SIZES = [10, 700, 5_000, 66_000, 200_000]

export function fillingOf(name: string): Buffer {
  const digest = createHash('sha256').update(name).digest()
  const size = SIZES[digest[0]! % SIZES.length]!
  return Buffer.concat([Buffer.from(`${name}\n`), Buffer.alloc(size, digest)])
}

/** The name, or null if a single byte differs from what the name requires. */
export function nameIn(value: Uint8Array): string | null {
  const bytes = Buffer.from(value.buffer, value.byteOffset, value.length)
  const name = bytes.toString('utf8', 0, Math.max(0, bytes.indexOf(10)))
  return bytes.equals(fillingOf(name)) ? name : null
}
