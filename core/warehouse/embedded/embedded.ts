import { randomBytes } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { drainPending, Session } from 'chdb'
import { WattlineError } from '../../catalogue/errors/errors.ts'
import type { Events } from '../../catalogue/events/events.ts'
import type { StreamDeclaration } from '../../model/streams/stream.ts'
import { traces } from '../../model/streams/traces.ts'
import { makeFolder } from '../../runtime/make-folder.ts'
import { quoteText } from '../column-types.ts'
import { LOCAL_DIALECT, qualified } from '../ddl.ts'
import { TRACE_INDEX } from '../ddl-derived.ts'
import { insertError, isBrokenDown, ownQueryError } from '../engine-errors.ts'
import { existingTables } from '../existing.ts'
import { planMigration } from '../migration.ts'
import { OWNED_TABLES } from '../owned-tables.ts'
import { rowPolicies, SEES_SETTING, seesAll } from '../policies.ts'
import { Pool } from '../pool.ts'
import type {
  FencedQuery,
  FencedResult,
  FrozenTables,
  QueryParam,
  Retention,
  Statements,
  Warehouse,
} from '../warehouse.ts'
import { AnswerPipes } from './answer-pipes.ts'
import { paramAssignments } from './bound.ts'
import { Custody, type CustodyOptions, openWatched } from './custody.ts'
import { engineConfigXml } from './engine-config.ts'
import { engineUsersXml } from './engine-users.ts'
import { FENCED_MARK, killUntil, runFenced } from './fenced.ts'
import { FencedSessions } from './fenced-sessions.ts'
import { type ActiveTable, freezeTables, removeFrozen } from './freeze.ts'
import { insertRecord } from './insert-record.ts'
import { InsertRepair } from './insert-repair.ts'
import { KeptTables } from './kept-tables.ts'
import { RecordFiles } from './record-files.ts'
import { repairTokens } from './token-repair.ts'

/** How the engine in this process (chDB) is opened. */
export interface EmbeddedWarehouseOptions {
  /** Folder of the engine; created when it is not there. One process at a time: the caller holds the lock. */
  readonly path: string
  /** Memory that the engine may hold over all queries, inserts and merges. */
  readonly maxMemoryBytes: number
  readonly events: Events
  /** Default true. False only to show what a crash does without the repair. */
  readonly repairTokens?: boolean
  /** Longest wait for what runs when it is closed; 10 s when absent. */
  readonly closeTimeoutMs?: number
  /** Told, once, that the engine has broken down: only another process can open it again. */
  readonly onBrokenDown?: (error: unknown) => void
  /** What has an eye on the engine's files. Default: nobody has. */
  readonly custody?: CustodyOptions
}

/** Inserts at one time: two keep two cores busy; more only wait for each other. */
const INSERT_SESSIONS = 2
/** Queries of our own at one time. */
const QUERY_SESSIONS = 4
/**
 * Fenced queries at one time, those included whose readers pause: each holds a thread of the pool for as long. The query
 * server shares them out fairly; this bound keeps a mistake there from taking the engine down.
 */
const FENCED_SESSIONS = 128
/** Threads of the pool that are left to all else: inserts, queries of our own, files. */
const OTHER_THREADS = 16
/** Longest wait for what runs when the engine is closed. */
const CLOSE_MS = 10_000
/** Of the engine's memory, so that one statement never starves inserts and merges. */
const QUERY_MEMORY_SHARE = 0.5

/** As many as the pool of threads has room for, which is made before this is asked. */
function fencedSessions(): number {
  const threads = Number(process.env['UV_THREADPOOL_SIZE'] ?? 4)
  return Math.min(FENCED_SESSIONS, Math.max(1, threads - OTHER_THREADS))
}

/**
 * Opens chDB, the ClickHouse engine in this process. One data folder per process: a second one is refused until the
 * first is closed.
 *
 * Set `UV_THREADPOOL_SIZE` to 144 before the process starts: every query and insert holds a thread of that pool while it
 * works, and a fenced query until its answer has been read; files and the log need some too.
 * @throws data_unusable when the folder cannot be used
 */
