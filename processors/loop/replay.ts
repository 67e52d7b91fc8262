/**
 * Appends a quarantined record to the log again, for the processors that rejected it. Table `quarantine` gets a row with Code
 * `replaying` before, and one with `replayed` after. After a crash or a failure of the log in between only the first exists:
 * then it is unknown whether the record is in the log, and the next replay needs `force`.
 */
import type { Appended, Broker } from '../../core/broker/broker.ts'
import { placeText, REPLAY_OF, replayOf, type SetAside } from '../../core/broker/replay.ts'
import type { Events } from '../../core/catalogue/events/events.ts'
import { encodeRows } from '../../core/columns/rows.ts'
import { quarantine, type REPLAY_CODES } from '../../core/model/streams/quarantine.ts'

interface ReplayOptions {
  readonly broker: Pick<Broker, 'append'>
  readonly events: Events
  readonly now: () => number
}

/** Gives a function that resolves with the record's new place once that and the notes are durable. */
export function createReplay({ broker, events, now }: ReplayOptions): (record: SetAside) => Promise<string> {
  const note = async (record: SetAside, code: (typeof REPLAY_CODES)[number], text: string): Promise<void> => {
    const nowMs = now()
    const row = {
      Time: BigInt(nowMs) * 1_000_000n,
      Processor: '',
      Stream: record.stream,
      Partition: record.partition,
      Offset: record.offset,
      Code: code,
      Error: text,
      Headers: { [REPLAY_OF]: placeText(record) },
      Record: '',
      Key: '',
    }
    await broker.append(quarantine.name, 0, [{ value: encodeRows(quarantine, [row]), timestampMs: nowMs }])
  }
  return async record => {
    await note(record, 'replaying', '')
    const { stream, partition } = record
    const { offset }: Appended = await broker.append(stream, partition, [replayOf(record, now())])
    const place = placeText({ stream, partition, offset })
    await note(record, 'replayed', place)
    events.emit('recordReplayed', { stream, from: placeText(record), to: place })
    return place
  }
}
