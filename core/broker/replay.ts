/**
 * A quarantined record that is appended again: to its own stream and partition, since state is kept by partition, with
 * a new offset. Two headers mark it, so that exactly the processors that quarantined it process it.
 */
import { type NewRecord, RECORD_CORRUPT, type StoredRecord } from './broker.ts'

/** Header of a replayed record: its original position, `traces/0/17`. */
export const REPLAY_OF = 'replay-of'
/**
 * Second header of a replayed record: the processors that quarantined it, separated by commas. All others have
 * processed it already.
 */
const REPLAY_FOR = 'replay-for'

/** A quarantined record, as stored in table `quarantine`. */
export interface SetAside {
  readonly stream: string
  readonly partition: number
  readonly offset: bigint
  readonly processors: readonly string[]
  readonly key?: string
  readonly headers: Readonly<Record<string, string>>
  readonly value: Uint8Array
}

/** Position of a record in the log, `traces/0/17`. */
export const placeText = (place: { stream: string; partition: number; offset: bigint }): string =>
  `${place.stream}/${place.partition}/${place.offset}`

/** The record to append: bytes and headers as before, without the headers that the broker added. */
export function replayOf(record: SetAside, nowMs: number): NewRecord {
  const { [RECORD_CORRUPT]: _, ...headers } = record.headers
  return {
    ...(record.key === undefined ? {} : { key: record.key }),
    value: record.value,
    headers: { ...headers, [REPLAY_OF]: placeText(record), [REPLAY_FOR]: record.processors.join(',') },
    timestampMs: nowMs,
  }
}

/** False for a record that is replayed for other processors: processing it would count it twice. */
export function concerns(record: StoredRecord, processor: string): boolean {
  const wanted = record.headers[REPLAY_FOR]
  return wanted === undefined || wanted.split(',').includes(processor)
}
