/**
 * Bills of a tenant in the log, which keeps the newest record of each key for good: each is superseded by one without content, and
 * goes as superseded records do.
 */

import { decodeCloseRequest } from '../../core/billing/request.ts'
import { type Broker, RECORD_CORRUPT, RECORD_KIND, type StoredRecord } from '../../core/broker/broker.ts'
import { decodeRows } from '../../core/columns/rows.ts'
import { billing, billingTable, CLOSE_REQUEST, ERASED_RECORD } from '../../core/model/streams/invoices.ts'

/** Resolves with how many records were superseded, once that is durable. */
export async function eraseBills(
  broker: Pick<Broker, 'newest' | 'append'>,
  tenant: string,
  timestampMs: number,
): Promise<number> {
  const erased = [...(await broker.newest(billing.name))].filter(([, record]) => tenantOf(record) === tenant)
  const records = erased.map(([key]) => ({
    key,
    value: new Uint8Array(),
    headers: { [RECORD_KIND]: ERASED_RECORD },
    timestampMs,
  }))
  if (records.length > 0) await broker.append(billing.name, 0, records)
  return records.length
}

/** The account of the bills; null if it is gone, or cannot be read. */
function tenantOf({ key, value, headers }: StoredRecord): string | null {
  if (headers[RECORD_CORRUPT] !== undefined) return null
  if (headers[RECORD_KIND] === CLOSE_REQUEST) return decodeCloseRequest(value).tenant
  const table = headers[RECORD_KIND] === undefined ? billingTable(key) : undefined
  return table === undefined ? null : (decodeRows(table, value)[0]?.Tenant ?? null)
}
