/** A hash of label sets that other programs calculate alike: xxHash of 64 bits over names and values. */
import type { Labels } from '../model/labels.ts'

const MASK = (1n << 64n) - 1n
const P1 = 11400714785074694791n
const P2 = 14029467366897019727n
const P3 = 1609587929392839161n
const P4 = 9650029242287828579n
const P5 = 2870177450012600261n

const rotate = (value: bigint, by: bigint): bigint => ((value << by) | (value >> (64n - by))) & MASK
const round = (lane: bigint, input: bigint): bigint => (rotate((lane + input * P2) & MASK, 31n) * P1) & MASK
const merge = (hash: bigint, lane: bigint): bigint => ((hash ^ round(0n, lane)) * P1 + P4) & MASK

/** xxHash of 64 bits with seed 0. */
export function xxHash64(bytes: Uint8Array): bigint {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  let at = 0
  let hash = P5
  if (bytes.length >= 32) {
    let lanes = [(P1 + P2) & MASK, P2, 0n, (MASK + 1n - P1) & MASK]
    for (; at + 32 <= bytes.length; at += 32) {
      const start = at
      lanes = lanes.map((lane, index) => round(lane, view.getBigUint64(start + 8 * index, true)))
    }
    const [a = 0n, b = 0n, c = 0n, d = 0n] = lanes
    hash = (rotate(a, 1n) + rotate(b, 7n) + rotate(c, 12n) + rotate(d, 18n)) & MASK
    for (const lane of lanes) hash = merge(hash, lane)
  }
  hash = (hash + BigInt(bytes.length)) & MASK
  for (; at + 8 <= bytes.length; at += 8) {
    hash = (rotate(hash ^ round(0n, view.getBigUint64(at, true)), 27n) * P1 + P4) & MASK
  }
  if (at + 4 <= bytes.length) {
    hash = (rotate(hash ^ ((BigInt(view.getUint32(at, true)) * P1) & MASK), 23n) * P2 + P3) & MASK
    at += 4
  }
  for (; at < bytes.length; at += 1) {
    hash = (rotate(hash ^ ((BigInt(bytes[at] ?? 0) * P5) & MASK), 11n) * P1) & MASK
  }
  hash = ((hash ^ (hash >> 33n)) * P2) & MASK
  hash = ((hash ^ (hash >> 29n)) * P3) & MASK
  return hash ^ (hash >> 32n)
}

const encoder = new TextEncoder()

/** Lengths that one byte cannot hold take four. */
const LONG = 255

/** Names and values, each after its length: the form in which Prometheus keeps labels. */
function bytesOf(labels: Labels): Uint8Array {
  const bytes: number[] = []
  for (const text of labels) {
    const part = encoder.encode(text)
    const { length } = part
    if (length < LONG) bytes.push(length)
    else bytes.push(LONG, length & 0xff, (length >> 8) & 0xff, (length >> 16) & 0xff)
    bytes.push(...part)
  }
  return Uint8Array.from(bytes)
}

/** A number from 0 to 1 that a label set always has. */
export const ratioOf = (labels: Labels): number => Number(xxHash64(bytesOf(labels))) / 2 ** 64
