import { mkdir, writeFile } from 'node:fs/promises'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { type ClickHouseClient, createClient } from '@clickhouse/client'
import { drainPending, Session } from 'chdb'
import { createChdbConnection } from 'chdb/connection'
import type { StreamDeclaration } from '../../model/streams/stream.ts'
import { traces } from '../../model/streams/traces.ts'
import { WattlineError } from '../../runtime/errors.ts'
import type { Events } from '../../runtime/events.ts'
import { quoteText } from '../column-types.ts'
import { LOCAL_DIALECT, qualified } from '../ddl.ts'
import { TRACE_INDEX } from '../ddl-derived.ts'
import { insertError, isBrokenDown, ownQueryError } from '../engine-errors.ts'
import { existingTables, fencedTables } from '../existing.ts'
import type { FencedTable } from '../fence.ts'
import { planMigration } from '../migration.ts'
import { Pool } from '../pool.ts'
import type {
  FencedQuery,
  FencedResult,
  FrozenTables,
  QueryParam,
  Retention,
  Warehouse,
} from '../warehouse.ts'
import { engineConfigXml } from './engine-config.ts'
import { FENCED_MARK, killUntil, runFenced } from './fenced.ts'
import { type ActiveTable, freezeTables, removeFrozen } from './freeze.ts'
import { InsertGate } from './insert-gate.ts'
import { insertRecord } from './insert-record.ts'
import { RecordFiles } from './record-files.ts'
import { repairTokens } from './token-repair.ts'

export interface EmbeddedWarehouseOptions {
  /** Folder of the engine; created when it is not there. One process at a time: the caller holds the lock. */
  readonly path: string
  /** Memory that the engine may hold over all queries, inserts and merges. */
  readonly maxMemoryBytes: number
  readonly events: Events
  /** Default true. False only to show what a crash does without the repair. */
  readonly repairTokens?: boolean
  /** Told, once, that the engine has broken down: only another process can open it again. */
  readonly onBrokenDown?: (error: unknown) => void
}

/** Inserts at one time: two keep two cores busy; more only wait for each other. */
const INSERT_SESSIONS = 2
/** Queries of our own at one time. */
const QUERY_SESSIONS = 4
/**
 * Fenced queries at one time, those included whose readers pause. The query server shares them out fairly; this bound only
 * keeps a mistake there from taking the engine down.
 */
const FENCED_SESSIONS = 128
/** Of the engine's memory, so that one statement never starves inserts and merges. */
const QUERY_MEMORY_SHARE = 0.5

/**
 * Opens chDB, the ClickHouse engine in this process. One data folder per process: a second one is refused until the
 * first is closed.
 *
 * Set `UV_THREADPOOL_SIZE` to 48 before the process starts: every query and insert that works, 31 at most, holds a thread
 * of that pool, and files and the log need some too.
 * @throws data_unusable when the folder cannot be used
 */
export async function openEmbeddedWarehouse(options: EmbeddedWarehouseOptions): Promise<Warehouse> {
  const enginePath = join(options.path, 'engine')
  const configFile = join(options.path, 'engine.xml')
  try {
    await mkdir(enginePath, { recursive: true })
    await writeFile(configFile, engineConfigXml(options))
    await removeFrozen(enginePath)
    const files = await RecordFiles.open(join(options.path, 'incoming'))
    const repaired = options.repairTokens === false ? 0 : await repairTokens(enginePath)
    const onRepaired = (amount: number): void => options.events.emit('tokensRepaired', { amount })
    if (repaired > 0) onRepaired(repaired)
    // Engine-wide arguments count for the first session alone, which therefore stays open until the end.
    const control = new Session(enginePath, { connectionArgs: [`--config-file=${configFile}`] })
    return new EmbeddedWarehouse(enginePath, control, files, options, onRepaired)
  } catch (error) {
    throw new WattlineError('data_unusable', `The engine cannot open ${options.path}: ${String(error)}`, {
      cause: error,
    })
  }
}

type ClientConnection = NonNullable<NonNullable<Parameters<typeof createClient>[0]>['connection']>

/** The two packages declare the same interface twice, each with a private class of its own: hence the cast. */
const embeddedClient = (path: string): ClickHouseClient =>
  createClient({ connection: createChdbConnection({ path }) as unknown as ClientConnection })

/** Every table that an insert into the stream's table writes to. */
const tablesBehind = ({ table }: StreamDeclaration): readonly string[] =>
  table === undefined ? [] : table.name === traces.table?.name ? [table.name, TRACE_INDEX] : [table.name]

class EmbeddedWarehouse implements Warehouse {
  readonly kind = 'embedded'
  readonly database = LOCAL_DIALECT.database
  readonly #path: string
  readonly #files: RecordFiles
  readonly #maxQueryBytes: number
  /** For statements that must never wait behind others: KILL QUERY, ping. */
  readonly #control: Pool<Session>
  readonly #inserts: Pool<Session>
  readonly #queries: Pool<ClickHouseClient>
  readonly #fenced = new Set<Session>()
  /** Sessions that were closed over a query. */
  readonly #cut = new WeakSet<Session>()
  readonly #gate: InsertGate
  #onBrokenDown: ((error: unknown) => void) | undefined
  #tables: readonly FencedTable[] | null = null
  #closed = false

