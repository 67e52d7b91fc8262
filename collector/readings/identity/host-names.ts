/**
 * Host names whose id is known in this process, so that readings with only the name go to the same host at once. This
 * is only a shortcut of this process: the meter joins the rest (docs/adr/0037-one-thing-one-name.md).
 */

/** What is known of a tenant's host name. Series with only the name hold a reference, and check it each time. */
export interface KnownName {
  /** The machine with that name; null: none has sent it yet, or two have. */
  id: string | null
  isShared: boolean
}

/** Number of remembered names; further ones are left to the meter. */
const MOST_NAMES = 100_000

/** Host ids by tenant and host name, learnt from readings with both. */
export class KnownHostNames {
  readonly #names = new Map<string, KnownName>()

  /** Null: too many names are known. */
  of(tenant: string, name: string): KnownName | null {
    const key = `${tenant}\u0000${name}`
    const known = this.#names.get(key)
    if (known !== undefined) return known
    if (this.#names.size >= MOST_NAMES) return null
    const made = { id: null, isShared: false }
    this.#names.set(key, made)
    return made
  }

  /** A machine with this id has this name. Two machines with one name cannot be distinguished here. */
  learn(tenant: string, name: string, id: string): void {
    if (name === '' || name === id) return
    const known = this.of(tenant, name)
    if (known === null || known.isShared || known.id === id) return
    known.isShared = known.id !== null
    known.id = known.isShared ? null : id
  }
}
