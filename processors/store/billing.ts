/**
 * Bills on their way into the tables. A record is all rows of some bills in one table, stored all or none; one that the table has
 * is left alone. So each is there once, whatever a crash makes the log repeat, and however long ago it was inserted.
 */
import type { StoredRecord } from '../../core/broker/broker.ts'
import { WattlineError } from '../../core/catalogue/errors/errors.ts'
import { decodeRows } from '../../core/columns/rows.ts'
import { billingTable } from '../../core/model/streams/invoices.ts'
import type { Warehouse } from '../../core/warehouse/warehouse.ts'

/** @throws WattlineError `record_corrupt` when the key names no table, or the bytes are not rows of that table. */
export async function storeBilling(
  warehouse: Pick<Warehouse, 'database' | 'query' | 'insert'>,
  { key, value }: Pick<StoredRecord, 'key' | 'value'>,
): Promise<void> {
  const table = billingTable(key)
  if (table === undefined) {
    throw new WattlineError('record_corrupt', `no table holds bills of key ${JSON.stringify(key ?? '')}.`)
  }
  const { identity } = table.table
  const [first] = decodeRows(table, value) as readonly { readonly [column: string]: unknown }[]
  if (first === undefined) return
  const id = String(first[identity])
  const found = await warehouse.query<{ found: number }>(
    `SELECT 1 AS found FROM ${warehouse.database}.${table.name} WHERE Tenant = {tenant:String} AND ${identity} = {id:String} LIMIT 1`,
    { tenant: String(first['Tenant']), id },
  )
  if (found.length === 0) await warehouse.insert(table, value, `${table.name}/${id}`)
}
