/**
 * The hosts of a tenant with recent readings, cached between pages. The readings of a day are sorted by host, so
 * finding all hosts of five minutes reads a good part of the day. Pages of one tenant share each query; a query asks
 * only for readings since the last one, and only now and then for all of them.
 */
import { MOST_HOSTS_READ } from './statements.ts'

/** How long a host is listed after its last reading. */
export const HOSTS_SINCE_MS = 300_000
/** A new host appears after at most this long, unless it is the first one. Pages query every five seconds. */
const FRESH_MS = 29_000
const FIRST_MS = 4_000
/** Readings arrive some time after they were taken. */
const OVERLAP_MS = 30_000
/** Readings that arrived later than that are found then. */
const WHOLE_EVERY_MS = 300_000
/** Tenants whose pages are closed are forgotten, oldest first. */
const MOST_TENANTS = 1_000

/** A row of `hostsStatement`. */
export interface SeenHost {
  readonly host: string
  /** '' if no reading of its own is known. */
  readonly host_name: string
  /** Further names that it is said to have. */
  readonly aliases?: readonly string[]
  /** Unix milliseconds. */
  readonly last_ms: string
  /** Null or absent: its clock is right, as far as is known. */
  readonly clock_offset_ms?: number | null
}

interface KnownHost {
  readonly name: string
  readonly aliases: readonly string[]
  readonly lastMs: number
  readonly clockOffsetMs: number | null
}

interface TenantHosts {
  readonly hosts: Map<string, KnownHost>
  /** As pages get them; null: since the last look nobody has asked. */
  sorted: readonly Omit<SeenHost, 'last_ms'>[] | null
  lookedMs: number
  wholeMs: number
  /** The running query, for which others wait. */
  look: Promise<void> | undefined
}

type LookForHosts = (sinceMs: number) => Promise<readonly SeenHost[]>

/** One per process. Pages of a tenant share its hosts and its queries. */
export class KnownHosts {
  readonly #tenants = new Map<string, TenantHosts>()

  /** Sorted by name, and the same array until there was another look. `look` queries the warehouse for hosts with readings since a time, newest first. */
  async find(
    tenant: string,
    nowMs: number,
    look: LookForHosts,
  ): Promise<readonly Omit<SeenHost, 'last_ms'>[]> {
    const known = this.#of(tenant)
    // The query of another page may fail with that page: then this one sends its own.
    if (known.look !== undefined) await known.look.catch(() => undefined)
    const freshMs = known.hosts.size === 0 ? FIRST_MS : FRESH_MS
    if (nowMs - known.lookedMs >= freshMs || nowMs < known.lookedMs) {
      known.look ??= this.#look(known, nowMs, look).finally(() => {
        known.look = undefined
      })
      await known.look
    }
    known.sorted ??= sortedHosts(known.hosts)
    return known.sorted
  }

  async #look(known: TenantHosts, nowMs: number, look: LookForHosts): Promise<void> {
    const isWhole = nowMs - known.wholeMs >= WHOLE_EVERY_MS || nowMs < known.wholeMs
    const earliest = nowMs - HOSTS_SINCE_MS
    const sinceMs = isWhole ? earliest : Math.max(earliest, known.lookedMs - OVERLAP_MS)
    for (const seen of await look(sinceMs)) {
      const {
        host,
        host_name: name,
        aliases = [],
        last_ms: last,
        clock_offset_ms: clockOffsetMs = null,
      } = seen
      const before = known.hosts.get(host)
      const lastMs = Number(last)
      if (lastMs < (before?.lastMs ?? 0)) continue
      // A short look may find only one kind of what is known of it.
      const said = aliases.length > 0 ? aliases : (before?.aliases ?? [])
      known.hosts.set(host, { name: name || (before?.name ?? ''), aliases: said, lastMs, clockOffsetMs })
    }
    for (const [host, { lastMs }] of known.hosts) if (lastMs < earliest) known.hosts.delete(host)
    this.#bound(known)
    known.sorted = null
    known.lookedMs = nowMs
    if (isWhole) known.wholeMs = nowMs
  }

  /** However many hosts a tenant invents, no more are cached than one query reads. */
  #bound({ hosts }: TenantHosts): void {
    if (hosts.size <= MOST_HOSTS_READ) return
    const oldest = [...hosts].toSorted(([, a], [, b]) => a.lastMs - b.lastMs)
    for (const [host] of oldest.slice(0, hosts.size - MOST_HOSTS_READ)) hosts.delete(host)
  }

  #of(tenant: string): TenantHosts {
    const known = this.#tenants.get(tenant) ?? {
      hosts: new Map(),
      sorted: null,
      lookedMs: Number.NEGATIVE_INFINITY,
      wholeMs: Number.NEGATIVE_INFINITY,
      look: undefined,
    }
    // Moved to the end: the first is the one that was used longest ago.
    this.#tenants.delete(tenant)
    this.#tenants.set(tenant, known)
    const [first] = this.#tenants.keys()
    if (this.#tenants.size > MOST_TENANTS && first !== undefined) this.#tenants.delete(first)
    return known
  }
}

const sortedHosts = (hosts: ReadonlyMap<string, KnownHost>): readonly Omit<SeenHost, 'last_ms'>[] =>
  [...hosts]
    .map(([host, { name, aliases, clockOffsetMs }]) => ({
      host,
      host_name: name,
      aliases,
      clock_offset_ms: clockOffsetMs,
    }))
    .toSorted((a, b) => order(a.host_name, b.host_name) || order(a.host, b.host))

const order = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)
