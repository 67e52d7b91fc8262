import { randomInt } from 'node:crypto'
import type { ByteStore, Chunk } from './byte-store.ts'

interface KeyedEntry<Owner extends object, Value> {
  readonly owner: Owner
  readonly kind: number
  readonly chunk: Chunk
  readonly start: number
  readonly end: number
  readonly value: Value
  readonly next: KeyedEntry<Owner, Value> | undefined
}

/**
 * A map by owner, kind and bytes. Keys are found by hash and then compared, so a value is never mistaken for another.
 * The hash is keyed randomly, so that a sender cannot send keys that all collide.
 */
export class ByteKeyedMap<Owner extends object, Value> {
  readonly #store: ByteStore
  readonly #seed = randomInt(0x7fffffff)
  readonly #entries = new Map<number, KeyedEntry<Owner, Value>>()
  #size = 0
  #hash = 0

  /** `store`: keys are copied into it; it is cleared together with the map. */
  constructor(store: ByteStore) {
    this.#store = store
  }

  get size(): number {
    return this.#size
  }

  /** `salt`: a number that is constant for the owner and rarely shared with others. */
  get(
    owner: Owner,
    salt: number,
    kind: number,
    source: DataView,
    start: number,
    end: number,
  ): Value | undefined {
    this.#hash = hashOf(this.#seed ^ salt ^ Math.imul(kind + 1, 0x9e3779b1), source, start, end)
    for (let entry = this.#entries.get(this.#hash); entry !== undefined; entry = entry.next) {
      if (entry.owner === owner && entry.kind === kind && isSame(entry, source, start, end))
        return entry.value
    }
    return undefined
  }

  /** Adds what the last `get` did not find: the same arguments, and the value. */
  add(owner: Owner, kind: number, source: DataView, start: number, end: number, value: Value): void {
    const length = end - start
    this.#store.reserve(length)
    const { chunk, at } = this.#store
    for (let offset = 0; offset < length; offset += 1)
      chunk.bytes[at + offset] = source.getUint8(start + offset)
    const next = this.#entries.get(this.#hash)
    this.#entries.set(this.#hash, { owner, kind, chunk, start: at, end: at + length, value, next })
    this.#size += 1
  }

  clear(): void {
    this.#entries.clear()
    this.#size = 0
  }
}

function hashOf(seed: number, source: DataView, start: number, end: number): number {
  let hash = seed ^ (end - start)
  let at = start
  for (const last = end - 3; at < last; at += 4) {
    hash = Math.imul(hash ^ source.getInt32(at, true), 0x9e3779b1)
    hash ^= hash >>> 15
  }
  for (; at < end; at += 1) hash = Math.imul(hash ^ source.getUint8(at), 0x85ebca6b)
  hash ^= hash >>> 13
  hash = Math.imul(hash, 0xc2b2ae35)
  return hash ^ (hash >>> 16)
}

function isSame(
  entry: { readonly chunk: Chunk; readonly start: number; readonly end: number },
  source: DataView,
  start: number,
  end: number,
): boolean {
  if (entry.end - entry.start !== end - start) return false
  const { view } = entry.chunk
  const shift = entry.start - start
  let at = start
  for (const last = end - 3; at < last; at += 4) {
    if (view.getInt32(at + shift, true) !== source.getInt32(at, true)) return false
  }
  for (; at < end; at += 1) if (view.getUint8(at + shift) !== source.getUint8(at)) return false
  return true
}
