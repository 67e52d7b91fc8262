/**
 * One declaration of a stream defines its topic, the Arrow schema of its records and its ClickHouse table. A record of
 * a stream is one Arrow IPC stream, compressed with zstd: complete with schema, one record batch.
 */

/**
 * What a column holds: its Arrow type on the wire and its ClickHouse type in the table.
 *
 * | kind | Arrow | ClickHouse |
 * |---|---|---|
 * | `string` | Utf8 | String |
 * | `lowCardinality` | Dictionary<ids, Utf8>, values unique in the record | LowCardinality(String) |
 * | `stringMap` | Map<Dictionary<ids, Utf8>, Dictionary<ids, Utf8>> | Map(LowCardinality(String), String) |
 * | `traceId`, `spanId` | nullable FixedSizeBinary(16 / 8); null = absent | String: lower-case hex, '' when null |
 * | `timestampNs` | Timestamp(ns, UTC) | DateTime64(9, 'UTC') |
 * | `seconds` | Uint32 seconds since epoch | DateTime('UTC') |
 * | `int64?` | Int64 with nulls | Nullable(Int64) |
 * | the rest | the type of that name | the type of that name |
 *
 * The ids of a dictionary are Uint8, Uint16 or Int32, as many bytes as the record's values need; readers take any integers
 * of up to 32 bits.
 */
export const COLUMN_KINDS = [
  'string',
  'lowCardinality',
  'stringMap',
  'traceId',
  'spanId',
  'timestampNs',
  'seconds',
  'int64',
  'int64?',
  'uint64',
  'int32',
  'uint32',
  'uint8',
  'bool',
  'float32',
  'float64',
] as const
/** Logical type of a column; fixes its Arrow type and, unless `stored` says otherwise, its ClickHouse type. */
export type ScalarKind = (typeof COLUMN_KINDS)[number]

/** `list` columns become `Array(kind)`; a dotted name (`Events.Name`) makes them one part of a Nested. */
export interface Column {
  readonly name: string
  readonly kind: ScalarKind
  readonly list?: true
  /** ClickHouse codec; default `ZSTD(1)`. */
  readonly codec?: string
  /** ClickHouse type in the table, if it differs from that of the kind; the engine converts on insert. */
  readonly stored?: string
  /** Older records lack this column: readers find 0, '', false or null. */
  readonly added?: true
}

/** How the rows of a stream are stored in ClickHouse. */
export interface Table {
  readonly name: string
  /** The table's name in earlier releases: a migration renames it. */
  readonly formerly?: string
  /** Default `MergeTree`. */
  readonly engine?: 'ReplacingMergeTree'
  /** For a `ReplacingMergeTree`: rows with the same value in this column are stored together, once. Default: `Version`. */
  readonly identity?: string
  readonly partitionBy: string
  readonly orderBy: readonly string[]
  readonly primaryKey?: readonly string[]
  /** `name expression TYPE type GRANULARITY n` lines, verbatim. */
  readonly indexes?: readonly string[]
  /** Aggregate projections, verbatim (`name (SELECT ... GROUP BY ...)`). */
  readonly projections?: readonly string[]
  /** Names of projections that those above replace: dropped if an older table has them. */
  readonly replacedProjections?: readonly string[]
  /** Expression of the time column from which retention counts. */
  readonly ttlFrom: string
  /** The retention setting that applies. */
  readonly retention: 'signals' | 'ledger' | 'requests' | 'forever'
  /** The rows are money: wait for the disk on every insert. */
  readonly fsync?: true
}

/** One stream: its topic, its columns and its table. */
export interface StreamDeclaration {
  /** Topic is `<prefix>.<name>`. */
  readonly name: string
  /** `none`: round robin. `host`: records hold rows of hosts of one partition only, see partition.ts. */
  readonly key: 'none' | 'host'
  readonly columns: readonly Column[]
  /** Absent for streams that exist only in the log. */
  readonly table?: Table
  /** A record replaces earlier ones with the same key, and the newest stays in the log forever. One partition. */
  readonly compacted?: true
  /** For a stream whose records are rows of several tables: those tables. */
  readonly holds?: readonly StreamDeclaration[]
}

/** Declarations of the tables that a stream fills. */
export const tablesOf = (stream: StreamDeclaration): readonly StreamDeclaration[] =>
  stream.holds ?? (stream.table === undefined ? [] : [stream])

/** Keeps literal types, so that `RowOf` knows every column. */
export const column = <const Name extends string, const Kind extends ScalarKind>(
  name: Name,
  kind: Kind,
  codec?: string,
) =>
  (codec === undefined ? { name, kind } : { name, kind, codec }) as {
    readonly name: Name
    readonly kind: Kind
  }

/** A column that was added to an existing stream. */
export const added = <const C extends Column>(declared: C): C => ({ ...declared, added: true })

/** Text that repeats in consecutive rows: ids in the record, but plain text in the table, as in the exporter's. */
export const repeated = <const Name extends string>(name: Name) =>
  ({ name, kind: 'lowCardinality', stored: 'String' }) as const

/** A column that holds a list in each row. */
export const list = <const Name extends string, const Kind extends ScalarKind>(name: Name, kind: Kind) =>
  ({ name, kind, list: true }) as const

interface TypeOfKind {
  string: string
  lowCardinality: string
  stringMap: Readonly<Record<string, string>>
  /** Lower-case hex; '' if missing. */
  traceId: string
  spanId: string
  timestampNs: bigint
  seconds: number
  int64: bigint
  'int64?': bigint | null
  uint64: bigint
  int32: number
  uint32: number
  uint8: number
  bool: boolean
  float32: number
  float64: number
}

type ValueOf<C extends Column> = C['list'] extends true
  ? readonly TypeOfKind[C['kind']][]
  : TypeOfKind[C['kind']]

/** One row of a stream as an object: for low-volume writers and for tests, never on the ingest path. */
export type RowOf<S extends StreamDeclaration> = {
  readonly [C in S['columns'][number] as C['name']]: ValueOf<C>
}
