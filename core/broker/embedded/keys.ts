/**
 * Keys of the embedded log in its one LMDB table. A key starts with a letter that says what it is; numbers are
 * big-endian so that LMDB's byte order is (stream, partition, offset, chunk) order.
 *
 * | key | value |
 * |---|---|
 * | `F` | version of this layout |
 * | `S` name | stream: its number and partition count, JSON |
 * | `B` stream partition | bounds: first and next offset, bytes stored |
 * | `G` stream partition group | committed offset |
 * | `R` stream partition offset chunk | chunk 0: head of a record; 1 and up: its value |
 * | `K` stream partition key | compacted streams: offset of the newest record of the key |
 * | `Z` stream partition offset | compacted streams: nothing; marks a stored record as superseded |
 * | `T` stream partition group NUL key | state of a group |
 * | `I` | identity of the log: text, made with it |
 * | `O` | origins of the records, JSON (origins.ts) |
 * | `P` | nothing: written by `ping` to check that the disk accepts writes |
 */
import { WattlineError } from '../../catalogue/errors/errors.ts'

/** Holds the layout version; see the table above. */
export const FORMAT_KEY = Buffer.from('F')
/** Holds the identity of the log. */
export const IDENTITY_KEY = Buffer.from('I')
/** Holds the origins of records; see origins.ts. */
export const ORIGINS_KEY = Buffer.from('O')
/** Written by `ping` to prove that the disk still takes transactions. */
export const PING_KEY = Buffer.from('P')

/** A partition in keys: the numbers of its stream and of the partition, both below 65,536. */
export interface PartitionId {
  readonly streamId: number
  readonly partition: number
}

const letter = {
  stream: 'S',
  bounds: 'B',
  committed: 'G',
  record: 'R',
  newest: 'K',
  superseded: 'Z',
  state: 'T',
} as const

/** LMDB's limit with pages of 4 KiB, as lmdb-js applies it. */
const KEY_BYTES_MAX = 1978

const placed = (kind: string, place: PartitionId, tail: Buffer): Buffer => {
  if (5 + tail.length > KEY_BYTES_MAX) {
    throw new WattlineError(
      'invariant_broken',
      `A name or key of ${tail.length} bytes does not fit into a key of the log (${KEY_BYTES_MAX} bytes).`,
    )
  }
  const key = Buffer.alloc(5 + tail.length)
  key.write(kind, 0, 'latin1')
  key.writeUInt16BE(place.streamId, 1)
  key.writeUInt16BE(place.partition, 3)
  tail.copy(key, 5)
  return key
}

const nothing = Buffer.alloc(0)

/** Key of a stream's declaration. */
export const streamKey = (name: string): Buffer => Buffer.from(letter.stream + name)
/** The stream's name in such a key. */
export const streamNameOf = (key: Uint8Array): string => Buffer.from(key.subarray(1)).toString()
/** Key of a partition's bounds. */
export const boundsKey = (place: PartitionId): Buffer => placed(letter.bounds, place, nothing)
/** Key of the offset that a group has committed on a partition. */
export const committedKey = (place: PartitionId, group: string): Buffer =>
  placed(letter.committed, place, Buffer.from(group))
/** The group's name in such a key. */
export const committedGroupOf = (key: Uint8Array): string => Buffer.from(key.subarray(5)).toString()
/** Key of one entry of a group's state, the group's name and the entry's separated by NUL. */
export const stateKey = (place: PartitionId, group: string, key: string): Buffer =>
  placed(letter.state, place, Buffer.from(`${group}\u0000${key}`))
/** The part of a state key that its writer chose. */
export const stateNameOf = (key: Uint8Array, group: string): string =>
  Buffer.from(key.subarray(5 + Buffer.byteLength(group) + 1)).toString()

/** Key of one chunk of a record; chunk 0 is the head. */
export function recordKey(place: PartitionId, offset: bigint, chunk: number): Buffer {
  const tail = Buffer.alloc(10)
  tail.writeBigUInt64BE(offset, 0)
  tail.writeUInt16BE(chunk, 8)
  return placed(letter.record, place, tail)
}

/** Key of the entry with the offset of the newest record for a record key (compacted streams). */
export const newestKey = (place: PartitionId, key: string): Buffer =>
  placed(letter.newest, place, Buffer.from(key))
/** The record key in a key of the log. */
export const newestNameOf = (key: Uint8Array): string => Buffer.from(key.subarray(5)).toString()

/** Key that marks a record of a compacted stream as superseded. */
export function supersededKey(place: PartitionId, offset: bigint): Buffer {
  const tail = Buffer.alloc(8)
  tail.writeBigUInt64BE(offset)
  return placed(letter.superseded, place, tail)
}
/** The record's offset in such a key. */
export const supersededOffsetOf = (key: Uint8Array): bigint => Buffer.from(key).readBigUInt64BE(5)

/** A range of keys in LMDB's byte order. */
export interface KeyRange {
  readonly start: Buffer
  /** Exclusive. */
  readonly end: Buffer
}

const under = (prefix: Buffer): KeyRange => ({ start: prefix, end: Buffer.concat([prefix, Buffer.of(0xff)]) })

/** All stream declarations. */
export const allStreams = (): KeyRange => under(Buffer.from(letter.stream))
/** The committed offsets of all groups of a partition. */
export const committedOf = (place: PartitionId): KeyRange => under(placed(letter.committed, place, nothing))
/** The newest offsets of all record keys of a partition. */
export const newestOf = (place: PartitionId): KeyRange => under(placed(letter.newest, place, nothing))
/** The superseded records of a partition, in order of offset. */
export const supersededOf = (place: PartitionId): KeyRange => under(placed(letter.superseded, place, nothing))
/** All state of a group on a partition. */
export const stateOf = (place: PartitionId, group: string): KeyRange =>
  under(placed(letter.state, place, Buffer.from(`${group}\u0000`)))
