/** Rows that a statement makes, as records of a size that logs and inserts like. */
import { randomUUID } from 'node:crypto'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { StreamDeclaration } from '../../core/model/streams/stream.ts'
import { selectToFile } from '../../core/warehouse/move.ts'
import { quoteName, quoteText } from '../../core/warehouse/tables/column-types.ts'
import type { Statements } from '../../core/warehouse/warehouse.ts'
import { type SelectedRecord, selectRecord } from '../restate/select-record.ts'

/**
 * The engine goes over a statement with dozens of rewritings, each of which looks at all of it: these find nothing in ours,
 * and took more than half of a second a minute.
 */
const WITHOUT_REWRITING = Object.fromEntries(
  [
    'optimize_functions_to_subcolumns',
    'optimize_group_by_function_keys',
    'optimize_redundant_functions_in_order_by',
    'optimize_aggregators_of_group_by_keys',
    'optimize_arithmetic_operations_in_aggregate_functions',
    'optimize_rewrite_sum_if_to_count_if',
    'optimize_injective_functions_in_group_by',
    'optimize_and_compare_chain',
    'optimize_time_filter_with_preimage',
    'optimize_or_like_chain',
    'optimize_multiif_to_if',
    'optimize_if_chain_to_multiif',
    'optimize_rewrite_array_exists_to_has',
    'optimize_normalize_count_variants',
    'optimize_uniq_to_count',
    'optimize_injective_functions_inside_uniq',
    'optimize_syntax_fuse_functions',
    'optimize_rewrite_aggregate_function_with_if',
    'optimize_move_functions_out_of_any',
    'optimize_extract_common_expressions',
  ].map(name => [name, 0]),
)

/** As the outbox closes records. */
const ROWS_A_RECORD = 32_768

/**
 * @param select gives the columns of the stream, each named `Out` and its name
 * @param folder of this machine where an engine in this process may write; null: the engine is elsewhere
 */
export async function selectRecords(
  { query }: Pick<Statements, 'query'>,
  stream: StreamDeclaration,
  select: string,
  folder: string | null,
): Promise<readonly SelectedRecord[]> {
  // The session for statements serves what must not wait, such as stopping a query: this takes a session for queries.
  const statements = { query, run: async (sql: string) => void (await query(sql)) }
  if (folder === null) {
    const record = await selectRecord(statements, stream, select, null)
    return record === null ? [] : [record]
  }
  const file = join(folder, `${randomUUID()}.arrow.zst`)
  try {
    await query(selectToFile(stream.columns, select, file, WITHOUT_REWRITING))
    const columns = stream.columns
      .map(({ name }) => `${quoteName(name)} AS ${quoteName(`Out${name}`)}`)
      .join(', ')
    const records: SelectedRecord[] = []
    for (let offset = 0; ; offset += ROWS_A_RECORD) {
      const slice = `SELECT ${columns} FROM file(${quoteText(file)}, 'ArrowStream', 'auto', 'zstd') LIMIT ${ROWS_A_RECORD} OFFSET ${offset}`
      const record = await selectRecord(statements, stream, slice, folder)
      if (record !== null) records.push(record)
      if (record === null || record.rows < ROWS_A_RECORD) return records
    }
  } finally {
    await rm(file, { force: true })
  }
}
