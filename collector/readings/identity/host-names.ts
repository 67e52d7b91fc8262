/**
 * Names of machines whose id has been heard of here, so that what says the name alone goes to the same host at once. Only a
 * shortcut of this process: the meter joins what it misses (docs/adr/0037-one-thing-one-name.md).
 */

/** What is known of a name of a tenant's. Held by the series that say the name alone, which look at it each time. */
export interface KnownName {
  /** The machine of that name; null: no machine has said so, or two have. */
  id: string | null
  isShared: boolean
}

/** Names that are remembered; others are left to the meter. */
const MOST_NAMES = 100_000

/** Host ids by tenant and host name, learnt from readings that carry both. */
export class KnownHostNames {
  readonly #names = new Map<string, KnownName>()

  /** Null: too many are known. */
  of(tenant: string, name: string): KnownName | null {
    const key = `${tenant}\u0000${name}`
    const known = this.#names.get(key)
    if (known !== undefined) return known
    if (this.#names.size >= MOST_NAMES) return null
    const made = { id: null, isShared: false }
    this.#names.set(key, made)
    return made
  }

  /** A machine of this id says that it has this name. Two of one name cannot be distinguished here. */
  learn(tenant: string, name: string, id: string): void {
    if (name === '' || name === id) return
    const known = this.of(tenant, name)
    if (known === null || known.isShared || known.id === id) return
    known.isShared = known.id !== null
    known.id = known.isShared ? null : id
  }
}
