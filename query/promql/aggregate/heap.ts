/**
 * The heap of `topk` and `bottomk`. Among equal values it decides which stay, so it must work as the heap of Go's library does: where a
 * value goes up, which child it goes down to, and that a value that is not less stays.
 */
export class RowHeap {
  readonly #values: number[] = []
  readonly #rows: number[] = []
  /** 1: the least is at the top; -1: the largest. NaN is at the top of both. */
  readonly #sign: 1 | -1

  constructor(sign: 1 | -1) {
    this.#sign = sign
  }

  get size(): number {
    return this.#rows.length
  }

  #isLess(a: number, b: number): boolean {
    const left = this.#values[a] ?? 0
    return Number.isNaN(left) || this.#sign * left < this.#sign * (this.#values[b] ?? 0)
  }

  #swap(a: number, b: number): void {
    const [value, row] = [this.#values[a] ?? 0, this.#rows[a] ?? 0]
    this.#values[a] = this.#values[b] ?? 0
    this.#rows[a] = this.#rows[b] ?? 0
    this.#values[b] = value
    this.#rows[b] = row
  }

  push(value: number, row: number): void {
    this.#values.push(value)
    this.#rows.push(row)
    let at = this.size - 1
    for (;;) {
      const parent = Math.trunc((at - 1) / 2)
      if (parent === at || !this.#isLess(at, parent)) return
      this.#swap(parent, at)
      at = parent
    }
  }

  /** Replaces the top if the value is better than it. */
  offer(value: number, row: number): void {
    const top = this.#values[0] ?? 0
    const isBetter = this.#sign * top < this.#sign * value || (Number.isNaN(top) && !Number.isNaN(value))
    if (!isBetter) return
    this.#values[0] = value
    this.#rows[0] = row
    this.#sink()
  }

  #sink(): void {
    let at = 0
    for (;;) {
      const left = 2 * at + 1
      if (left >= this.size) return
      const right = left + 1
      const child = right < this.size && this.#isLess(right, left) ? right : left
      if (!this.#isLess(child, at)) return
      this.#swap(at, child)
      at = child
    }
  }

  /** The rows from the best to the worst. */
  sorted(): readonly number[] {
    const order = this.#rows.map((_, at) => at)
    const rank = (at: number): number => this.#values[at] ?? 0
    order.sort((a, b) => {
      const [left, right] = [rank(a), rank(b)]
      const [noLeft, noRight] = [Number.isNaN(left), Number.isNaN(right)]
      if (noLeft || noRight) return Number(noLeft) - Number(noRight)
      return this.#sign * (right - left) || (left < right ? this.#sign : left > right ? -this.#sign : 0)
    })
    return order.map(at => this.#rows[at] ?? 0)
  }

  get rows(): readonly number[] {
    return this.#rows
  }
}
