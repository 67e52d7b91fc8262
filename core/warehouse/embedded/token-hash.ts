/**
 * The key of a token in the engine's deduplication log: `<partition of the table>_<two halves of a hash>`. The hash is
 * SipHash-2-4 with 128 bits and no key, over the token and the number of its block; a record is one block. This was
 * derived from the engine's own logs, and a test compares it with the engine.
 */
const MASK = (1n << 64n) - 1n
const rotate = (value: bigint, bits: bigint): bigint => ((value << bits) | (value >> (64n - bits))) & MASK

/** The part of a line's last field that is the same in every partition of the table. */
export const insertTokenHash = (token: string): string => {
  const [low, high] = sipHash128(Buffer.from(`user-token-${token}:source-id-empty:source-number-0`))
  return `${low}_${high}`
}

function sipHash128(bytes: Buffer): readonly [bigint, bigint] {
  let [v0, v1, v2, v3] = [0x736f6d6570736575n, 0x646f72616e646f6dn, 0x6c7967656e657261n, 0x7465646279746573n]
  const round = (): void => {
    v0 = (v0 + v1) & MASK
    v1 = rotate(v1, 13n) ^ v0
    v0 = rotate(v0, 32n)
    v2 = (v2 + v3) & MASK
    v3 = rotate(v3, 16n) ^ v2
    v0 = (v0 + v3) & MASK
    v3 = rotate(v3, 21n) ^ v0
    v2 = (v2 + v1) & MASK
    v1 = rotate(v1, 17n) ^ v2
    v2 = rotate(v2, 32n)
  }
  const mix = (word: bigint): void => {
    v3 ^= word
    round()
    round()
    v0 ^= word
  }
  const whole = bytes.length - (bytes.length % 8)
  for (let at = 0; at < whole; at += 8) mix(bytes.readBigUInt64LE(at))
  const last = Buffer.alloc(8)
  bytes.copy(last, 0, whole)
  last[7] = bytes.length & 0xff
  mix(last.readBigUInt64LE(0))
  v2 ^= 0xffn
  for (let i = 0; i < 4; i++) round()
  return [v0 ^ v1, v2 ^ v3]
}
