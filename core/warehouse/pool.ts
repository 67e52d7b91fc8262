import { WattlineError } from '../catalogue/errors/errors.ts'

/**
 * A bounded set of items that do one job at a time, such as engine sessions. Waiters are served in order. Jobs are
 * never started after `close`, which waits for running ones.
 */
export class Pool<Item> {
  readonly #all: readonly Item[]
  readonly #free: Item[]
  readonly #waiting: { readonly take: (item: Item) => void; readonly refuse: (error: Error) => void }[] = []
  readonly #running = new Set<Promise<unknown>>()
  #closed = false

  constructor(items: readonly Item[]) {
    this.#all = items
    this.#free = [...items]
  }

  /** Runs `job` with exclusive use of an item. */
  async use<Result>(job: (item: Item) => Promise<Result>): Promise<Result> {
    const item = await this.#take()
    const running = job(item)
    this.#running.add(running)
    try {
      return await running
    } finally {
      this.#running.delete(running)
      this.#give(item)
    }
  }

  /** Refuses waiters, waits for running jobs, and returns the items for disposal. */
  async close(): Promise<readonly Item[]> {
    this.#closed = true
    for (const waiter of this.#waiting.splice(0)) waiter.refuse(closedError())
    await Promise.allSettled(this.#running)
    return this.#all
  }

  #take(): Promise<Item> {
    if (this.#closed) return Promise.reject(closedError())
    const item = this.#free.pop()
    if (item !== undefined) return Promise.resolve(item)
    return new Promise((take, refuse) => this.#waiting.push({ take, refuse }))
  }

  #give(item: Item): void {
    const next = this.#waiting.shift()
    if (next === undefined) this.#free.push(item)
    else next.take(item)
  }
}

const closedError = (): WattlineError =>
  new WattlineError('warehouse_unavailable', 'The warehouse is closed.')
