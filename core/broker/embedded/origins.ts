/**
 * The origin of each record of the log. An offset identifies a record only within one history of the log: an older copy
 * that is restored reuses offsets for different records. Each history has an origin, a unique identity, and each record
 * has the newest origin that begins at or before its offset. Tokens and forwarded offsets contain it, so a new record
 * is never mistaken for an old one.
 */
import type { PartitionId } from './keys.ts'

interface LogOrigin {
  /** Empty: records from before origins existed; their tokens have none. */
  readonly id: string
  /** First offset of the origin by `stream number/partition`; 0 if absent. */
  readonly from: Readonly<Record<string, string>>
  /** The previous log was lost or went back: state derived from it starts over. */
  readonly isAnew?: true
}

/** In order; never empty. */
export type Origins = readonly LogOrigin[]

/** As stored under `ORIGINS_KEY`: JSON. */
export const encodeOrigins = (origins: Origins): Buffer => Buffer.from(JSON.stringify(origins))
/** Reads what `encodeOrigins` wrote; not validated, since only this process writes it. */
export const decodeOrigins = (stored: Uint8Array): Origins => JSON.parse(Buffer.from(stored).toString())

/** The origin of a record. */
export const originOf = (origins: Origins, place: PartitionId, offset: bigint): string =>
  findOrigin(origins, place, offset)?.id ?? ''

/** The origin if it started over; '' if nothing was lost before it. */
export function historyOf(origins: Origins, place: PartitionId, offset: bigint): string {
  const origin = findOrigin(origins, place, offset)
  return origin?.isAnew === true ? origin.id : ''
}

const findOrigin = (origins: Origins, place: PartitionId, offset: bigint): LogOrigin | undefined =>
  origins.findLast(({ from }) => BigInt(from[keyOf(place)] ?? '0') <= offset)

interface LogBounds extends PartitionId {
  readonly bounds: { readonly first: bigint; readonly next: bigint }
}

/** `isAnew`: the previous log was lost, so state derived from it starts over. */
export const newOrigin = (id: string, from: LogOrigin['from'], isAnew: boolean): LogOrigin =>
  isAnew ? { id, from, isAnew } : { id, from }

/** Adds an origin that begins where the log ends, and removes those that no stored record has. */
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
