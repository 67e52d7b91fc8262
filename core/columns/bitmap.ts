/** Packs one flag per byte into Arrow's bitmaps: least significant bit first, padded with zeros. */
export function packedBits(flags: Uint8Array, length: number): Uint8Array {
  const bits = new Uint8Array((length + 7) >> 3)
  for (let at = 0; at < length; at += 1) {
    if (flags[at] !== 0) bits[at >> 3]! |= 1 << (at & 7)
  }
  return bits
}