export async function openEmbeddedWarehouse(options: EmbeddedWarehouseOptions): Promise<Warehouse> {
  const enginePath = join(options.path, 'engine')
  const configFile = join(options.path, 'engine.xml')
  const usersFile = join(options.path, 'users.xml')
  const key = randomBytes(16).toString('hex')
  try {
    makeFolder(enginePath)
    await writeFile(configFile, engineConfigXml({ ...options, usersFile }))
    await writeFile(usersFile, engineUsersXml(LOCAL_DIALECT.database, rowPolicies(OWNED_TABLES, key)), {
      mode: 0o600,
    })
    await removeFrozen(enginePath)
    const files = await RecordFiles.open(join(options.path, 'incoming'))
    const pipes = await AnswerPipes.open(join(options.path, 'answers'), fencedSessions())
    const onRepaired = (amount: number): void => options.events.emit('tokensRepaired', { amount })
    const custody =
      options.custody === undefined ? null : new Custody(enginePath, options.custody, options.events)
    const first = await openWatched(custody, async () => {
      const repaired = options.repairTokens === false ? 0 : await repairTokens(enginePath)
      if (repaired > 0) onRepaired(repaired)
      // Engine-wide arguments count for the first session alone, which therefore stays open until the end.
      return new Session(enginePath, { connectionArgs: [`--config-file=${configFile}`] })
    })
    const own = async (session: Session): Promise<Session> => {
      const sees = `${SEES_SETTING} = ${quoteText(seesAll(key))}`
      await session.queryAsync(`SET ${sees}, output_format_json_quote_64bit_integers = 1`)
      return session
    }
    const more = (count: number): Promise<readonly Session[]> =>
      Promise.all(Array.from({ length: count }, () => own(new Session(enginePath))))
    return new EmbeddedWarehouse({
      path: enginePath,
      key,
      control: await own(first),
      inserts: await more(INSERT_SESSIONS),
      queries: await more(QUERY_SESSIONS),
      files,
      pipes,
      options,
      onRepaired,
      custody,
    })
  } catch (error) {
    if (error instanceof WattlineError) throw error
    throw new WattlineError(
      'data_unusable',
      `The engine cannot open the tables in ${options.path}, which may hold rows that the log has no more: ${String(error)}`,
      {
        cause: error,
      },
    )
  }
}

interface EmbeddedParts {
  readonly path: string
  /** What the setting of the row policies begins with, until the engine is closed. */
  readonly key: string
  readonly control: Session
  readonly inserts: readonly Session[]
  readonly queries: readonly Session[]
  readonly files: RecordFiles
  readonly pipes: AnswerPipes
  readonly options: EmbeddedWarehouseOptions
  readonly onRepaired: (amount: number) => void
  readonly custody: Custody | null
}

/** Every table that an insert into the stream's table writes to. */
const tablesBehind = ({ table }: StreamDeclaration): readonly string[] =>
  table === undefined ? [] : table.name === traces.table?.name ? [table.name, TRACE_INDEX] : [table.name]

class EmbeddedWarehouse implements Warehouse {
  readonly kind = 'embedded'
  readonly database = LOCAL_DIALECT.database
  readonly statements: Statements = {
    dialect: LOCAL_DIALECT,
    query: (sql, params) => this.query(sql, params),
    run: statement => this.#run(statement),
  }
  readonly #path: string
  readonly #key: string
  readonly #files: RecordFiles
  readonly #pipes: AnswerPipes
  readonly #sessions: FencedSessions
  readonly #closeTimeoutMs: number
  readonly #maxQueryBytes: number
  /** For statements that must never wait behind others: KILL QUERY, ping. */
  readonly #control: Pool<Session>
  readonly #inserts: Pool<Session>
  readonly #queries: Pool<Session>
  readonly #fenced = new Set<AbortController>()
  readonly #gate: InsertRepair
  readonly files?: KeptTables
  #onBrokenDown: ((error: unknown) => void) | undefined
  #closing: Promise<void> | undefined

