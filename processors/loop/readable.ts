import { RECORD_CORRUPT, type StoredRecord } from '../../core/broker/broker.ts'
import { WattlineError } from '../../core/catalogue/errors/errors.ts'

/**
 * Every worker calls this first: for a record that the log cannot read back, it hands out the reason instead of the bytes.
 * @throws record_corrupt
 */
export function assertReadable({ headers }: Pick<StoredRecord, 'headers'>): void {
  const reason = headers[RECORD_CORRUPT]
  if (reason !== undefined) {
    throw new WattlineError('record_corrupt', `the log cannot read it back: ${reason}.`)
  }
}
