/**
 * Host names whose machine is known in this process, so that readings with only the name go to the same host at once. This
 * is only a shortcut of this process: the meter joins the rest, by the same rules (core/books/host-join.ts,
 * docs/adr/0037-one-thing-one-name.md).
 */
import { MOST_STEPS } from '../../../core/books/host-join.ts'

/** What is known of a tenant's host name. Series with only the name hold a reference, and check it each time. */
export interface KnownName {
  /** The machine with that name; null: none has sent it yet, or two have. */
  id: string | null
  /** That host is known by a name itself, such as the node that has an address. */
  isAlias: boolean
  isShared: boolean
}

/** The host of readings that say only a name, and what that follows from. */
export interface NamedHost {
  readonly host: string
  readonly hostName: string
  readonly via: readonly KnownName[]
  /** The machine of each of them when it was asked. */
  readonly ids: readonly (string | null)[]
}

/** Number of remembered names; further ones are left to the meter. */
const MOST_NAMES = 100_000

/** Host ids by tenant and host name, learnt from readings with both. */
export class KnownHostNames {
  readonly #names = new Map<string, KnownName>()
  readonly #separate: ReadonlySet<string>

  /** `separate`: names that stand for no other host. */
  constructor(separate: readonly string[] = []) {
    this.#separate = new Set(separate)
  }

  /** Null: too many names are known. */
  #of(tenant: string, name: string): KnownName | null {
    const key = `${tenant}\u0000${name}`
    const known = this.#names.get(key)
    if (known !== undefined) return known
    if (this.#names.size >= MOST_NAMES || this.#separate.has(name)) return null
    const made = { id: null, isAlias: false, isShared: false }
    this.#names.set(key, made)
    return made
  }

  /** The host of readings that say only this name. */
  find(tenant: string, name: string): NamedHost {
    const via: KnownName[] = []
    let [host, hostName] = [name, name]
    while (via.length < MOST_STEPS) {
      const known = this.#of(tenant, host)
      if (known === null) break
      via.push(known)
      if (known.id === null || known.id === name) break
      hostName = known.isAlias ? known.id : host
      host = known.id
      if (!known.isAlias) break
    }
    return { host, hostName, via, ids: via.map(({ id }) => id) }
  }

  /** A machine with this id has this name. Two machines with one name cannot be distinguished here. */
  learn(tenant: string, name: string, id: string, isAlias = false): void {
    if (name === '' || name === id) return
    const known = this.#of(tenant, name)
    if (known === null || known.isShared) return
    if (known.id === id) {
      known.isAlias &&= isAlias
      return
    }
    known.isShared = known.id !== null
    known.id = known.isShared ? null : id
    known.isAlias = isAlias
  }
}

/** Whether a name means another host since then. */
export const isOutdated = ({ via, ids }: NamedHost): boolean => via.some((known, at) => known.id !== ids[at])
