import { seededRandom } from '../../support/random.ts'

/** Seeded choices. */
export class Draw {
  readonly #next: () => number

  constructor(seed: number) {
    this.#next = seededRandom(seed)
  }

  of<T>(list: readonly T[]): T {
    const found = list[Math.floor(this.#next() * list.length)]
    if (found === undefined) throw new Error('There is nothing to choose from.')
    return found
  }

  chance(probability: number): boolean {
    return this.#next() < probability
  }

  /** 0 to `limit` - 1. */
  below(limit: number): number {
    return Math.floor(this.#next() * limit)
  }

  /** Up to `most`, each once. */
  some<T>(list: readonly T[], most: number): readonly T[] {
    return [...new Set(Array.from({ length: this.below(most + 1) }, () => this.of(list)))]
  }

  /** Calls one of the functions. */
  call<T>(makers: readonly (() => T)[]): T {
    return this.of(makers)()
  }

  /** A query string of the parameters that are given, each with this probability. */
  parameters(all: Readonly<Record<string, () => string>>, probability: number): URLSearchParams {
    const query = new URLSearchParams()
    for (const [name, make] of Object.entries(all)) if (this.chance(probability)) query.append(name, make())
    return query
  }
}
