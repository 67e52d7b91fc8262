/** The streams of a log: their stored declarations, read once at open, and those that `createStreams` adds. */
import { WattlineError } from '../../catalogue/errors/errors.ts'
import type { StreamSettings } from '../broker.ts'
import { KeyIndex } from './key-index.ts'
import {
  allStreams,
  boundsKey,
  committedGroupOf,
  committedOf,
  FORMAT_KEY,
  newestNameOf,
  newestOf,
  type PartitionId,
  streamKey,
  streamNameOf,
  supersededOf,
  supersededOffsetOf,
} from './keys.ts'
import { decodeBounds, decodeOffset, PartitionLog, type StreamLog } from './partition-log.ts'
import type { LmdbOperation } from './record.ts'
import type { LogStore } from './store.ts'

/**
 * Format of the log and everything in it. 2: records have origins. An older version would read a log of format 2 as if
 * they had none, and store its records again, so it must refuse.
 */
export const FORMAT = '2'
const READABLE: ReadonlySet<string> = new Set(['1', FORMAT])
const PARTITIONS_MAX = 65_535

/** The stored declaration of a stream. */
interface StoredStream {
  readonly id: number
  readonly partitions: number
  readonly compacted?: true
}

/** Reads all streams of a log. @throws WattlineError `data_unusable` when a newer version has written the log */
export function loadStreams(store: LogStore): Map<string, StreamLog> {
  const format = store.get(FORMAT_KEY)
  if (format !== undefined && !READABLE.has(Buffer.from(format).toString())) {
    throw new WattlineError(
      'data_unusable',
      `The log has format ${Buffer.from(format).toString()}, this version reads formats up to ${FORMAT}. A newer version has written it: run that version, or restore a backup taken before the upgrade (docs/operators.md).`,
    )
  }
  const streams = new Map<string, StreamLog>()
  for (const { key, value } of [...store.entries(allStreams())]) {
    const name = streamNameOf(key)
    const stored: StoredStream = JSON.parse(Buffer.from(value).toString())
    streams.set(name, loadStream(store, name, stored))
  }
  return streams
}

function loadStream(store: LogStore, name: string, stored: StoredStream): StreamLog {
  const partitions = Array.from({ length: stored.partitions }, (_, partition) => {
    const place = { streamId: stored.id, partition }
    const committed = new Map<string, bigint>()
    for (const { key, value } of store.entries(committedOf(place))) {
      committed.set(committedGroupOf(key), decodeOffset(value))
    }
    const keys = stored.compacted === true ? loadKeys(store, place) : null
    return new PartitionLog(name, place, keys, decodeBounds(store.get(boundsKey(place))), committed)
  })
  return { name, id: stored.id, partitions, retention: null, turn: 0 }
}

function loadKeys(store: LogStore, place: PartitionId): KeyIndex {
  const newest = new Map<string, bigint>()
  const superseded = new Set<bigint>()
  for (const { key, value } of store.entries(newestOf(place)))
    newest.set(newestNameOf(key), decodeOffset(value))
  for (const { key } of store.entries(supersededOf(place))) superseded.add(supersededOffsetOf(key))
  return new KeyIndex(newest, superseded)
}

/** Throws `config_invalid` when the settings contradict themselves or what is stored. */
export function checkSettings(settings: StreamSettings, existing: StreamLog | undefined): void {
  const { name, partitions } = settings
  if (name === '' || !Number.isInteger(partitions) || partitions < 1 || partitions > PARTITIONS_MAX) {
    throw new WattlineError('config_invalid', `Stream '${name}' cannot have ${partitions} partitions.`)
  }
  if (existing === undefined) return
  const isCompacted = existing.partitions[0]?.keys !== null
  if (isCompacted !== (settings.compacted === true)) {
    const [is, shall] = isCompacted ? ['compacted', 'not'] : ['not compacted', 'to be']
    throw new WattlineError(
      'config_invalid',
      `Stream '${name}' is stored ${is}, but declared ${shall}. The data folder belongs to another version: set \`data\` to another folder.`,
    )
  }
  if (existing.partitions.length === partitions) return
  throw new WattlineError(
    'config_invalid',
    `Stream '${name}' is stored with ${existing.partitions.length} partitions, but configured with ${partitions}. The number of partitions cannot change after the data folder has been created.`,
  )
}

/** A stream that is not stored yet, and the operation that stores it. */
export function newStream(
  settings: StreamSettings,
  id: number,
): { readonly stream: StreamLog; readonly operations: readonly LmdbOperation[] } {
  const { name, compacted } = settings
  const stored: StoredStream = {
    id,
    partitions: settings.partitions,
    ...(compacted === true ? { compacted } : {}),
  }
  const partitions = Array.from({ length: settings.partitions }, (_, partition) => {
    const keys = compacted === true ? new KeyIndex() : null
    return new PartitionLog(name, { streamId: id, partition }, keys)
  })
  return {
    stream: { name, id, partitions, retention: null, turn: 0 },
    operations: [{ key: streamKey(name), value: Buffer.from(JSON.stringify(stored)) }],
  }
}
