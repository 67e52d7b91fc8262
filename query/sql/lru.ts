/** A map of limited weight that evicts the least recently used entries. */
interface Lru<Value> {
  get(key: string): Value | undefined
  set(key: string, value: Value): void
  readonly size: number
  /** Total weight of the entries in bytes. */
  readonly bytes: number
}

/** Weight of an entry in addition to its key and value. */
const ENTRY_BYTES = 200

/** An entry that alone exceeds the limit is not stored. Keys count two bytes per character, values as `weigh` says. */
export function createLru<Value>(maxBytes: number, weigh: (value: Value) => number): Lru<Value> {
  const entries = new Map<string, { readonly value: Value; readonly bytes: number }>()
  let held = 0
  const remove = (key: string): void => {
    held -= entries.get(key)?.bytes ?? 0
    entries.delete(key)
  }
  return {
    get(key) {
      const entry = entries.get(key)
      if (entry === undefined) return undefined
      entries.delete(key)
      entries.set(key, entry)
      return entry.value
    },
    set(key, value) {
      remove(key)
      const bytes = ENTRY_BYTES + 2 * key.length + weigh(value)
      if (bytes > maxBytes) return
      entries.set(key, { value, bytes })
      held += bytes
      while (held > maxBytes) {
        const [oldest] = entries.keys()
        if (oldest === undefined) return
        remove(oldest)
      }
    },
    get size() {
      return entries.size
    },
    get bytes() {
      return held
    },
  }
}
