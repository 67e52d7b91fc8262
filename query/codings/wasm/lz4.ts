// LZ4 block format, greedy: the first earlier position with the same four bytes, found through a table of 4,096 hashes.
const MIN_MATCH: u32 = 4
/** The format requires the last five bytes as literals, and no match that begins in the last twelve. */
const LAST_LITERALS: u32 = 5
const MATCH_LIMIT: u32 = 12
const TABLE_BYTES: usize = 16384
/** The step grows after this number of misses, so that incompressible content is skipped quickly. */
const SKIP_SHIFT: u32 = 6

/** Writes `size` bytes at `source` as one LZ4 block to `target`; returns the block's length. */
export function compress(source: usize, size: u32, target: usize, table: usize): u32 {
  memory.fill(table, 0, TABLE_BYTES)
  let out = target
  let anchor: u32 = 0
  if (size > MATCH_LIMIT) {
    const limit = size - MATCH_LIMIT
    let at: u32 = 1
    let misses: u32 = 1 << SKIP_SHIFT
    store<u32>(table + Slot.of(load<u32>(source)), 0)
    while (at < limit) {
      const word = load<u32>(source + at)
      const slot = table + Slot.of(word)
      const before = load<u32>(slot)
      store<u32>(slot, at)
      if (before >= at || load<u32>(source + before) !== word) {
        at += misses++ >> SKIP_SHIFT
        continue
      }
      misses = 1 << SKIP_SHIFT
      let length = MIN_MATCH
      const most = size - LAST_LITERALS - at
      while (length < most && load<u8>(source + before + length) === load<u8>(source + at + length)) length++
      out = sequence(out, source + anchor, at - anchor, at - before, length)
      at += length
      anchor = at
    }
  }
  out = literals(out, source + anchor, size - anchor, 0)
  return <u32>(out - target)
}

class Slot {
  @inline
  static of(word: u32): u32 {
    return ((word * 2654435761) >> 20) << 2
  }
}

function sequence(out: usize, from: usize, count: u32, offset: u32, length: u32): usize {
  const extra = length - MIN_MATCH
  out = literals(out, from, count, min<u32>(extra, 15))
  store<u16>(out, <u16>offset)
  out += 2
  return extra < 15 ? out : more(out, extra - 15)
}

/** The token, the rest of the literals' length, and the literals. */
function literals(out: usize, from: usize, count: u32, matchPart: u32): usize {
  store<u8>(out++, <u8>((min<u32>(count, 15) << 4) | matchPart))
  if (count >= 15) out = more(out, count - 15)
  memory.copy(out, from, count)
  return out + count
}

function more(out: usize, rest: u32): usize {
  while (rest >= 255) {
    store<u8>(out++, 255)
    rest -= 255
  }
  store<u8>(out++, <u8>rest)
  return out
}
