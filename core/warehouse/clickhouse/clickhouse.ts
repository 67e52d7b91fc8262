import { setTimeout as delay } from 'node:timers/promises'
import { WattlineError } from '../../catalogue/errors/errors.ts'
import type { Events } from '../../catalogue/events/events.ts'
import type { StreamDeclaration } from '../../model/streams/stream.ts'
import type { Dialect } from '../ddl.ts'
import { clusterDialect, SERVER_DIALECT } from '../ddl-cluster.ts'
import {
  engineCode,
  insertError,
  isLoginFault,
  messageOf,
  ownQueryError,
  queryError,
} from '../engine-errors.ts'
import { existingTables } from '../existing.ts'
import { SEES_SETTING, SERVER_KEY, seesAll } from '../policies.ts'
import { Pool } from '../pool.ts'
import type { FencedQuery, FencedResult, QueryParam, Retention, Statements, Warehouse } from '../warehouse.ts'
import { type ClickHouseLogin, connect, timed } from './connection.ts'
import { type Endpoint, Endpoints, isServerTrouble } from './endpoints.ts'
import { runFenced } from './fenced.ts'
import { type InsertContext, insertRecord } from './insert-record.ts'
import { migrate } from './migrate.ts'
import { assertHeld, findPolicies, heldQuestion } from './row-policies.ts'
import { UnfitServerError } from './server-facts.ts'
import { assertOne, findShards } from './shards.ts'

/** How ClickHouse servers are reached and used. */
export interface ClickHouseWarehouseOptions extends ClickHouseLogin {
  /** `http://host:8123` or `https://host:8443`; several lead to one server, or to those of a cluster. */
  readonly urls: readonly string[]
  /** As in system.clusters: tables are spread over its shards and replicated within them. `urls` name a server of each. */
  readonly cluster?: string | undefined
  readonly events: Events
  /** Longest wait for the answer to an insert; 20 s when absent, well below what a processor may be silent for. */
  readonly insertTimeoutMs?: number
  /** Draws the server that is asked first, so that processes spread over them; Math.random when absent. */
  readonly random?: () => number
  /** How long the start waits for a server that answers; 20 s when absent. */
  readonly startTimeoutMs?: number
}

const INSERT_TIMEOUT_MS = 20_000
const START_TIMEOUT_MS = 20_000
const START_PAUSE_MS = 500
const QUERY_TIMEOUT_MS = 60_000
const STATEMENT_TIMEOUT_MS = 180_000
/** Inserts of this process at one time: what waits here is not on its way, and no timer runs on it. */
const MOST_INSERTS = 8
/** For so long a server is trusted to have the row policies that it had. */
const POLICIES_MS = 10_000
/** Strangers' queries of this process at one time; the query server has its own, lower limit by tenant. */
const MOST_FENCED = 64

/**
 * Connects to ClickHouse: one server, or a cluster.
 * @throws warehouse_unavailable when none answers in time
 * @throws config_invalid when they refuse the user, or are of a version that cannot keep the promises
 */
export async function openClickHouseWarehouse(options: ClickHouseWarehouseOptions): Promise<Warehouse> {
  const cluster = options.cluster ?? null
  const first = Math.floor((options.random ?? Math.random)() * options.urls.length)
  const urls = [...options.urls.slice(first), ...options.urls.slice(0, first)]
  const servers = urls.map(url => ({ url, client: connect(url, options) }))
  const endpoints = new Endpoints(servers, cluster, options.events, Date.now)
  const deadline = Date.now() + (options.startTimeoutMs ?? START_TIMEOUT_MS)
  for (;;) {
    try {
      await endpoints.use(endpoint => endpoints.facts(endpoint))
      const shards = cluster === null ? await assertOne(endpoints) : await findShards(endpoints, cluster)
      const dialect = cluster === null ? SERVER_DIALECT : clusterDialect(cluster)
      const insertTimeoutMs = options.insertTimeoutMs ?? INSERT_TIMEOUT_MS
      return new ClickHouseWarehouse({ endpoints, dialect, shards, insertTimeoutMs, events: options.events })
    } catch (error) {
      const fatal = startProblem(error, options.user)
      if (fatal === null && Date.now() + START_PAUSE_MS < deadline) {
        await delay(START_PAUSE_MS)
        continue
      }
      await endpoints.close()
      throw fatal ?? ownQueryError(error)
    }
  }
}

