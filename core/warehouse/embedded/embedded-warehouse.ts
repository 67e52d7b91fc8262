import { availableParallelism } from 'node:os'
import { drainPending, type Session } from 'chdb'
import { WattlineError } from '../../catalogue/errors/errors.ts'
import type { Events } from '../../catalogue/events/events.ts'
import type { StreamDeclaration } from '../../model/streams/stream.ts'
import { traces } from '../../model/streams/traces.ts'
import { insertError } from '../engine-errors.ts'
import { existingTables } from '../migration/existing.ts'
import { planMigration } from '../migration/migration.ts'
import { Pool } from '../pool.ts'
import type { Retention } from '../tables/ddl.ts'
import { LOCAL_DIALECT, qualified } from '../tables/ddl.ts'
import { TRACE_INDEX } from '../tables/ddl-derived.ts'
import type {
  FencedQuery,
  FencedResult,
  FrozenTables,
  QueryParam,
  Statements,
  Warehouse,
} from '../warehouse.ts'
import type { AnswerPipes } from './answer-pipes.ts'
import type { Custody, CustodyOptions } from './custody.ts'
import { FENCED_MARK, killUntil, runFenced } from './fenced.ts'
import { FencedSessions } from './fenced-sessions.ts'
import { freezeTables } from './freeze.ts'
import { insertRecord } from './insert-record.ts'
import { InsertRepair } from './insert-repair.ts'
import { KeptTables } from './kept-tables.ts'
import { OwnStatements } from './own-statements.ts'
import type { RecordFiles } from './record-files.ts'

/** How to open the engine in this process (chDB). */
export interface EmbeddedWarehouseOptions {
  /** Folder of the engine; created if missing. One process at a time: the caller holds the lock. */
  readonly path: string
  /** Memory limit of the engine over all queries, inserts and merges. */
  readonly maxMemoryBytes: number
  readonly events: Events
  /** Default true. False only to show the effect of a crash without the repair. */
  readonly repairTokens?: boolean
  /** How long closing waits for running work; default 10 s. */
  readonly closeTimeoutMs?: number
  /** Called once when the engine has broken down: only another process can open it again. */
  readonly onBrokenDown?: (error: unknown) => void
  /** Watches the engine's files. Default: nothing does. */
  readonly custody?: CustodyOptions
}

/** How long closing the engine waits for running work. */
const CLOSE_MS = 10_000
/** Share of the engine's memory for one statement, so that it never starves inserts and merges. */
const QUERY_MEMORY_SHARE = 0.5

/** The parts of an opened engine from which the warehouse is built. */
export interface EmbeddedParts {
  readonly path: string
  /** Key in the setting of the row policies, valid until the engine is closed. */
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

/** The warehouse on the engine in this process, once it is open. */
export class EmbeddedWarehouse implements Warehouse {
  readonly kind = 'embedded'
  readonly database = LOCAL_DIALECT.database
  readonly statements: Statements = {
    dialect: LOCAL_DIALECT,
    query: (sql, params) => this.query(sql, params),
    run: statement => this.#own.run(statement),
  }
  readonly #path: string
  readonly #key: string
  readonly #files: RecordFiles
  readonly #pipes: AnswerPipes
  readonly #sessions: FencedSessions
  readonly #closeTimeoutMs: number
  readonly #maxQueryBytes: number
  readonly #inserts: Pool<Session>
  readonly #own: OwnStatements
  readonly #fenced = new Set<AbortController>()
  readonly #repair: InsertRepair
  readonly files?: KeptTables
  #closing: Promise<void> | undefined

