/** Rows that a statement of ours makes, as the bytes of a record: what `insert` takes, and the log holds. */
import { randomUUID } from 'node:crypto'
import { readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { encodeRows } from '../../core/columns/rows.ts'
import type { Column, RowOf, StreamDeclaration } from '../../core/model/streams/stream.ts'
import { selectToFile } from '../../core/warehouse/move.ts'
import { quoteText } from '../../core/warehouse/tables/column-types.ts'
import type { Statements } from '../../core/warehouse/warehouse.ts'

/** An encoded record, and how many rows it has (at least one). */
export interface SelectedRecord {
  readonly value: Uint8Array
  readonly rows: number
}

/**
 * @param select gives the columns of the stream in their order, each named `Out` and its name; none of them an id or a list
 * @param folder of this machine where an engine in this process may write; null: the engine is elsewhere, rows come as text
 */
export async function selectRecord<S extends StreamDeclaration>(
  statements: Pick<Statements, 'run' | 'query'>,
  stream: S,
  select: string,
  folder: string | null,
): Promise<SelectedRecord | null> {
  if (folder === null) return await fromRows(statements, stream, select)
  const file = join(folder, `${randomUUID()}.arrow.zst`)
  try {
    await statements.run(selectToFile(stream.columns, select, file))
    const [found] = await statements.query<{ n: number }>(
      `SELECT toFloat64(count()) AS n FROM file(${quoteText(file)}, 'ArrowStream', 'auto', 'zstd')`,
    )
    const rows = found?.n ?? 0
    return rows === 0 ? null : { value: await readFile(file), rows }
  } finally {
    await rm(file, { force: true })
  }
}

async function fromRows<S extends StreamDeclaration>(
  { query }: Pick<Statements, 'query'>,
  stream: S,
  select: string,
): Promise<SelectedRecord | null> {
  const found = await query<Readonly<Record<string, unknown>>>(select)
  if (found.length === 0) return null
  const rows = found.map(row =>
    Object.fromEntries(stream.columns.map(column => [column.name, cellOf(column, row[`Out${column.name}`])])),
  )
  return { value: encodeRows(stream, rows as unknown as readonly RowOf<S>[]), rows: rows.length }
}

/** As rows of records have it, of what the engine writes as JSON: 64-bit integers and times are text there. */
function cellOf({ kind }: Column, value: unknown): unknown {
  if (value === null) return null
  if (kind === 'int64' || kind === 'int64?' || kind === 'uint64') return BigInt(String(value))
  if (kind === 'seconds') return Date.parse(`${String(value).replace(' ', 'T')}Z`) / 1000
  return value
}
