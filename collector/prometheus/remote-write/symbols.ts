import { decodeUtf8 } from '../../../core/columns/utf8.ts'

const FIRST_CAPACITY = 256

/** The symbol table of a 2.0 request, as positions in the body. */
export class SymbolTable {
  readonly #bytes: Uint8Array
  readonly #reserve: (bytes: number) => void
  #places = new Int32Array(2 * FIRST_CAPACITY)
  count = 0

  /** `reserve` is called before the table grows: a symbol may take two bytes of the body, but takes eight here. */
  constructor(bytes: Uint8Array, reserve: (bytes: number) => void) {
    this.#bytes = bytes
    this.#reserve = reserve
  }

  add(from: number, to: number): void {
    const at = this.count * 2
    if (at === this.#places.length) {
      this.#reserve(this.#places.byteLength)
      const larger = new Int32Array(this.#places.length * 2)
      larger.set(this.#places)
      this.#places = larger
    }
    this.#places[at] = from
    this.#places[at + 1] = to
    this.count += 1
  }

  from(ref: number): number {
    return this.#places[ref * 2]!
  }

  to(ref: number): number {
    return this.#places[ref * 2 + 1]!
  }

  text(ref: number): string {
    return decodeUtf8(this.#bytes, this.from(ref), this.to(ref))
  }
}