/** What waiting does not mend. */
function startProblem(error: unknown, user: string): WattlineError | null {
  if (error instanceof WattlineError) return error.disposition === 'retry' ? null : error
  const cause = error instanceof Error && error.cause instanceof UnfitServerError ? error.cause : error
  if (cause instanceof UnfitServerError) {
    return new WattlineError('config_invalid', cause.message, { cause: error })
  }
  const code = engineCode(error)
  if (code !== null && isLoginFault(code)) {
    const words = `ClickHouse refuses the user ${user} (warehouse.user, warehouse.password): ${messageOf(error)}`
    return new WattlineError('config_invalid', words, { cause: error })
  }
  return code === null || isServerTrouble(error) ? null : ownQueryError(error)
}

interface ClickHouseParts {
  readonly endpoints: Endpoints
  readonly dialect: Dialect
  /** Names of all shards; none without a cluster. */
  readonly shards: readonly string[]
  readonly insertTimeoutMs: number
  readonly events: Events
}

class ClickHouseWarehouse implements Warehouse {
  readonly kind = 'clickhouse'
  readonly database: string
  readonly statements: Statements
  readonly #endpoints: Endpoints
  readonly #dialect: Dialect
  readonly #events: Events
  readonly #inserts: InsertContext
  readonly #inserting = new Map<string, Promise<void>>()
  readonly #insertSlots = new Pool(Array.from({ length: MOST_INSERTS }, () => null))
  readonly #fenced = new Set<AbortController>()
  readonly #held = new Map<Endpoint, { readonly held: Promise<void>; readonly atMs: number }>()
  #closed = false

