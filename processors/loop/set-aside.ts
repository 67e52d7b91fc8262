import type { StoredRecord } from '../../core/broker/broker.ts'
import type { WattlineError } from '../../core/catalogue/errors/errors.ts'
import type { Events } from '../../core/catalogue/events/events.ts'
import { quarantine } from '../../core/model/streams/index.ts'
import type { Step } from './step.ts'

/** Who set a record aside, and which partition it is in. */
export interface SetAsideBy {
  readonly processor: string
  readonly stream: string
  readonly partition: number
}

/**
 * Puts a record into quarantine with the step, and says so. @throws the error itself where it does not ask for that, or where
 * the record comes from there: what is refused again would come back for ever, a third larger each time.
 */
export function setAside(
  record: StoredRecord,
  error: WattlineError,
  by: SetAsideBy,
  { step, events }: { readonly step: Step; readonly events: Events },
): void {
  const again = by.stream === quarantine.name && error.code !== 'record_corrupt'
  if (error.disposition !== 'quarantine' || again) throw error
  step.quarantine(record, by, error)
  events.emit('recordQuarantined', { ...by, offset: record.offset, code: error.code }, error)
}