  constructor(parts: EmbeddedParts) {
    const { path, key, control, inserts, queries, files, pipes, options, onRepaired, custody } = parts
    this.#maxQueryBytes = Math.floor(options.maxMemoryBytes * QUERY_MEMORY_SHARE)
    this.#path = path
    this.#key = key
    this.#files = files
    this.#pipes = pipes
    this.#closeTimeoutMs = options.closeTimeoutMs ?? CLOSE_MS
    this.#sessions = new FencedSessions(path)
    this.#inserts = new Pool(inserts)
    this.#own = new OwnStatements({
      database: this.database,
      control,
      queries,
      onBrokenDown: options.onBrokenDown,
    })
    this.#repair = new InsertRepair({
      path,
      run: statement => this.#own.run(statement),
      folderOf: table => this.#own.folderOf(table),
      qualified: table => qualified(LOCAL_DIALECT, table),
      endReaders: () => this.#endFenced(),
      repaired: onRepaired,
    })
    if (custody === null) return
    this.files = new KeptTables(path, custody, {
      database: this.database,
      query: (sql, params) => this.query(sql, params),
      run: statement => this.#own.run(statement),
      folderOf: table => this.#own.folderOf(table),
    })
  }

  async migrate(streams: readonly StreamDeclaration[], retention: Retention): Promise<void> {
    const existing = await existingTables(this)
    for (const statement of planMigration(streams, retention, existing, LOCAL_DIALECT)) {
      await this.#own.run(statement)
    }
    await this.files?.migrated()
  }

  async insert(stream: StreamDeclaration, record: Uint8Array, token: string): Promise<void> {
    try {
      await this.#files.with(record, file =>
        this.#repair.insert(tablesBehind(stream), () =>
          this.#inserts.use(session => insertRecord(session, stream, file, token)),
        ),
      )
    } catch (error) {
      this.#own.notice(error)
      throw insertError(error)
    }
  }

  async query<Row>(sql: string, params: Readonly<Record<string, QueryParam>> = {}): Promise<readonly Row[]> {
    await this.#repair.whole()
    return await this.#own.query(sql, params)
  }

  async fenced(request: FencedQuery): Promise<FencedResult> {
    await this.#repair.whole()
    // No await between these checks and the session; otherwise more queries than the limit could pass, or one could
    // outlive the engine.
    if (this.#closing !== undefined) throw closedError()
    const pipe = this.#pipes.take()
    if (pipe === undefined) {
      throw new WattlineError(
        'too_many_queries',
        'The limit of concurrent queries of the engine is reached.',
        {
          retryAfterSeconds: 1,
        },
      )
    }
    const session = this.#sessions.take(request)
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
          else this.#sessions.give(session, request)
          givenBack.resolve()
        },
        kill: (prefix: string) => this.#own.kill(prefix),
      },
      { ...request, signal: AbortSignal.any([request.signal, ending.signal]) },
    )
  }

  async freeze(id: string, folder: string, meanwhile: () => Promise<void>): Promise<FrozenTables> {
    const engine = {
      path: this.#path,
      run: (statement: string) => this.#own.run(statement),
      tables: () => this.#own.activeTables(),
      qualified: (table: string) => qualified(LOCAL_DIALECT, table),
    }
    return await this.#repair.hold(() => freezeTables(engine, id, folder, meanwhile))
  }

  async ping(): Promise<void> {
    await this.#own.run('SELECT 1')
  }

  /** Resolves in bounded time, whatever the engine does: the process must be able to end. */
  close(): Promise<void> {
    this.#closing ??= within(this.#closeTimeoutMs, this.#close())
    return this.#closing
  }

  async #close(): Promise<void> {
    if (this.#own.isBroken) {
      // Nothing of it can be closed, and the end of the process ends it.
      for (const query of this.#fenced) query.abort(overClosed())
      return
    }
    await this.files?.close()
    await this.#endFenced()
    this.#sessions.close()
    await this.#own.closeQueries()
    for (const session of await this.#inserts.close()) session.close()
    await this.#own.closeControl()
    // Closing returns before the engine has released the folder.
    await drainPending()
  }

  /** Ends client queries, or gives up after a second: some work checks nothing until it is done. */
  async #endFenced(): Promise<void> {
    for (const query of this.#fenced) query.abort(overClosed())
    await killUntil(
      () => this.#fenced.size === 0,
      () => this.#own.kill(FENCED_MARK),
    )
  }
}

const closedError = (): WattlineError =>
  new WattlineError('warehouse_unavailable', 'The embedded engine is closed.')

const overClosed = (): WattlineError =>
  new WattlineError('warehouse_unavailable', 'The engine was closed while the query ran.')

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
