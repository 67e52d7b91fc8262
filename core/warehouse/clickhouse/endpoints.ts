import type { ClickHouseClient } from '@clickhouse/client'
import { WattlineError } from '../../catalogue/errors/errors.ts'
import type { Events } from '../../catalogue/events/events.ts'
import { backoffMs } from '../../runtime/backoff.ts'
import { engineCode, isServerFault, messageOf } from '../engine-errors.ts'
import { readFacts, type ServerFacts, UnfitServerError } from './server-facts.ts'

/** One server, identified by its address. */
export interface Endpoint {
  readonly url: string
  readonly client: ClickHouseClient
}

interface Health {
  failures: number
  /** Not used before this time while another server is available. */
  retryAtMs: number
}

const FIRST_RETRY_MS = 500
const MAX_RETRY_MS = 30_000
/** A server that has been silent for this long gets a small query before it gets a record. */
const SILENT_MS = 10_000

/**
 * The servers to choose from. The current one is kept while it answers, so that a reader sees earlier writes. When it
 * fails, the next one takes its place, and it is tried again after a delay that doubles.
 */
export class Endpoints {
  readonly all: readonly Endpoint[]
  readonly #cluster: string | null
  readonly #events: Events
  readonly #now: () => number
  readonly #health = new Map<Endpoint, Health>()
  readonly #shards = new Map<Endpoint, string | null>()
  readonly #facts = new Map<Endpoint, { readonly facts: Promise<ServerFacts>; heardAtMs: number }>()
  #only: { readonly endpoint: Endpoint; readonly uuid: string } | null = null
  /** By group: the servers of a shard, for inserts; '' for all servers. */
  readonly #current = new Map<string, Endpoint>()

  constructor(all: readonly Endpoint[], cluster: string | null, events: Events, now: () => number) {
    if (all.length === 0) throw new TypeError('no server')
    this.all = all
    this.#cluster = cluster
    this.#events = events
    this.#now = now
  }

  /**
   * In the order to try: the preferred one, the current one, those believed healthy, then the others, longest silent
   * first.
   */
  candidates(preferred?: Endpoint, group = ''): readonly Endpoint[] {
    const now = this.#now()
    const retryAt = (endpoint: Endpoint): number => this.#health.get(endpoint)?.retryAtMs ?? 0
    const well = this.all.filter(endpoint => retryAt(endpoint) <= now)
    const ill = this.all.filter(endpoint => retryAt(endpoint) > now).sort((a, b) => retryAt(a) - retryAt(b))
    const current = this.#current.get(group)
    const inUse = current !== undefined && well.includes(current) ? [current] : []
    return [...new Set([...(preferred === undefined ? [] : [preferred]), ...inUse, ...well, ...ill])]
  }

  /**
   * Properties of a server. Queried again after a failure or silence, so that dead servers are found before they get a
   * record.
   */
  async facts(endpoint: Endpoint): Promise<ServerFacts> {
    const known = this.#facts.get(endpoint)
    if (known !== undefined && this.#now() - known.heardAtMs < SILENT_MS) return await known.facts
    const asked = { facts: readFacts(endpoint.client, this.#cluster), heardAtMs: this.#now() }
    this.#facts.set(endpoint, asked)
    try {
      const facts = await asked.facts
      this.#assertSame(endpoint, facts)
      this.#shards.set(endpoint, facts.place?.shard ?? null)
      return facts
    } catch (error) {
      if (this.#facts.get(endpoint) === asked) this.#facts.delete(endpoint)
      throw error
    }
  }

  /** Without a cluster there is no replication: a second server would store again what the first one stored. */
  #assertSame(endpoint: Endpoint, { uuid }: ServerFacts): void {
    if (this.#cluster !== null) return
    this.#only ??= { endpoint, uuid }
    if (this.#only.uuid === uuid) return
    const [first, second] = [this.#only.endpoint, endpoint].map(({ url }) => new URL(url).host)
    throw new UnfitServerError(
      `${first} and ${second} are two different ClickHouse servers. Configure one of them, or set warehouse.cluster to the cluster they belong to.`,
    )
  }

  /** The shard of a server when last queried; undefined: it has never answered. */
  shard(endpoint: Endpoint): string | null | undefined {
    return this.#shards.get(endpoint)
  }

  succeeded(endpoint: Endpoint, group = ''): void {
    this.#health.delete(endpoint)
    this.#current.set(group, endpoint)
    const known = this.#facts.get(endpoint)
    if (known !== undefined) known.heardAtMs = this.#now()
  }

  failed(endpoint: Endpoint, error: unknown): void {
    this.#facts.delete(endpoint)
    const health = this.#health.get(endpoint)
    // Concurrent requests fail together and count as one failure.
    if (health !== undefined && health.retryAtMs > this.#now()) return
    const failures = (health?.failures ?? 0) + 1
    const wait = backoffMs(failures - 1, FIRST_RETRY_MS, MAX_RETRY_MS)
    this.#health.set(endpoint, { failures, retryAtMs: this.#now() + wait })
    this.#events.emit('warehouseServerFailed', { server: endpoint.url, attempt: failures }, error)
  }

  /**
   * Runs a job that may be repeated on any server, on one server after another until one succeeds. Once more on the
   * same one if the connection was reset: the server may have closed an idle one at the moment when it was used.
   * @throws the job's error if it is not the server's fault, otherwise the last server's error
   */
  async use<Result>(job: (endpoint: Endpoint) => Promise<Result>, signal?: AbortSignal): Promise<Result> {
    let last: unknown
    for (const endpoint of this.candidates()) {
      try {
        const result = await job(endpoint).catch(error => {
          if (signal?.aborted === true || !wasReset(error)) throw error
          return job(endpoint)
        })
        this.succeeded(endpoint)
        return result
      } catch (error) {
        if (signal?.aborted === true || !isServerTrouble(error)) throw error
        this.failed(endpoint, error)
        last = withAddress(error, endpoint)
      }
    }
    throw last
  }

  async close(): Promise<void> {
    await Promise.all(this.all.map(endpoint => endpoint.client.close()))
  }
}

/** No answer, an answer that is not ClickHouse's, or ClickHouse's statement that this server currently cannot. */
export function isServerTrouble(error: unknown): boolean {
  if (error instanceof WattlineError) return false
  const code = engineCode(error)
  return code === null || isServerFault(code)
}

const wasReset = (error: unknown): boolean =>
  error instanceof Error && ['ECONNRESET', 'EPIPE'].includes(String(Reflect.get(error, 'code')))

/** Adds the server's address to errors that are not the engine's own. */
export function withAddress(error: unknown, { url }: Endpoint): unknown {
  if (engineCode(error) !== null) return error
  const { host } = new URL(url)
  const code = error instanceof Error ? Reflect.get(error, 'code') : undefined
  const message = messageOf(error).trim() || String(code ?? 'no connection')
  return new Error(`ClickHouse at ${host}: ${message.slice(0, 300)}`, { cause: error })
}
