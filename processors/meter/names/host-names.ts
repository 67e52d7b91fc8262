/**
 * Which machine a name stands for. A sender that knows a machine's id (`host.id`, the sensors' machine id) also says its
 * name; others (Kepler's `node_name`, Kubernetes' `node`, DCGM's `Hostname`) know the name alone. Both are one host, or its
 * energy counts twice.
 *
 * Readings are kept by host, so the two may lie in different partitions: the worker that hears of an id with its name tells
 * the partition of the name, through the log, and tells it again every hour. There, what comes under the name alone is
 * passed on to the id. Two ids that claim one name at a time are two machines of one name: then nothing is joined. An address
 * may stand for a node, and the node for a machine: what is passed on may be passed on again (core/books/host-join.ts). The
 * configuration may say both, that a name stands for a host and that it stands for itself.
 *
 * Minutes that were booked under the name already must not be booked again under the id: the first time, the partition of
 * the name answers up to where it has booked, and until then no window of a new host is closed.
 */
import { isCloudId } from '../../../core/books/host-ids.ts'
import {
  type HostClaim,
  type HostRules,
  type HostStep,
  sameMachine,
  stepOf,
} from '../../../core/books/host-join.ts'
import { hostKey } from '../samples/keys.ts'

/** Value of the header `kind` of a record that tells names. */
export const NAMES_KIND = 'names'
/** Value of the header `kind` of a record of readings that came under a name alone, under the host's id now. */
export const JOINED_KIND = 'joined'
/** Value of the header `kind` of a record that answers a claim. */
export const BOOKED_KIND = 'booked'

/** A host of this id says that it has this name. */
export interface Claim {
  readonly tenant: string
  readonly name: string
  readonly host: string
  /** The host is known by a name itself: see core/books/host-join.ts. */
  readonly alias?: true
  /** It is to be answered. */
  readonly asks?: true
  /** The host has turned out to be another machine's id: it has this name no longer. */
  readonly gone?: true
}

/** Up to where windows stand in the ledger under a host's name; null: none do. */
export interface BookedName {
  readonly tenant: string
  readonly name: string
  readonly host: string
  readonly before: number | null
}

interface Claimed {
  readonly host: string
  readonly alias?: true
  /** When it was last announced, by the timestamp of the log. */
  readonly atMs: number
}

interface Announced {
  readonly name: string
  readonly atMs: number
  /** It has not been answered. */
  readonly waits?: true
}

const ANNOUNCE_EVERY_MS = 3_600_000
/** A claim this much older than the newest one of its name comes from a machine that is gone. */
const STALE_MS = 3 * ANNOUNCE_EVERY_MS
/** Who waits for an answer waits no longer: the partition of the name stands still. */
const LONGEST_WAIT_MS = ANNOUNCE_EVERY_MS
/** Claims kept of one name; further machines with that name are not distinguished. */
const MOST_CLAIMS = 4
/** Names of one host that are announced in turn. */
const MOST_NAMES = 8

const CLAIMS = '\u0000claims\u0000'
const ANNOUNCED = '\u0000told\u0000'

/** State entries that have changed, for the step; null: gone. */
export type Changes = Map<string, Uint8Array | null>

/**
 * Which ids claim which names, and which names were announced. `stored`: the worker's state, others' entries included.
 */
export class HostNameClaims {
  /** By host key of the name. */
  readonly #claims = new Map<string, readonly Claimed[]>()
  /** By host key of the id, the newest last: containers of one machine id may each say a name of their own. */
  readonly #announced = new Map<string, readonly Announced[]>()

  readonly #rules: HostRules

  constructor(stored: ReadonlyMap<string, Uint8Array>, rules: HostRules) {
    this.#rules = rules
    for (const [key, bytes] of stored) {
      const into = key.startsWith(CLAIMS) ? this.#claims : key.startsWith(ANNOUNCED) ? this.#announced : null
      const prefix = into === this.#claims ? CLAIMS : ANNOUNCED
      into?.set(key.slice(prefix.length), JSON.parse(Buffer.from(bytes).toString()) as never)
    }
  }

  /** Whether no name stands for another: nothing else need be asked then. */
  get isEmpty(): boolean {
    return this.#claims.size === 0 && Object.keys(this.#rules.aliases).length === 0
  }

