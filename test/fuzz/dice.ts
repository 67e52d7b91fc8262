/**
 * Random numbers of one case: they depend only on the run's seed and the case's number, so that any case can be
 * reproduced.
 */
export class Dice {
  #state = 0

  start(seed: number, index: number): void {
    this.#state = (Math.imul(seed, 0x9e3779b1) ^ Math.imul(index + 1, 0x85ebca6b)) >>> 0
    this.#next()
  }

  /** From 0 to below `bound`. */
  below(bound: number): number {
    return Math.floor((this.#next() / 4_294_967_296) * bound)
  }

  /** True once in `n` times. */
  once(times: number): boolean {
    return this.below(times) === 0
  }

  pick<T>(values: readonly T[]): T {
    return values[this.below(values.length)]!
  }

  bytes(target: Uint8Array): Uint8Array {
    for (let at = 0; at < target.length; at += 1) target[at] = this.#next() >>> 24
    return target
  }

  /** mulberry32 */
  #next(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0
    const state = this.#state
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return (mixed ^ (mixed >>> 14)) >>> 0
  }
}
