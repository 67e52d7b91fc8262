import type { Column, ScalarKind } from '../../model/streams/stream.ts'

/** ClickHouse type of each kind of column: as stored, and as read from the record's Arrow before it is stored. */
const TYPES = {
  string: { stored: 'String', read: 'String' },
  lowCardinality: { stored: 'LowCardinality(String)', read: 'LowCardinality(String)' },
  stringMap: { stored: 'Map(LowCardinality(String), String)', read: 'Map(LowCardinality(String), String)' },
  traceId: { stored: 'String', read: 'Nullable(FixedString(16))' },
  spanId: { stored: 'String', read: 'Nullable(FixedString(8))' },
  timestampNs: { stored: "DateTime64(9, 'UTC')", read: "DateTime64(9, 'UTC')" },
  seconds: { stored: "DateTime('UTC')", read: "DateTime('UTC')" },
  int64: { stored: 'Int64', read: 'Int64' },
  'int64?': { stored: 'Nullable(Int64)', read: 'Nullable(Int64)' },
  uint64: { stored: 'UInt64', read: 'UInt64' },
  int32: { stored: 'Int32', read: 'Int32' },
  uint32: { stored: 'UInt32', read: 'UInt32' },
  uint8: { stored: 'UInt8', read: 'UInt8' },
  bool: { stored: 'Bool', read: 'Bool' },
  float32: { stored: 'Float32', read: 'Float32' },
  float64: { stored: 'Float64', read: 'Float64' },
} as const satisfies Record<ScalarKind, { readonly stored: string; readonly read: string }>

const wrapped = (column: Column, type: string): string => (column.list === true ? `Array(${type})` : type)

/** Type of the table's column. */
export const storedType = (column: Column): string =>
  column.stored ?? wrapped(column, TYPES[column.kind].stored)

/** Type as which the engine reads the Arrow column. */
export const readType = (column: Column): string => wrapped(column, TYPES[column.kind].read)

/** Kinds that are raw bytes on the wire and lower-case hex in the table. */
export const isRawId = (kind: ScalarKind): boolean => kind === 'traceId' || kind === 'spanId'

/** Quotes an identifier for SQL. Dotted names (`Events.Name`) are one name. */
export const quoteName = (name: string): string =>
  `\`${name.replaceAll('\\', '\\\\').replaceAll('`', '\\`')}\``

/** Quotes a string literal for SQL, for places where the engine accepts no bound value. */
export const quoteText = (text: string): string => {
  const escaped = text
    .replaceAll('\\', '\\\\')
    .replaceAll("'", "\\'")
    .replaceAll('\n', '\\n')
    .replaceAll('\0', '\\0')
  return `'${escaped}'`
}