  /** The claim to announce for a host's name now; null: none is due. */
  toAnnounce({ tenant, host, name, alias }: Claim, nowMs: number, changes: Changes): Claim | null {
    if (name === '' || name === host || this.#rules.separate.includes(name)) return null
    const key = hostKey(tenant, host)
    const announced = this.#announced.get(key) ?? []
    if (announced.some(one => one.name === name && nowMs < one.atMs + ANNOUNCE_EVERY_MS)) return null
    const before = announced.find(one => one.name === name)
    const isFirst = before === undefined || before.waits === true
    const next: Announced = isFirst ? { name, atMs: nowMs, waits: true } : { name, atMs: nowMs }
    const now = [...announced.filter(one => one.name !== name), next].slice(-MOST_NAMES)
    this.#announced.set(key, now)
    changes.set(ANNOUNCED + key, bytesOf(now))
    const claim: Claim = alias === true ? { tenant, name, host, alias } : { tenant, name, host }
    return isFirst ? { ...claim, asks: true } : claim
  }

  /** A claim of a host was answered. */
  answered({ tenant, name, host }: BookedName, changes: Changes): void {
    const key = hostKey(tenant, host)
    const announced = this.#announced.get(key)
    if (announced === undefined) return
    const now = announced.map(one => (one.name === name ? { name, atMs: one.atMs } : one))
    this.#announced.set(key, now)
    changes.set(ANNOUNCED + key, bytesOf(now))
  }

  /** Whether a host that says this name waits to hear what was booked under a name of its own. `nowMs` 0: unknown. */
  awaits(tenant: string, host: string, name: string, nowMs: number): boolean {
    if (name === '' || name === host || nowMs <= 0) return false
    const announced = this.#announced.get(hostKey(tenant, host))
    // It will be announced when the record in hand is done with.
    if (announced === undefined) return true
    return announced.every(({ waits, atMs }) => waits === true && nowMs < atMs + LONGEST_WAIT_MS)
  }

  claim({ tenant, name, host, alias }: Claim, atMs: number, changes: Changes): void {
    const key = hostKey(tenant, name)
    const others = (this.#claims.get(key) ?? []).filter(
      one => one.host !== host && one.atMs > atMs - STALE_MS,
    )
    const claim: Claimed = alias === true ? { host, atMs, alias } : { host, atMs }
    const claims = [claim, ...others].slice(0, MOST_CLAIMS)
    this.#claims.set(key, claims)
    changes.set(CLAIMS + key, bytesOf(claims))
  }

  /** Takes a claim back. */
  withdraw({ tenant, name, host }: Claim, changes: Changes): void {
    const key = hostKey(tenant, name)
    const claims = (this.#claims.get(key) ?? []).filter(one => one.host !== host)
    this.#claims.set(key, claims)
    changes.set(CLAIMS + key, bytesOf(claims))
  }

  /** Names that a host has announced, and that it announces no longer. */
  takeAnnounced(tenant: string, host: string, changes: Changes): readonly string[] {
    const key = hostKey(tenant, host)
    const announced = this.#announced.get(key) ?? []
    const [ids, names] = [true, false].map(isId => announced.filter(({ name }) => isCloudId(name) === isId))
    if (names!.length === 0) return []
    this.#announced.set(key, ids!)
    changes.set(ANNOUNCED + key, bytesOf(ids))
    return names!.map(({ name }) => name)
  }

  /** What claims of a name say of the hosts that made them: core/books/host-join.ts. */
  sameMachine({ tenant, name }: Claim): readonly HostClaim[] {
    const claims = this.#claims.get(hostKey(tenant, name)) ?? []
    return sameMachine(
      name,
      claims.map(({ host, alias }) => ({ host, isAlias: alias === true })),
    )
  }

  /** Ids that claim a name. One: it is that host. Several: machines of one name. */
  claimants(tenant: string, name: string): readonly string[] {
    return (this.#claims.get(hostKey(tenant, name)) ?? []).map(({ host }) => host)
  }

  /** Where readings under `host` go; null: they stay. `isAlone`: they say no other name of it. */
  stepOf(tenant: string, host: string, isAlone: boolean): HostStep | null {
    const claims = this.#claims.get(hostKey(tenant, host)) ?? []
    const claimants = claims.map(one => ({ host: one.host, isAlias: one.alias === true }))
    return stepOf(host, isAlone, claimants, this.#rules)
  }

  /** Forgets all names of a tenant. */
  erase(tenant: string, changes: Changes): void {
    const prefix = hostKey(tenant, '')
    for (const [kind, names] of [
      [ANNOUNCED, this.#announced],
      [CLAIMS, this.#claims],
    ] as const) {
      for (const key of names.keys()) {
        if (!key.startsWith(prefix)) continue
        names.delete(key)
        changes.set(kind + key, null)
      }
    }
  }

  /** Forgets hosts and names last announced before `oldestMs`. */
  forget(oldestMs: number, changes: Changes): void {
    for (const [key, announced] of this.#announced) {
      if (announced.some(({ atMs }) => atMs >= oldestMs)) continue
      this.#announced.delete(key)
      changes.set(ANNOUNCED + key, null)
    }
    for (const [key, claims] of this.#claims) {
      if (claims.some(({ atMs }) => atMs >= oldestMs)) continue
      this.#claims.delete(key)
      changes.set(CLAIMS + key, null)
    }
  }
}

const bytesOf = (value: unknown): Uint8Array => Buffer.from(JSON.stringify(value))
