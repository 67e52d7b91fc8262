import { WattlineError } from '../../catalogue/errors/errors.ts'
import type { Events } from '../../catalogue/events/events.ts'
import type { StreamDeclaration } from '../../model/streams/stream.ts'
import { insertError, ownQueryError, queryError } from '../engine-errors.ts'
import { SEES_SETTING, SERVER_KEY, seesAll } from '../fence/policies.ts'
import { existingTables } from '../migration/existing.ts'
import { Pool } from '../pool.ts'
import type { Dialect, Retention } from '../tables/ddl.ts'
import type { FencedQuery, FencedResult, QueryParam, Statements, Warehouse } from '../warehouse.ts'
import { timed } from './connection.ts'
import type { Endpoint, Endpoints } from './endpoints.ts'
import { runFencedOnServer } from './fenced.ts'
import { type InsertContext, insertOnServers } from './insert-record.ts'
import { migrate, retryPassing } from './migrate.ts'
import { assertHeld, findPolicies, heldQuestion } from './row-policies.ts'

const QUERY_TIMEOUT_MS = 60_000
const STATEMENT_TIMEOUT_MS = 180_000
/** Concurrent inserts of this process: waiting ones are not in flight, and no timer runs on them. */
const MOST_INSERTS = 8
/** How long a server is assumed to still have its row policies. */
const POLICIES_MS = 10_000
/** Concurrent client queries of this process; the query server has its own, lower limit per tenant. */
const MOST_FENCED = 64

interface ClickHouseParts {
  readonly endpoints: Endpoints
  readonly dialect: Dialect
  /** Names of all shards; empty without a cluster. */
  readonly shards: readonly string[]
  readonly insertTimeoutMs: number
  readonly events: Events
}

/** The warehouse on ClickHouse servers, once one has answered. */
export class ClickHouseWarehouse implements Warehouse {
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
    if (this.#dialect.distributed === undefined) await retryPassing(() => this.#warnUnreplicated())
  }

  /** Warns that a server's token log is not written together with the rows, and that this process cannot repair it. */
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
    // A second insert with the same token waits for the first: running both gains nothing.
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
      await this.#insertSlots.use(() => insertOnServers(this.#inserts, stream, record, token))
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
      throw new WattlineError('too_many_queries', `The limit of ${MOST_FENCED} running queries is reached.`)
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
        return await runFencedOnServer(context, endpoint, { ...request, signal })
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

/** A query on a cluster covers all shards or fails: a sum that misses a shard would look like any other. */
const querySettings = ({ distributed }: Dialect): Readonly<Record<string, string | number>> =>
  distributed === undefined ? {} : { skip_unavailable_shards: 0, distributed_product_mode: 'global' }

/** A server that is down gets the change when it is back: no caller waits long for it, and none fails because of it. */
const DDL_SETTINGS: Readonly<Record<string, string | number>> = {
  distributed_ddl_task_timeout: 30,
  distributed_ddl_output_mode: 'null_status_on_timeout',
}