  constructor({ endpoints, dialect, shards, insertTimeoutMs, events }: ClickHouseParts) {
    this.#events = events
    this.database = dialect.database
    this.#endpoints = endpoints
    this.#dialect = dialect
    this.statements = {
      dialect,
      query: (sql, params) => this.query(sql, params),
      run: statement => this.#run(statement),
    }
    this.#inserts = {
      endpoints,
      dialect,
      shards,
      now: Date.now,
      timeoutMs: insertTimeoutMs,
      doubts: new Map(),
    }
  }

  async migrate(streams: readonly StreamDeclaration[], retention: Retention): Promise<void> {
    await migrate({
      dialect: this.#dialect,
      existing: () => existingTables(this, this.#dialect.distributed?.cluster),
      policies: () => findPolicies(this, this.#dialect),
      run: statement => this.#run(statement),
      streams,
      retention,
    })
    this.#held.clear()
    if (this.#dialect.distributed === undefined) await this.#warnUnreplicated()
  }

  /** Its log of tokens is not written together with the rows, and lies where nobody here can repair it. */
  async #warnUnreplicated(): Promise<void> {
    const [plain] = await this.query<{ n: string }>(
      `SELECT count() AS n FROM system.tables
       WHERE database = {database:String} AND match(engine, '^(Aggregating|Replacing)?MergeTree$')`,
      { database: this.database },
    )
    const tables = Number(plain?.n ?? 0)
    if (tables > 0) this.#events.emit('warehouseUnreplicated', { tables })
  }

  async insert(stream: StreamDeclaration, record: Uint8Array, token: string): Promise<void> {
    this.#assertOpen()
    // The same token again waits for the one before it: there is nothing to gain from both.
    const before = this.#inserting.get(token)
    const inserting = (before ?? Promise.resolve())
      .catch(() => undefined)
      .then(() => this.#insert(stream, record, token))
    this.#inserting.set(token, inserting)
    try {
      await inserting
    } finally {
      if (this.#inserting.get(token) === inserting) this.#inserting.delete(token)
    }
  }

  async #insert(stream: StreamDeclaration, record: Uint8Array, token: string): Promise<void> {
    try {
      await this.#insertSlots.use(() => insertRecord(this.#inserts, stream, record, token))
    } catch (error) {
      throw insertError(error)
    }
  }

  async query<Row>(sql: string, params: Readonly<Record<string, QueryParam>> = {}): Promise<readonly Row[]> {
    this.#assertOpen()
    try {
      return await this.#endpoints.use(({ client }) =>
        timed(QUERY_TIMEOUT_MS, async abort_signal => {
          const result = await client.query({
            query: sql,
            query_params: params,
            format: 'JSONEachRow',
            clickhouse_settings: {
              ...querySettings(this.#dialect),
              [SEES_SETTING]: seesAll(SERVER_KEY),
              output_format_json_quote_64bit_integers: 1,
              wait_end_of_query: 1,
            },
            abort_signal,
          })
          return await result.json<Row>()
        }),
      )
    } catch (error) {
      throw ownQueryError(error)
    }
  }

  async fenced(request: FencedQuery): Promise<FencedResult> {
    this.#assertOpen()
    if (this.#fenced.size >= MOST_FENCED) {
      throw new WattlineError('too_many_queries', `${MOST_FENCED} queries are running.`)
    }
    const closing = new AbortController()
    this.#fenced.add(closing)
    const signal = AbortSignal.any([request.signal, closing.signal])
    const context = {
      database: this.database,
      settings: querySettings(this.#dialect),
      assertPolicies: (endpoint: Endpoint) => this.#assertPolicies(endpoint),
      release: () => this.#fenced.delete(closing),
    }
    try {
      return await this.#endpoints.use(async endpoint => {
        this.#fenced.add(closing)
        return await runFenced(context, endpoint, { ...request, signal })
      }, signal)
    } catch (error) {
      throw request.signal.aborted ? request.signal.reason : queryError(error)
    }
  }

  async ping(): Promise<void> {
    await this.query('SELECT 1')
  }

  async close(): Promise<void> {
    if (this.#closed) return
    this.#closed = true
    const closing = new WattlineError('warehouse_unavailable', 'The connection to ClickHouse is closed.')
    for (const query of this.#fenced) query.abort(closing)
    await this.#insertSlots.close()
    await this.#endpoints.close()
  }

  #assertOpen(): void {
    if (this.#closed) {
      throw new WattlineError('warehouse_unavailable', 'The connection to ClickHouse is closed.')
    }
  }

  async #run(statement: string): Promise<void> {
    try {
      await this.#endpoints.use(({ client }) =>
        timed(STATEMENT_TIMEOUT_MS, abort_signal =>
          client.command({ query: statement, clickhouse_settings: DDL_SETTINGS, abort_signal }),
        ),
      )
    } catch (error) {
      throw ownQueryError(error)
    }
  }

  async #assertPolicies(endpoint: Endpoint): Promise<void> {
    const now = Date.now()
    const known = this.#held.get(endpoint)
    if (known !== undefined && now - known.atMs < POLICIES_MS) return await known.held
    const mine = { held: this.#askPolicies(endpoint), atMs: now }
    this.#held.set(endpoint, mine)
    mine.held.catch(() => {
      if (this.#held.get(endpoint) === mine) this.#held.delete(endpoint)
    })
    return await mine.held
  }

  async #askPolicies({ client }: Endpoint): Promise<void> {
    const rows = await timed(QUERY_TIMEOUT_MS, async abort_signal => {
      const query = heldQuestion(this.#dialect)
      const result = await client.query({ query, format: 'JSONEachRow', abort_signal })
      return await result.json<{ held: number }>()
    })
    assertHeld(rows)
  }
}

/** A cluster's answer is that of all its shards, or none: a sum without one of them would look like any other. */
const querySettings = ({ distributed }: Dialect): Readonly<Record<string, string | number>> =>
  distributed === undefined ? {} : { skip_unavailable_shards: 0, distributed_product_mode: 'global' }

/** A server that is down gets the change when it is back: nobody waits for it for long, and nobody fails for it. */
const DDL_SETTINGS: Readonly<Record<string, string | number>> = {
  distributed_ddl_task_timeout: 30,
  distributed_ddl_output_mode: 'null_status_on_timeout',
}
