/**
 * The hosts of a tenant whose meters spoke lately, remembered between pages: the readings of a day lie by host, so that
 * finding all hosts of five minutes reads a good part of the day. Pages of one tenant share one look, each look asks for what
 * was read since the last one, and only now and then for all of it.
 */
import { MOST_HOSTS_READ } from './statements.ts'

/** How long a host is listed after its last reading. */
export const HOSTS_SINCE_MS = 300_000
/** A new host appears after at most this long, unless it is the first one. Pages ask every five seconds. */
const FRESH_MS = 29_000
const FIRST_MS = 4_000
/** Readings arrive some time after they were taken. */
const OVERLAP_MS = 30_000
/** Those that came later than that are found then. */
const WHOLE_EVERY_MS = 300_000
/** Of tenants whose pages are closed, the oldest are forgotten. */
const MOST_TENANTS = 1_000

/** A row of `hostsStatement`. */
export interface SeenHost {
  readonly host: string
  readonly host_name: string
  /** Unix milliseconds. */
  readonly last_ms: string
  /** Null, absent: its clock is right, as far as is known. */
  readonly clock_offset_ms?: number | null
}

interface KnownHost {
  readonly name: string
  readonly lastMs: number
  readonly clockOffsetMs: number | null
}

interface TenantHosts {
  readonly hosts: Map<string, KnownHost>
  lookedMs: number
  wholeMs: number
  /** The look that is under way: others wait for it. */
  look: Promise<void> | undefined
}

type LookForHosts = (sinceMs: number) => Promise<readonly SeenHost[]>

/** One for a process. Pages of a tenant share its hosts and its queries. */
export class KnownHosts {
  readonly #tenants = new Map<string, TenantHosts>()

  /** By name. `look` asks the warehouse for hosts seen since then, the newest of them. */
  async find(
    tenant: string,
    nowMs: number,
    look: LookForHosts,
  ): Promise<readonly Omit<SeenHost, 'last_ms'>[]> {
    const known = this.#of(tenant)
    // The look of another page may fail with that page: then this one looks itself.
    if (known.look !== undefined) await known.look.catch(() => undefined)
    const freshMs = known.hosts.size === 0 ? FIRST_MS : FRESH_MS
    if (nowMs - known.lookedMs >= freshMs || nowMs < known.lookedMs) {
      known.look ??= this.#look(known, nowMs, look).finally(() => {
        known.look = undefined
      })
      await known.look
    }
    return [...known.hosts]
      .map(([host, { name, clockOffsetMs }]) => ({ host, host_name: name, clock_offset_ms: clockOffsetMs }))
      .toSorted((a, b) => order(a.host_name, b.host_name) || order(a.host, b.host))
  }

  async #look(known: TenantHosts, nowMs: number, look: LookForHosts): Promise<void> {
    const isWhole = nowMs - known.wholeMs >= WHOLE_EVERY_MS || nowMs < known.wholeMs
    const earliest = nowMs - HOSTS_SINCE_MS
    const sinceMs = isWhole ? earliest : Math.max(earliest, known.lookedMs - OVERLAP_MS)
    for (const { host, host_name: name, last_ms: last, clock_offset_ms: clockOffsetMs = null } of await look(
      sinceMs,
    )) {
      const lastMs = Number(last)
      if (lastMs >= (known.hosts.get(host)?.lastMs ?? 0))
        known.hosts.set(host, { name, lastMs, clockOffsetMs })
    }
    for (const [host, { lastMs }] of known.hosts) if (lastMs < earliest) known.hosts.delete(host)
    this.#bound(known)
    known.lookedMs = nowMs
    if (isWhole) known.wholeMs = nowMs
  }

  /** However many hosts a tenant makes up, as many are remembered as one look reads. */
  #bound({ hosts }: TenantHosts): void {
    if (hosts.size <= MOST_HOSTS_READ) return
    const oldest = [...hosts].toSorted(([, a], [, b]) => a.lastMs - b.lastMs)
    for (const [host] of oldest.slice(0, hosts.size - MOST_HOSTS_READ)) hosts.delete(host)
  }

  #of(tenant: string): TenantHosts {
    const known = this.#tenants.get(tenant) ?? {
      hosts: new Map(),
      lookedMs: Number.NEGATIVE_INFINITY,
      wholeMs: Number.NEGATIVE_INFINITY,
      look: undefined,
    }
    // Put back at the end: the first is the one that was asked for longest ago.
    this.#tenants.delete(tenant)
    this.#tenants.set(tenant, known)
    const [first] = this.#tenants.keys()
    if (this.#tenants.size > MOST_TENANTS && first !== undefined) this.#tenants.delete(first)
    return known
  }
}

const order = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)
