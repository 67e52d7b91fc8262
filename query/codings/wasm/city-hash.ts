// CityHash128 of CityHash 1.0.2, which ClickHouse uses for its checksums; later versions of CityHash give other values.
const K0: u64 = 0xc3a5c85c97cb3127
const K1: u64 = 0xb492b66fbe98f273
const K2: u64 = 0x9ae16a3b2f90404f
const K3: u64 = 0xc949d7c7509e6557
const MUL: u64 = 0x9ddfea08eb382d69

/** The second half of the results of the functions below. */
let second: u64 = 0

/** Writes the hash of `length` bytes to `target`: low half, high half. */
export function writeCityHash128(from: usize, length: u32, target: usize): void {
  let low: u64
  if (length >= 16) low = seeded(from + 16, length - 16, load<u64>(from) ^ K3, load<u64>(from, 8))
  else if (length >= 8)
    low = seeded(from, 0, load<u64>(from) ^ (<u64>length * K0), load<u64>(from + length - 8) ^ K1)
  else low = seeded(from, length, K0, K1)
  store<u64>(target, low)
  store<u64>(target, second, 8)
}

/**
 * Functions that asc should inline are static methods: a decorator on a function is not valid TypeScript, and biome
 * refuses it.
 */
class Mix {
  @inline
  static shift(value: u64): u64 {
    return value ^ (value >> 47)
  }

  @inline
  static rotate(value: u64, bits: u64): u64 {
    return rotr<u64>(value, bits)
  }
}

function hash16(u: u64, v: u64): u64 {
  const a = Mix.shift((u ^ v) * MUL)
  return Mix.shift((v ^ a) * MUL) * MUL
}

function hashUpTo16(s: usize, length: u32): u64 {
  if (length > 8) {
    const b = load<u64>(s + length - 8)
    return hash16(load<u64>(s), Mix.rotate(b + length, length)) ^ b
  }
  if (length >= 4) return hash16(<u64>length + ((<u64>load<u32>(s)) << 3), <u64>load<u32>(s + length - 4))
  if (length === 0) return K2
  const y = <u32>load<u8>(s) + ((<u32>load<u8>(s + (length >> 1))) << 8)
  const z = length + ((<u32>load<u8>(s + length - 1)) << 2)
  return Mix.shift((<u64>y * K2) ^ (<u64>z * K3)) * K2
}

/** For 32 bytes at `s` with two seeds; the second half is in `second`. */
function weak32(s: usize, a: u64, b: u64): u64 {
  a += load<u64>(s)
  b = Mix.rotate(b + a + load<u64>(s, 24), 21)
  const c = a
  a += load<u64>(s, 8) + load<u64>(s, 16)
  b += Mix.rotate(a, 44)
  second = b + c
  return a + load<u64>(s, 24)
}

function murmur(s: usize, length: u32, a: u64, b: u64): u64 {
  let c: u64
  let d: u64
  if (length <= 16) {
    a = Mix.shift(a * K1) * K1
    c = b * K1 + hashUpTo16(s, length)
    d = Mix.shift(a + (length >= 8 ? load<u64>(s) : c))
  } else {
    c = hash16(load<u64>(s + length - 8) + K1, a)
    d = hash16(b + length, c + load<u64>(s + length - 16))
    a += d
    for (let left = <i32>length - 16; left > 0; left -= 16) {
      a = (a ^ (Mix.shift(load<u64>(s) * K1) * K1)) * K1
      b ^= a
      c = (c ^ (Mix.shift(load<u64>(s, 8) * K1) * K1)) * K1
      d ^= c
      s += 16
    }
  }
  a = hash16(a, c)
  b = hash16(d, b)
  second = hash16(b, a)
  return a ^ b
}

function seeded(s: usize, length: u32, x: u64, y: u64): u64 {
  if (length < 128) return murmur(s, length, x, y)
  let z: u64 = <u64>length * K1
  let v0 = Mix.rotate(y ^ K1, 49) * K1 + load<u64>(s)
  let v1 = Mix.rotate(v0, 42) * K1 + load<u64>(s, 8)
  let w0 = Mix.rotate(y + z, 35) * K1 + x
  let w1 = Mix.rotate(x + load<u64>(s, 88), 53) * K1
  while (length >= 128) {
    for (let half = 0; half < 2; half++) {
      x = Mix.rotate(x + y + v0 + load<u64>(s, 16), 37) * K1
      y = Mix.rotate(y + v1 + load<u64>(s, 48), 42) * K1
      x ^= w1
      y ^= v0
      z = Mix.rotate(z ^ w0, 33)
      v0 = weak32(s, v1 * K1, x + w0)
      v1 = second
      w0 = weak32(s + 32, z + w1, y)
      w1 = second
      const swapped = z
      z = x
      x = swapped
      s += 64
    }
    length -= 128
  }
  y += Mix.rotate(w0, 37) * K0 + z
  x += Mix.rotate(v0 + z, 49) * K0
  for (let done: u32 = 0; done < length; ) {
    done += 32
    y = Mix.rotate(y - x, 42) * K0 + v1
    w0 += load<u64>(s + length - done + 16)
    x = Mix.rotate(x, 49) * K0 + w0
    w0 += v0
    v0 = weak32(s + length - done, v0, v1)
    v1 = second
  }
  x = hash16(x, v0)
  y = hash16(y, w0)
  second = hash16(x + w1, y + v1)
  return hash16(x + v1, w1) + y
}