  constructor(parts: EmbeddedParts) {
    const { path, key, control, inserts, queries, files, pipes, options, onRepaired, custody } = parts
    this.#maxQueryBytes = Math.floor(options.maxMemoryBytes * QUERY_MEMORY_SHARE)
    this.#onBrokenDown = options.onBrokenDown
    this.#path = path
    this.#key = key
    this.#files = files
    this.#pipes = pipes
    this.#closeTimeoutMs = options.closeTimeoutMs ?? CLOSE_MS
    this.#sessions = new FencedSessions(path)
    this.#control = new Pool([control])
    this.#inserts = new Pool(inserts)
    this.#queries = new Pool(queries)
    this.#gate = new InsertRepair({
      path,
      run: statement => this.#run(statement),
      folderOf: table => this.#folderOf(table),
      qualified: table => qualified(LOCAL_DIALECT, table),
      endReaders: () => this.#endFenced(),
      repaired: onRepaired,
    })
    if (custody === null) return
    this.files = new KeptTables(path, custody, {
      database: this.database,
      query: (sql, params) => this.query(sql, params),
      run: statement => this.#run(statement),
      folderOf: table => this.#folderOf(table),
    })
  }

  async migrate(streams: readonly StreamDeclaration[], retention: Retention): Promise<void> {
    const existing = await existingTables(this)
    for (const statement of planMigration(streams, retention, existing, LOCAL_DIALECT)) {
      await this.#run(statement)
    }
    await this.files?.migrated()
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
    const values = paramAssignments(params)
    const bound = values.length === 0 ? '' : `SET ${values.join(', ')}; `
    try {
      return await this.#queries.use(async session => {
        const result = await session.queryAsync(`${bound}${sql}`, { format: 'JSONEachRow' })
        return result
          .text()
          .split('\n')
          .flatMap(line => (line === '' ? [] : [JSON.parse(line) as Row]))
      })
    } catch (error) {
      this.#notice(error)
      throw ownQueryError(error)
    }
  }

  async fenced(request: FencedQuery): Promise<FencedResult> {
    await this.#gate.whole()
    // No waiting between these checks and the session, or more than the bound would pass, or one outlive the engine.
    if (this.#closing !== undefined) throw closedError()
    const pipe = this.#pipes.take()
    if (pipe === undefined) {
      throw new WattlineError('too_many_queries', 'As many queries run as the engine has room for.', {
        retryAfterSeconds: 1,
      })
    }
    const session = this.#sessions.take(request.params)
    const ending = new AbortController()
    const givenBack = Promise.withResolvers<void>()
    request.onTaken?.(givenBack.promise)
    this.#fenced.add(ending)
    return await runFenced(
      {
        database: this.database,
        key: this.#key,
        threads: Math.max(1, Math.floor(availableParallelism() / 2)),
        maxQueryBytes: this.#maxQueryBytes,
        session,
        pipe,
        release: () => {
          this.#fenced.delete(ending)
          this.#pipes.give(pipe)
          if (ending.signal.aborted || request.signal.aborted) session.close()
          else this.#sessions.give(session, request.params)
          givenBack.resolve()
        },
        kill: (prefix: string) => this.#kill(prefix),
      },
      { ...request, signal: AbortSignal.any([request.signal, ending.signal]) },
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

  /** Resolves in bounded time, whatever the engine does: the process must be able to end. */
  close(): Promise<void> {
    this.#closing ??= within(this.#closeTimeoutMs, this.#close())
    return this.#closing
  }

  async #close(): Promise<void> {
    await this.files?.close()
    await this.#endFenced()
    this.#sessions.close()
    for (const session of await this.#queries.close()) session.close()
    for (const session of await this.#inserts.close()) session.close()
    for (const session of await this.#control.close()) session.close()
    // Closing returns before the engine has let go of the folder.
    await drainPending()
  }

  /** Ends strangers' queries, or gives up after a second: some work looks at nothing before it is done. */
  async #endFenced(): Promise<void> {
    for (const query of this.#fenced) query.abort(overClosed())
    await killUntil(
      () => this.#fenced.size === 0,
      () => this.#kill(FENCED_MARK),
    )
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

const closedError = (): WattlineError =>
  new WattlineError('warehouse_unavailable', 'The embedded engine is closed.')

const overClosed = (): WattlineError =>
  new WattlineError('warehouse_unavailable', 'The engine was closed over the query.')

async function within(ms: number, work: Promise<void>): Promise<void> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<void>(resolve => {
    timer = setTimeout(resolve, ms)
  })
  try {
    await Promise.race([work, late])
  } finally {
    clearTimeout(timer)
  }
}
