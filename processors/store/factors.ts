/**
 * Factors on their way into the tables. A record is all that its key stands for, and may repeat what others have brought: of
 * its rows those are added whose version the table lacks, in one insert whose token follows from these versions. So each
 * version is there once, whatever is published again, replayed after a crash, or written by an owner that was shut out.
 */
import type { StoredRecord } from '../../core/broker/broker.ts'
import { WattlineError } from '../../core/catalogue/errors/errors.ts'
import { decodeRows, encodeRows } from '../../core/columns/rows.ts'
import { digest } from '../../core/model/digest.ts'
import { factorTable } from '../../core/model/streams/factors.ts'
import type { Warehouse } from '../../core/warehouse/warehouse.ts'

/** @throws WattlineError `record_corrupt` when the key names no table, or the bytes are not rows of that table. */
export async function storeFactors(
  warehouse: Pick<Warehouse, 'database' | 'query' | 'insert'>,
  { key, value }: Pick<StoredRecord, 'key' | 'value'>,
): Promise<void> {
  const table = factorTable(key)
  if (table === undefined) {
    throw new WattlineError('record_corrupt', `no table holds factors of key ${JSON.stringify(key ?? '')}.`)
  }
  const rows = decodeRows(table, value)
  const versions = rows.map(row => row.Version)
  const sql = `SELECT DISTINCT Version FROM ${warehouse.database}.${table.name} WHERE has({versions:Array(String)}, Version)`
  const stored = await warehouse.query<{ Version: string }>(sql, { versions })
  const known = new Set(stored.map(row => row.Version))
  const missing = rows.filter(row => !known.has(row.Version))
  if (missing.length === 0) return
  const token = digest(missing.map(row => row.Version).join(), 16)
  await warehouse.insert(table, encodeRows(table, missing), `${table.name}/${token}`)
}
