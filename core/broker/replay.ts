/**
 * A record that was set aside and is appended again: to its own stream and partition, since state is kept by partition,
 * under a new offset. Two headers say what it is, so that exactly those who set it aside process it.
 */
import { type NewRecord, RECORD_CORRUPT, type StoredRecord } from './broker.ts'

/** Header of a record that is appended again: the place that it comes from, `traces/0/17`. */
export const REPLAY_OF = 'replay-of'
/** Header beside it: the processors that set it aside, with commas. For all others it is done already. */
const REPLAY_FOR = 'replay-for'

/** A record that processors have set aside, as table `quarantine` keeps it. */
export interface SetAside {
  readonly stream: string
  readonly partition: number
  readonly offset: bigint
  readonly processors: readonly string[]
  readonly key?: string
  readonly headers: Readonly<Record<string, string>>
  readonly value: Uint8Array
}

/** Where a record lies in the log, `traces/0/17`. */
export const placeText = (place: { stream: string; partition: number; offset: bigint }): string =>
  `${place.stream}/${place.partition}/${place.offset}`

/** The record as it is appended again: bytes and headers as they were, less what the broker said of the old place. */
export function replayOf(record: SetAside, nowMs: number): NewRecord {
  const { [RECORD_CORRUPT]: _, ...headers } = record.headers
  return {
    ...(record.key === undefined ? {} : { key: record.key }),
    value: record.value,
    headers: { ...headers, [REPLAY_OF]: placeText(record), [REPLAY_FOR]: record.processors.join(',') },
    timestampMs: nowMs,
  }
}

/** False for a record that is appended again for others: to process it would count it twice. */
export function concerns(record: StoredRecord, processor: string): boolean {
  const wanted = record.headers[REPLAY_FOR]
  return wanted === undefined || wanted.split(',').includes(processor)
}
