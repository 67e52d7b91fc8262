/** SQL that exports rows of tables as records that `insert` accepts. */
import type { Column, StreamDeclaration } from '../model/streams/stream.ts'
import { isRawId, quoteName, quoteText, readType } from './tables/column-types.ts'
import { type Dialect, qualified } from './tables/ddl.ts'

/**
 * Arrow without dictionaries: the engine writes each block as a batch, and the batches of a stream would have different
 * ones. One thread: the same rows come in the same order, and give the same bytes.
 */
const WRITE_SETTINGS = {
  output_format_arrow_low_cardinality_as_dictionary: 0,
  output_format_arrow_string_as_string: 1,
  output_format_arrow_fixed_string_as_fixed_byte_array: 1,
  output_format_arrow_compression_method: "'none'",
  engine_file_truncate_on_insert: 1,
  max_threads: 1,
  max_insert_threads: 1,
  optimize_on_insert: 0,
} as const

/** The wire value of a stored one: hex becomes an id, '' a missing one. */
function wireExpression(column: Column): string {
  const name = quoteName(column.name)
  if (!isRawId(column.kind)) return name
  const type = `'Nullable(FixedString(${column.kind === 'traceId' ? 16 : 8}))'`
  const raw = (value: string): string => `CAST(nullIf(unhex(${value}), ''), ${type})`
  return column.list === true ? `arrayMap(id -> ${raw('id')}, ${name})` : raw(name)
}

/** Writes rows of a table to a file, with the columns of the table. */
export function exportToFile(
  stream: StreamDeclaration,
  columns: ReadonlySet<string>,
  condition: string,
  file: string,
  dialect: Dialect,
): string {
  const { table } = stream
  if (table === undefined) throw new TypeError(`stream ${stream.name} has no table`)
  const kept = stream.columns.filter(({ name }) => columns.has(name))
  const select = [
    `SELECT ${kept.map(wireExpression).join(', ')}`,
    `FROM ${qualified(dialect, table.name)} WHERE ${condition}`,
  ]
  return selectToFile(kept, select.join('\n'), file)
}

/** Writes the result of a SELECT, column by column in wire form, to a file that is a record. */
export function selectToFile(
  columns: readonly Column[],
  select: string,
  file: string,
  more: Readonly<Record<string, string | number>> = {},
): string {
  const structure = columns.map(column => `${quoteName(column.name)} ${readType(column)}`).join(', ')
  const target = [file, 'ArrowStream', structure, 'zstd'].map(quoteText).join(', ')
  const settings = Object.entries({ ...more, ...WRITE_SETTINGS }).map(([name, value]) => `${name} = ${value}`)
  return [`INSERT INTO FUNCTION file(${target})`, select, `SETTINGS ${settings.join(', ')}`].join('\n')
}

/** Sums of the books that must be equal on both sides, by tenant; in 128 bits, as text. */
export const LEDGER_SUMS = [
  'EnergyUj',
  'CpuUs',
  'GpuUs',
  'GpuReservedIdleUs',
  'CarbonOperationalUg',
  'CarbonEmbodiedUg',
  'CostEnergyNano',
  'CostResourceNano',
] as const

/** Query for each tenant's entry count and exact column sums, as decimal text. NULL counts as 0. */
export const ledgerSums = (dialect: Dialect): string =>
  `SELECT Tenant AS tenant, toString(count()) AS entries, ${LEDGER_SUMS.map(
    name => `toString(sum(toInt128(ifNull(${name}, 0)))) AS ${name}`,
  ).join(', ')} FROM ${qualified(dialect, 'ledger')} GROUP BY tenant ORDER BY tenant`