  constructor(
    path: string,
    control: Session,
    files: RecordFiles,
    { maxMemoryBytes, onBrokenDown }: EmbeddedWarehouseOptions,
    onRepaired: (amount: number) => void,
  ) {
    this.#maxQueryBytes = Math.floor(maxMemoryBytes * QUERY_MEMORY_SHARE)
    this.#onBrokenDown = onBrokenDown
    this.#path = path
    this.#files = files
    this.#control = new Pool(1, () => control)
    this.#inserts = new Pool(INSERT_SESSIONS, () => new Session(path))
    this.#queries = new Pool(QUERY_SESSIONS, () => embeddedClient(path))
    this.#gate = new InsertGate({
      path,
      run: statement => this.#run(statement),
      folderOf: table => this.#folderOf(table),
      qualified: table => qualified(LOCAL_DIALECT, table),
      endReaders: () => this.#endFenced(),
      repaired: onRepaired,
    })
  }

  async migrate(streams: readonly StreamDeclaration[], retention: Retention): Promise<void> {
    const existing = await existingTables(this)
    for (const statement of planMigration(streams, retention, existing, LOCAL_DIALECT)) {
      await this.#run(statement)
    }
    this.#tables = null
  }

  async insert(stream: StreamDeclaration, record: Uint8Array, token: string): Promise<void> {
    try {
      await this.#files.with(record, file =>
        this.#gate.insert(tablesBehind(stream), () =>
          this.#inserts.use(session => insertRecord(session, stream, file, token)),
        ),
      )
    } catch (error) {
      this.#notice(error)
      throw insertError(error)
    }
  }

  async query<Row>(sql: string, params: Readonly<Record<string, QueryParam>> = {}): Promise<readonly Row[]> {
    await this.#gate.whole()
    return await this.#query(sql, params)
  }

  async #query<Row>(sql: string, params: Readonly<Record<string, QueryParam>>): Promise<readonly Row[]> {
    try {
      return await this.#queries.use(async client => {
        const result = await client.query({
          query: sql,
          query_params: params,
          format: 'JSONEachRow',
          clickhouse_settings: { output_format_json_quote_64bit_integers: 1 },
        })
        return await result.json<Row>()
      })
    } catch (error) {
      this.#notice(error)
      throw ownQueryError(error)
    }
  }

  async fenced(request: FencedQuery): Promise<FencedResult> {
    await this.#gate.whole()
    this.#tables ??= await fencedTables(this)
    const tables = this.#tables
    // No waiting between these checks and the session, or more than the bound would pass, or one outlive the engine.
    if (this.#closed) throw new WattlineError('warehouse_unavailable', 'The embedded engine is closed.')
    if (this.#fenced.size >= FENCED_SESSIONS) {
      throw new WattlineError('too_many_queries', `${FENCED_SESSIONS} queries are running.`, {
        retryAfterSeconds: 1,
      })
    }
    const session = new Session(this.#path)
    this.#fenced.add(session)
    return await runFenced(
      {
        database: this.database,
        tables,
        threads: Math.max(1, Math.floor(availableParallelism() / 2)),
        maxQueryBytes: this.#maxQueryBytes,
        session,
        release: () => {
          this.#fenced.delete(session)
          session.close()
        },
        cut: () => this.#cut.has(session),
        kill: (prefix: string) => this.#kill(prefix),
      },
      request,
    )
  }

  async freeze(id: string, folder: string, meanwhile: () => Promise<void>): Promise<FrozenTables> {
    const engine = {
      path: this.#path,
      run: (statement: string) => this.#run(statement),
      tables: () => this.#activeTables(),
      qualified: (table: string) => qualified(LOCAL_DIALECT, table),
    }
    return await this.#gate.hold(() => freezeTables(engine, id, folder, meanwhile))
  }

  #activeTables(): Promise<readonly ActiveTable[]> {
    return this.#query(
      `SELECT name, toString(uuid) AS uuid,
         toFloat64(if(engine = 'MergeTree', ifNull(total_rows, 0), least(1, ifNull(total_rows, 0)))) AS rows
       FROM system.tables WHERE database = {database:String} AND endsWith(engine, 'MergeTree') ORDER BY name`,
      { database: this.database },
    )
  }

  async ping(): Promise<void> {
    await this.#run('SELECT 1')
  }

  async close(): Promise<void> {
    if (this.#closed) return
    this.#closed = true
    await this.#endFenced()
    for (const client of await this.#queries.close()) await client.close()
    for (const session of await this.#inserts.close()) session.close()
    for (const session of await this.#control.close()) session.close()
    // Closing returns before the engine has let go of the folder.
    await drainPending()
  }

  async #endFenced(): Promise<void> {
    await killUntil(
      () => this.#fenced.size === 0,
      () => this.#kill(FENCED_MARK),
    )
    for (const session of this.#fenced) {
      this.#cut.add(session)
      session.close()
    }
  }

  async #folderOf(table: string): Promise<string | null> {
    const [row] = await this.#query<{ folder: string }>(
      `SELECT arrayJoin(data_paths) AS folder FROM system.tables
       WHERE database = {database:String} AND name = {table:String}`,
      { database: this.database, table },
    )
    return row?.folder ?? null
  }

  #notice(error: unknown): void {
    if (!isBrokenDown(error)) return
    this.#onBrokenDown?.(error)
    this.#onBrokenDown = undefined
  }

  async #run(statement: string): Promise<void> {
    try {
      await this.#control.use(session => session.queryAsync(statement))
    } catch (error) {
      this.#notice(error)
      throw ownQueryError(error)
    }
  }

  /**
   * Never with SYNC: waiting for the query to end hangs in the embedded engine. And never with a bound value: it does
   * not reach the inner SELECT of KILL, which then finds nothing and says nothing.
   */
  async #kill(prefix: string): Promise<void> {
    await this.#control.use(session =>
      session.queryAsync(`KILL QUERY WHERE startsWith(query, ${quoteText(prefix)}) ASYNC`),
    )
  }
}
