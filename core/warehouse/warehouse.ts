import type { StreamDeclaration } from '../model/streams/stream.ts'
import type { Dialect, Retention } from './tables/ddl.ts'

/**
 * ClickHouse, embedded in the process (chDB) or as a server, behind one interface; one contract suite
 * (`test/contract/warehouse`) runs over both.
 *
 * Promises:
 * - `insert` resolves when all rows of the record are stored and visible to queries; the same token again changes
 *   nothing, also after a crash in the middle of the first try; rows of one record are stored all or none per partition
 *   and completely once the insert has been repeated to success.
 * - A failing engine rejects with a WattlineError whose disposition tells retry (engine trouble) from quarantine (the
 *   record itself is not acceptable).
 */
export interface Warehouse {
  readonly kind: 'embedded' | 'clickhouse'
  readonly database: string
  /** Creates and alters database, tables, views to what the declarations say. Safe to run at every start. */
  migrate(streams: readonly StreamDeclaration[], retention: Retention): Promise<void>
  /** Loads one record (Arrow IPC stream, zstd) into the stream's table under its deduplication token. */
  insert(stream: StreamDeclaration, record: Uint8Array, token: string): Promise<void>
  /** Runs trusted text of our own making. Values are bound (`{name:Type}`), never concatenated. */
  query<Row>(sql: string, params?: Readonly<Record<string, QueryParam>>): Promise<readonly Row[]>
  /** Runs text in a fenced, read-only session: row policies by tenant, limits, engine-side cancel. */
  fenced(request: FencedQuery): Promise<FencedResult>
  /** Statements of our own that change tables, for erasing and moving; absent in stand-ins that have no tables. */
  readonly statements?: Statements
  /**
   * Embedded only: keeps what is stored at one moment, without inserts, under `id`, as hard links and copies of small files
   * below `folder`. `meanwhile` runs in that moment, so that another copy is of the same one.
   * @throws disk_full, warehouse_unavailable
   */
  freeze?(id: string, folder: string, meanwhile: () => Promise<void>): Promise<FrozenTables>
  /** Embedded only: what the files of the tables are known to hold. */
  readonly files?: TableFiles
  /** Throws when the engine does not answer. */
  ping(): Promise<void>
  close(): Promise<void>
}

/** Runs the product's own statements, without the fence around readers. */
export interface Statements {
  /** How tables are named and spread. */
  readonly dialect: Dialect
  query<Row>(sql: string, params?: Readonly<Record<string, QueryParam>>): Promise<readonly Row[]>
  /** Resolves when it is carried out, or, of a mutation, begun. */
  run(statement: string): Promise<void>
}

/** Tables as they were at one moment, as hard links of their parts. */
export interface FrozenTables {
  /** Tables with rows of their own. */
  readonly tables: readonly FrozenTable[]
  /** Folder with their parts: `store/<abc>/<uuid>/<part>/`. Whoever froze them removes it. */
  readonly parts: string
}

interface FrozenTable {
  readonly name: string
  readonly uuid: string
}

/** What only an engine with files of its own can do: know which records its tables hold, and restore them. */
export interface TableFiles {
  /** Notes that the tables have a partition of the log (`stream/partition`) up to below `next`. */
  noteStored(place: string, stored: { readonly origin: string; readonly next: bigint }): void
  /** The same, where that is further than what was noted of the same history of the log. */
  noteStoredForward(place: string, stored: { readonly origin: string; readonly next: bigint }): void
  /** From now on nothing was stored of partitions that were not noted. */
  notedAll(): void
  /** Whether that was said. */
  isNoted(): boolean
  /**
   * Rows that the record of a token added to a table in blocks above `above`; null: they have been merged with others since.
   */
  storedRows(table: string, token: string, above: number): Promise<number | null>
  /** Fills the index of traces again from the spans between two times (ISO 8601; null: all). */
  remakeTraceIndex(from: string | null, to: string | null): Promise<void>
  /** Rows that there are now are erased on purpose from now on, or were until now: they must not be reported as missing. */
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

/** A Tuple: an instance of the client's class `TupleParam`, by whose name both engines know it. */
export interface TupleValue {
  readonly values: readonly QueryParam[]
}

/** Zone of every fenced session, so that no answer depends on the host's: `today()`, `toDateTime('...')`, times shown. */
export const SESSION_TIME_ZONE = 'UTC'

/** A SELECT on behalf of a reader, with what the reader may see and use. */
export interface FencedQuery {
  /** One SELECT. */
  readonly sql: string
  /**
   * Whose text it is. `own`: the product's, with the asker's values bound. `admitted`: a stranger's that the allow-list
   * (query/sql) has passed in exactly this form. Absent: a client's statement that has not been judged; the fence parses it itself.
   */
  readonly origin?: 'own' | 'admitted'
  readonly params: Readonly<Record<string, QueryParam>>
  readonly tenant: string
  /** Accounts that the asker is limited to: tables without accounts show nothing then; null: all of the tenant. */
  readonly accounts: readonly string[] | null
  /** Output format name of ClickHouse, chosen by us. */
  readonly format: string
  readonly limits: {
    readonly maxSeconds: number
    readonly maxMemoryBytes: number
    readonly maxResultRows: number
  }
  readonly signal: AbortSignal
  /** Told of what the statement takes in an engine in this process: it may give that back long after the answer has ended. */
  readonly onTaken?: (givenBack: Promise<void>) => void
  /** For an engine in this process, which shares its cores with everything else: nice value of the threads, and how many. */
  readonly urgency?: { readonly nice: number; readonly isNarrow: boolean }
  /**
   * Prints how the engine understands the statement in place of running it, in the same fence: the query tree names every
   * table that is read, and scalar subqueries run while it is made.
   */
  readonly explain?: 'AST' | 'QUERY TREE'
}

/**
 * How much the engine read for an answer is never shown: it reads granules, which hold rows of others too.
 */
export interface FencedResult {
  /** The answer in the asked format, in pieces. Ends with an error when a limit is hit on the way. */
  readonly chunks: AsyncIterable<Uint8Array>
}
