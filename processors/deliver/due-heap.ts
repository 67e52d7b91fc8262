/** A binary heap of what is due: the first to be due is at hand, in the order of places where several are due at the same time. */

interface Due {
  readonly dueMs: number
  readonly place: string
}

/** Adding and taking cost the logarithm of the size. */
export class DueHeap<Item extends Due = Due> {
  readonly #items: Item[] = []

  /** The first to be due; undefined: there is none. */
  get first(): Item | undefined {
    return this.#items[0]
  }

  /** In no order. */
  get all(): readonly Item[] {
    return this.#items
  }

  add(item: Item): void {
    const items = this.#items
    let at = items.length
    items.push(item)
    while (at > 0) {
      const parent = (at - 1) >> 1
      if (!isBefore(item, items[parent]!)) break
      items[at] = items[parent]!
      at = parent
    }
    items[at] = item
  }

  /** Removes the first to be due; null: there is none. */
  take(): Item | null {
    const items = this.#items
    const first = items[0]
    const last = items.pop()
    if (first === undefined || last === undefined) return null
    if (items.length > 0) this.#sink(last)
    return first
  }

  /** Puts an item at the top, and moves it down to its place. */
  #sink(item: Item): void {
    const items = this.#items
    let at = 0
    for (;;) {
      let child = 2 * at + 1
      if (child >= items.length) break
      if (child + 1 < items.length && isBefore(items[child + 1]!, items[child]!)) child += 1
      if (!isBefore(items[child]!, item)) break
      items[at] = items[child]!
      at = child
    }
    items[at] = item
  }
}

const isBefore = (a: Due, b: Due): boolean => a.dueMs < b.dueMs || (a.dueMs === b.dueMs && a.place < b.place)
