/**
 * Which records of the log are whose. An offset names a record only within one history of the log: an older copy that is
 * restored goes on with offsets that meant other records before. Each history has an origin, an identity of its own, and
 * each record the newest origin that begins at its offset or before. Tokens and forwarded places carry it, so that a new
 * record is never taken for an old one.
 */
import type { PartitionId } from './keys.ts'

interface Origin {
  /** Empty: records of before origins were kept, whose tokens have none. */
  readonly id: string
  /** `stream number/partition` -> its first offset there; where nothing stands, 0. */
  readonly from: Readonly<Record<string, string>>
  /** The log before was lost, or went back: whoever derives things from it started over. */
  readonly isAnew?: true
}

/** In order; never empty. */
export type Origins = readonly Origin[]

/** As stored under `ORIGINS_KEY`: JSON. */
export const encodeOrigins = (origins: Origins): Buffer => Buffer.from(JSON.stringify(origins))
/** Reads what `encodeOrigins` wrote; not validated, since only this process writes it. */
export const decodeOrigins = (stored: Uint8Array): Origins => JSON.parse(Buffer.from(stored).toString())

/** The origin of a record. */
export const originOf = (origins: Origins, place: PartitionId, offset: bigint): string =>
  findOrigin(origins, place, offset)?.id ?? ''

/** The same where it started over; '' where nothing was lost before it. */
export function historyOf(origins: Origins, place: PartitionId, offset: bigint): string {
  const origin = findOrigin(origins, place, offset)
  return origin?.isAnew === true ? origin.id : ''
}

const findOrigin = (origins: Origins, place: PartitionId, offset: bigint): Origin | undefined =>
  origins.findLast(({ from }) => BigInt(from[keyOf(place)] ?? '0') <= offset)

interface LogBounds extends PartitionId {
  readonly bounds: { readonly first: bigint; readonly next: bigint }
}

/** `isAnew`: the log before it was lost, so whoever derives things from it starts over. */
export const newOrigin = (id: string, from: Origin['from'], isAnew: boolean): Origin =>
  isAnew ? { id, from, isAnew } : { id, from }

/** With one more that begins where the log ends; without those that no stored record has. */
export function withOrigin(
  origins: Origins,
  id: string,
  partitions: Iterable<LogBounds>,
  isAnew: boolean,
): Origins {
  const logs = [...partitions]
  const from = Object.fromEntries(logs.map(log => [keyOf(log), `${log.bounds.next}`]))
  const used = new Set(logs.map(log => originOf(origins, log, log.bounds.first)))
  const oldest = origins.findIndex(origin => used.has(origin.id))
  return [...(oldest === -1 ? origins.slice(-1) : origins.slice(oldest)), newOrigin(id, from, isAnew)]
}

const keyOf = ({ streamId, partition }: PartitionId): string => `${streamId}/${partition}`
