/** Records of the log by key that each stand for one thing, decoded once. */
export class Kept<T> {
  readonly #isMine: (key: string) => boolean
  readonly #decode: (value: Uint8Array) => T | null
  readonly #byKey = new Map<string, T>()
  #values: readonly T[] = []

  /** @param decode gives null for a thing that was taken out of force */
  constructor(isMine: (key: string) => boolean, decode: (value: Uint8Array) => T | null) {
    this.#isMine = isMine
    this.#decode = decode
  }

  /** Takes a record in place of the one before it with its key; false where it is none of these. */
  take(key: string, value: Uint8Array): boolean {
    if (!this.#isMine(key)) return false
    const one = this.#decode(value)
    if (one === null) this.#byKey.delete(key)
    else this.#byKey.set(key, one)
    this.#values = [...this.#byKey.values()]
    return true
  }

  /** All that are in force; the same object as before where nothing was taken. */
  values(): readonly T[] {
    return this.#values
  }
}
