/**
 * Random numbers by name instead of by order: the same seed and the same numbers always give the same result, whichever
 * is drawn first. A host is thus the same host in a fleet of ten and of ten thousand.
 */

/** A number in [0, 1) for a seed and up to four numbers (murmur3's mixing). */
export function draw(seed: number, a: number, b = 0, c = 0, d = 0): number {
  let hash = seed | 0
  hash = mixIn(hash, a)
  hash = mixIn(hash, b)
  hash = mixIn(hash, c)
  hash = mixIn(hash, d)
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35)
  return ((hash ^ (hash >>> 16)) >>> 0) / 4_294_967_296
}

function mixIn(hash: number, value: number): number {
  let mixed = Math.imul(value | 0, 0xcc9e2d51)
  mixed = Math.imul((mixed << 15) | (mixed >>> 17), 0x1b873593) ^ hash
  return (Math.imul((mixed << 13) | (mixed >>> 19), 5) + 0xe6546b64) | 0
}

/** `count` lower-case hexadecimal digits, drawn by name. */
export function hexDigits(count: number, seed: number, a: number, b = 0, c = 0): string {
  let digits = ''
  for (let at = 0; digits.length < count; at++) {
    digits += Math.floor(draw(seed, a, b, c, at + 1) * 4_294_967_296)
      .toString(16)
      .padStart(8, '0')
  }
  return digits.slice(0, count)
}

/** 32 random bits per call, for values that are too many to name (xorshift128). */
export class BitStream {
  #x: number
  #y = 362_436_069
  #z = 521_288_629
  #w = 88_675_123

  constructor(seed: number, stream: number) {
    this.#x = Math.floor(draw(seed, stream) * 4_294_967_296) | 1
    for (let warm = 0; warm < 8; warm++) this.next()
  }

  /** A signed 32-bit integer. */
  next(): number {
    const t = this.#x ^ (this.#x << 11)
    this.#x = this.#y
    this.#y = this.#z
    this.#z = this.#w
    this.#w = this.#w ^ (this.#w >>> 19) ^ t ^ (t >>> 8)
    return this.#w
  }
}
