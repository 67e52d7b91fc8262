/** Silences of a tenant in the log, which keeps the newest record of each key: each is superseded by one without content. */
import { type Broker, RECORD_CORRUPT, RECORD_KIND, type StoredRecord } from '../../core/broker/broker.ts'
import { decodeRows } from '../../core/columns/rows.ts'
import { silences } from '../../core/model/streams/index.ts'
import { ERASED_RECORD } from '../../core/model/streams/invoices.ts'

/** Resolves with how many records were superseded, once that is durable. */
export async function eraseSilences(
  broker: Pick<Broker, 'newest' | 'append'>,
  tenant: string,
  timestampMs: number,
): Promise<number> {
  const erased = [...(await broker.newest(silences.name))].filter(([, record]) => isOf(tenant, record))
  const headers = { [RECORD_KIND]: ERASED_RECORD }
  const records = erased.map(([key]) => ({ key, value: new Uint8Array(), headers, timestampMs }))
  if (records.length > 0) await broker.append(silences.name, 0, records)
  return records.length
}

const isOf = (tenant: string, { headers, value }: StoredRecord): boolean =>
  headers[RECORD_CORRUPT] === undefined &&
  headers[RECORD_KIND] === undefined &&
  decodeRows(silences, value).some(row => row.Tenant === tenant)
