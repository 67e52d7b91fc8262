/**
 * One declaration of a stream gives its topic, the Arrow schema of its records and its ClickHouse table.
 * A record of a stream is one Arrow IPC stream, compressed with zstd: complete with schema, one record batch.
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
  /** ClickHouse codec; `ZSTD(1)` when absent. */
  readonly codec?: string
  /** ClickHouse type in the table, where it is not that of the kind; the engine converts on insert. */
  readonly stored?: string
  /** Records of before it was added lack it: readers find 0, '', false or null there. */
  readonly added?: true
}

/** How the rows of a stream are stored in ClickHouse. */
export interface Table {
  readonly name: string
  /** `MergeTree` when absent. */
  readonly engine?: 'ReplacingMergeTree'
  readonly partitionBy: string
  readonly orderBy: readonly string[]
  readonly primaryKey?: readonly string[]
  /** `name expression TYPE type GRANULARITY n` lines, verbatim. */
  readonly indexes?: readonly string[]
  /** Aggregate projections, verbatim (`name (SELECT ... GROUP BY ...)`). */
  readonly projections?: readonly string[]
  /** Names of other projections that those above stand in for: dropped where a table of before has them. */
  readonly replacedProjections?: readonly string[]
  /** Expression of the time column that retention counts from. */
  readonly ttlFrom: string
  /** Which retention setting applies. */
  readonly retention: 'signals' | 'ledger' | 'forever'
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
  /** Absent for streams that live in the log only. */
  readonly table?: Table
  /** A record replaces those of its key before it, and the newest stays in the log for good. One partition. */
  readonly compacted?: true
  /** Of a stream whose records are rows of several tables: these. */
  readonly holds?: readonly StreamDeclaration[]
}

/** Declarations of the tables that a stream fills. */
export const tablesOf = (stream: StreamDeclaration): readonly StreamDeclaration[] =>
  stream.holds ?? (stream.table === undefined ? [] : [stream])

/** Literal types are kept, so that `RowOf` knows every column. */
export const column = <const Name extends string, const Kind extends ScalarKind>(
  name: Name,
  kind: Kind,
  codec?: string,
) =>
  (codec === undefined ? { name, kind } : { name, kind, codec }) as {
    readonly name: Name
    readonly kind: Kind
  }

/** A column that a stream did not always have. */
export const added = <const C extends Column>(declared: C): C => ({ ...declared, added: true })

/** Text that is the same on row after row: ids in the record, though text in the table as in the exporter's. */
export const repeated = <const Name extends string>(name: Name) =>
  ({ name, kind: 'lowCardinality', stored: 'String' }) as const

/** A column that holds a list in each row. */
export const list = <const Name extends string, const Kind extends ScalarKind>(name: Name, kind: Kind) =>
  ({ name, kind, list: true }) as const

interface TypeOfKind {
  string: string
  lowCardinality: string
  stringMap: Readonly<Record<string, string>>
  /** Lower-case hex, '' when absent. */
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
