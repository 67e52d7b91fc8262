import type { StreamDeclaration } from '../model/streams/stream.ts'
import type { Dialect, Retention } from './tables/ddl.ts'

/**
 * ClickHouse, embedded in the process (chDB) or as a server, behind one interface; one contract suite
 * (`test/contract/warehouse`) tests both.
 *
 * Guarantees:
 * - `insert` resolves when all rows of the record are stored and visible to queries. The same token again changes
 *   nothing, also after a crash in the middle of the first attempt. Rows of one record are stored all or none per
 *   partition, and completely once the insert has been retried to success.
 * - A failing engine rejects with a WattlineError whose disposition distinguishes retry (trouble of the engine) from
 *   quarantine (the record itself is not acceptable).
 */
export interface Warehouse {
  readonly kind: 'embedded' | 'clickhouse'
  readonly database: string
  /** Creates and alters database, tables and views to match the declarations. Safe to run at every start. */
  migrate(streams: readonly StreamDeclaration[], retention: Retention): Promise<void>
  /** Loads one record (Arrow IPC stream, zstd) into the stream's table under its deduplication token. */
  insert(stream: StreamDeclaration, record: Uint8Array, token: string): Promise<void>
  /** Runs trusted, internal SQL. Values are bound (`{name:Type}`), never concatenated. */
  query<Row>(sql: string, params?: Readonly<Record<string, QueryParam>>): Promise<readonly Row[]>
  /** Runs SQL in a fenced, read-only session: row policies by tenant, limits, cancellation in the engine. */
  fenced(request: FencedQuery): Promise<FencedResult>
  /** Internal statements that change tables, for erasing and moving; absent in test doubles without tables. */
  readonly statements?: Statements
  /**
   * Embedded only: freezes the stored data at one moment, without inserts, under `id`, as hard links, and copies small
   * files to `folder`. `meanwhile` runs at that moment, so that another copy matches.
   * @throws disk_full, warehouse_unavailable
   */
  freeze?(id: string, folder: string, meanwhile: () => Promise<void>): Promise<FrozenTables>
  /** Embedded only: the known contents of the tables' files. */
  readonly files?: TableFiles
  /** Throws when the engine does not answer. */
  ping(): Promise<void>
  close(): Promise<void>
}

/** Runs internal statements, without the fence. */
export interface Statements {
  /** How tables are named and distributed. */
  readonly dialect: Dialect
  query<Row>(sql: string, params?: Readonly<Record<string, QueryParam>>): Promise<readonly Row[]>
  /** Resolves when the statement has run, or, for a mutation, when it has begun. */
  run(statement: string): Promise<void>
}

/** Tables at one moment, as hard links of their parts. */
export interface FrozenTables {
  /** Tables that store rows themselves. */
  readonly tables: readonly FrozenTable[]
  /** Folder with their parts: `store/<abc>/<uuid>/<part>/`. The caller of freeze removes it. */
  readonly parts: string
}

interface FrozenTable {
  readonly name: string
  readonly uuid: string
}

/** Operations of an engine with its own files: know which records its tables hold, and restore them. */
export interface TableFiles {
  /** Records that the tables have a partition of the log (`stream/partition`) up to below `next`. */
  noteStored(place: string, stored: { readonly origin: string; readonly next: bigint }): void
  /** The same, if it is further than what was recorded of the same history of the log. */
  noteStoredForward(place: string, stored: { readonly origin: string; readonly next: bigint }): void
  /** From now on, partitions without a recorded offset have no stored records. */
  notedAll(): void
  /** Whether that was recorded. */
  isNoted(): boolean
  /**
   * Rows that the record of a token added to a table in blocks above `above`; null: they have been merged with others
   * since.
   */
  storedRows(table: string, token: string, above: number): Promise<number | null>
  /** Rebuilds the trace index from the spans between two times (ISO 8601; null: all). */
  remakeTraceIndex(from: string | null, to: string | null): Promise<void>
  /** An erasure of existing rows begins or ends: they must not be reported as missing. */
  erasing(isRunning: boolean): Promise<void>
}

/** Null is NULL, for parameters of a Nullable type; a list is an Array. */
export type QueryParam =
  | string
  | number
  | bigint
  | boolean
  | null
  | readonly QueryParam[]
  | ReadonlyMap<QueryParam, QueryParam>
  | TupleValue

/** A Tuple: an instance of the client's class `TupleParam`; both engines recognise it by the class name. */
export interface TupleValue {
  readonly values: readonly QueryParam[]
}

/**
 * Time zone of every fenced session, so that no answer depends on the host's: `today()`, `toDateTime('...')`, displayed
 * times.
 */
export const SESSION_TIME_ZONE = 'UTC'

/** A SELECT on behalf of a reader, with what the reader may see and use. */
export interface FencedQuery {
  /** One SELECT. */
  readonly sql: string
  /**
   * Origin of the SQL. `own`: internal, with the caller's values bound. `admitted`: a client's statement that the
   * allow-list (query/sql) has passed in exactly this form. Absent: a client's statement that has not been checked; the
   * fence parses it itself.
   */
  readonly origin?: 'own' | 'admitted'
  readonly params: Readonly<Record<string, QueryParam>>
  readonly tenant: string
  /** Accounts to which the caller is limited: tables without accounts then show nothing; null: all of the tenant. */
  readonly accounts: readonly string[] | null
  /** Output format name of ClickHouse, chosen by us. */
  readonly format: string
  readonly limits: {
    readonly maxSeconds: number
    readonly maxMemoryBytes: number
    readonly maxResultRows: number
  }
  readonly signal: AbortSignal
  /**
   * Called with what the statement occupies in an engine in this process: it may release that long after the answer has
   * ended.
   */
  readonly onTaken?: (givenBack: Promise<void>) => void
  /** For an engine in this process, which shares its cores with everything else: nice value and number of threads. */
  readonly urgency?: { readonly nice: number; readonly isNarrow: boolean }
  /**
   * Prints how the engine understands the statement instead of running it, in the same fence: the query tree names
   * every table that is read. Scalar subqueries run while it is made.
   */
  readonly explain?: Explain
  /** Settings that the client has chosen; the fence keeps those of client-settings.ts. */
  readonly chosen?: Readonly<Record<string, string | number>> | undefined
}

/**
 * What is printed: trees, the statement, or the columns of the result. Never a plan, which depends on the rows of every
 * tenant.
 */
export type Explain = 'AST' | 'QUERY TREE' | 'SYNTAX' | 'DESCRIBE'

/** Answers never show how much the engine read: it reads granules, which also contain rows of other tenants. */
export interface FencedResult {
  /** The answer in the requested format, in chunks. Ends with an error when a limit is reached later. */
  readonly chunks: AsyncIterable<Uint8Array>
  /**
   * Rows of the answer, once it is complete; undefined: not known. Not the engine's bytes: its blocks carry dictionaries with values of
   * hidden rows.
   */
  readonly rows?: () => number | undefined
}
