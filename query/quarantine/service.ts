/** Quarantined records, read from table `quarantine`, and the rules for replaying them. */

import type { QuarantineAnswer, QuarantinedRecordAnswer, QuarantineReplay } from '../../core/api/answers.ts'
import { RECORD_CORRUPT } from '../../core/broker/broker.ts'
import { placeText, type SetAside } from '../../core/broker/replay.ts'
import { WattlineError } from '../../core/catalogue/errors/errors.ts'
import { quarantine, STREAMS } from '../../core/model/streams/index.ts'
import type { FencedReader } from '../fence/fenced-reader.ts'
import { listStatement, placeStatement, type RecordPlace } from './statements.ts'

interface ListRow {
  readonly stream: string
  readonly partition: number
  readonly place_offset: string
  readonly made_ms: string
  readonly processors: readonly string[]
  readonly code: string
  readonly error: string
  readonly bytes: string
  readonly begun: string
  readonly done: string
  readonly replay_place: string
}

/** Quarantined records, newest first; `truncated` means that there are more than `limit`. */
export async function listQuarantine(
  warehouse: FencedReader,
  { stream, limit }: { readonly stream: string | undefined; readonly limit: number },
): Promise<QuarantineAnswer> {
  const { text, params } = listStatement(stream, limit + 1)
  const rows = await warehouse.query<ListRow>(text, params)
  return {
    records: rows.slice(0, limit).map(row => ({
      stream: row.stream,
      partition: row.partition,
      offset: row.place_offset,
      made: timeOf(row.made_ms),
      processors: row.processors,
      code: row.code,
      error: row.error,
      bytes: Number(row.bytes),
      replay: replayState(Number(row.begun), Number(row.done), row.replay_place),
    })),
    truncated: rows.length > limit,
  }
}

interface PlaceRow {
  readonly processor: string
  readonly code: string
  readonly error: string
  readonly headers: Readonly<Record<string, string>>
  readonly record: string
  readonly key: string
  readonly time_ms: string
}

/** @throws WattlineError `not_found` */
export async function showQuarantined(
  warehouse: FencedReader,
  place: RecordPlace,
): Promise<QuarantinedRecordAnswer> {
  const { text, params } = placeStatement(place)
  const rows = await warehouse.query<PlaceRow>(text, params)
  const begun = rows.filter(row => row.code === 'replaying')
  const done = rows.filter(row => row.code === 'replayed')
  const aside = rows.filter(row => row.processor !== '')
  const [first] = aside
  if (first === undefined) {
    throw new WattlineError('not_found', `Record ${placeText(place)} is not in the quarantine.`)
  }
  return {
    stream: place.stream,
    partition: place.partition,
    offset: place.offset.toString(),
    made: timeOf(first.time_ms),
    processors: [...new Set(aside.map(row => row.processor))],
    code: first.code,
    error: first.error,
    bytes: Buffer.byteLength(first.record, 'base64'),
    replay: replayState(begun.length, done.length, done.at(-1)?.error ?? ''),
    errors: aside.map(({ processor, code, error }) => ({ processor, code, error })),
    key: first.key === '' ? null : first.key,
    headers: first.headers,
    damaged: aside.some(row => row.headers[RECORD_CORRUPT] !== undefined),
    ambiguous: new Set(aside.map(row => row.record)).size > 1,
    record: first.record,
  }
}

const timeOf = (unixMs: string): string => new Date(Number(unixMs)).toISOString()

const replayState = (begun: number, done: number, place: string): QuarantineReplay => ({
  state: begun > done ? 'unknown' : done > 0 ? 'done' : 'none',
  times: done,
  place: place === '' ? null : place,
})

/**
 * The record to append again.
 * @throws WattlineError `replay_refused` for a record that would count twice, or may not be what was sent, unless
 * forced; even when forced, if the position is ambiguous, and for a record of the quarantine itself.
 */
export function replayable(found: QuarantinedRecordAnswer, force: boolean): SetAside {
  const { stream, partition, processors, key, headers, record } = found
  const offset = BigInt(found.offset)
  const reason = whyNot(found, force)
  if (reason !== null) {
    throw new WattlineError('replay_refused', `Record ${placeText({ stream, partition, offset })} ${reason}.`)
  }
  return {
    stream,
    partition,
    offset,
    processors,
    ...(key === null ? {} : { key }),
    headers,
    value: Buffer.from(record, 'base64'),
  }
}

const COMPACTED = new Set(STREAMS.filter(stream => stream.compacted).map(({ name }) => name))

function whyNot(found: QuarantinedRecordAnswer, force: boolean): string | null {
  const { stream, key, replay, damaged, ambiguous } = found
  // If it were refused again, it would not be quarantined but stop its partition, and nothing could be quarantined any
  // more.
  if (stream === quarantine.name) return 'belongs to the quarantine itself, which cannot be replayed'
  if (ambiguous) return 'identifies two different records, from two logs: see table quarantine'
  if (key === null && COMPACTED.has(stream)) return 'has no key, which its stream requires'
  if (force) return null
  if (replay.state === 'done') return `was replayed already, as ${replay.place}`
  if (replay.state === 'unknown') return 'has an earlier replay with an unknown outcome'
  return damaged ? 'is damaged: the log could not read it back completely, and its values may be wrong' : null
}
