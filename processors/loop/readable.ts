import { RECORD_CORRUPT, type StoredRecord } from '../../core/broker/broker.ts'
import { WattlineError } from '../../core/catalogue/errors/errors.ts'

/**
 * What every worker asks first: the log hands out a record that it cannot read back with its reason in place of its bytes.
 * @throws record_corrupt
 */
export function assertReadable({ headers }: Pick<StoredRecord, 'headers'>): void {
  const reason = headers[RECORD_CORRUPT]
  if (reason !== undefined) {
    throw new WattlineError('record_corrupt', `the log cannot read it back: ${reason}.`)
  }
}
