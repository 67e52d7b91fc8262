/**
 * UTF-8 in memory: copied, compared and checked eight bytes at a time. Reading a few bytes too far is always allowed.
 */

const HIGH_BITS: u64 = 0x8080808080808080

/** Copies UTF-8 text and reports whether it is ASCII, which needs no check by the host. */
export class Text {
  /** Copies [from, from + length) to `to`, which has space for seven more bytes; returns whether all of it is ASCII. */
  @inline
  static copy(from: usize, length: u32, to: usize): bool {
    if (length > 64) {
      memory.copy(to, from, length)
      return isAscii(from, length)
    }
    let seen: u64 = 0
    let at: u32 = 0
    for (; at + 8 <= length; at += 8) {
      const word = load<u64>(from + at)
      seen |= word
      store<u64>(to + at, word)
    }
    if (at < length) {
      const word = load<u64>(from + at)
      seen |= word & (((<u64>1) << ((length - at) << 3)) - 1)
      store<u64>(to + at, word)
    }
    return (seen & HIGH_BITS) === 0
  }

  @inline
  static equal(a: usize, b: usize, length: u32): bool {
    if (length >= 8) {
      for (let at: u32 = 0; at + 8 < length; at += 8)
        if (load<u64>(a + at) !== load<u64>(b + at)) return false
      const last = length - 8
      return load<u64>(a + last) === load<u64>(b + last)
    }
    const mask = ((<u64>1) << (length << 3)) - 1
    return ((load<u64>(a) ^ load<u64>(b)) & mask) === 0
  }
}

/** Whether no byte of [from, from + length) has its high bit set. */
export function isAscii(from: usize, length: u32): bool {
  let seen: u64 = 0
  let at: u32 = 0
  for (; at + 8 <= length; at += 8) seen |= load<u64>(from + at)
  if (at < length) seen |= load<u64>(from + at) & (((<u64>1) << ((length - at) << 3)) - 1)
  return (seen & HIGH_BITS) === 0
}

/** Whether [at, end) is UTF-8 according to RFC 3629: no surrogates, no overlong forms, nothing beyond U+10FFFF. */
export function isUtf8(from: usize, end: usize): bool {
  let at = from
  while (at < end) {
    const first: u32 = load<u8>(at)
    at += 1
    if (first < 0x80) continue
    if (first < 0xc2 || first > 0xf4) return false
    const more: usize = first < 0xe0 ? 1 : first < 0xf0 ? 2 : 3
    if (at + more > end) return false
    const second: u32 = load<u8>(at)
    let lowest: u32 = 0x80
    let highest: u32 = 0xbf
    if (first === 0xe0) lowest = 0xa0
    else if (first === 0xed) highest = 0x9f
    else if (first === 0xf0) lowest = 0x90
    else if (first === 0xf4) highest = 0x8f
    if (second < lowest || second > highest) return false
    for (let next: usize = 1; next < more; next += 1) if ((load<u8>(at + next) & 0xc0) !== 0x80) return false
    at += more
  }
  return true
}
