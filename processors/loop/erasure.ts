/** The record after which a group knows nothing of a tenant any more, in a stream whose records the log deletes. */
import type { StoredRecord } from '../../core/broker/broker.ts'

/** Value of its header `kind`. */
export const ERASE_KIND = 'erase'

/** Its value. */
export const erasureValue = (tenant: string): Uint8Array => Buffer.from(JSON.stringify({ tenant }))

/** The tenant of such a record. @throws SyntaxError for bytes that `erasureValue` did not make */
export const tenantOfErasure = ({ value }: Pick<StoredRecord, 'value'>): string =>
  (JSON.parse(Buffer.from(value).toString('utf8')) as { readonly tenant: string }).tenant
