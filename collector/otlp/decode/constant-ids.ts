import type { Interner } from '../../../core/columns/interner.ts'

/** Dictionary ids of a fixed list of texts, each interned when first used. Valid for one request. */
export class ConstantIds {
  readonly #values: Interner
  readonly #texts: readonly string[]
  readonly #ids: Int32Array

  constructor(values: Interner, texts: readonly string[]) {
    this.#values = values
    this.#texts = texts
    this.#ids = new Int32Array(texts.length).fill(-1)
  }

  /** The id of text number `index`; of '' when there is no such text. */
  at(index: number): number {
    const known = this.#ids[index]
    if (known === undefined) return this.#values.internString('')
    if (known >= 0) return known
    const id = this.#values.internString(this.#texts[index]!)
    this.#ids[index] = id
    return id
  }
}
