/** The cached form of a series: everything in its readings except time, epoch and value, with texts as bytes. */
import { partitionKey } from '../../../core/model/partition.ts'
import type { IgnoredReason, Mapping } from '../mappings/mapping.ts'
import type { ByteStore, Chunk } from './byte-store.ts'
import type { NamedHost } from './host-names.ts'
import type { IdentifiedReading, Unidentified } from './identify.ts'

/** Texts of an identity, in this order, followed by keys and values of its attributes. */
export const TEXTS = { host: 0, hostName: 1, domain: 2, device: 3, workloadId: 4, attributes: 5 } as const

/** A series whose points are readings. */
export interface ReadingSeries {
  readonly reason: null
  readonly mapping: Mapping
  readonly tenant: string
  /** Determines the partition: see core/model/partition.ts. */
  readonly partitionKey: number
  readonly workloadKind: string
  readonly source: string
  readonly quality: string
  /** Contains, from `at` on, the length of each text as 32 bits, and after these `count` lengths the texts. */
  readonly chunk: Chunk
  readonly at: number
  readonly count: number
  /** The host that was assumed if the sender knows only a name, and what that follows from. */
  readonly alone: NamedHost | null
  /** Says a cloud's id of the same host; null: it is not known. */
  readonly also: ReadingSeries | null
  /** Of readings that say only who something is: when the last one was taken, ms. */
  identityMs: number
  /** The last start time of the counter, in two 32-bit parts, and the resulting BootId. */
  startLow: number
  startHigh: number
  epoch: string
}

/** A series whose points are not readings. */
interface NoReading {
  readonly reason: IgnoredReason
  readonly isBeforeTime: boolean
}

/** The cached identity of a series, or the reason why it gives no readings. */
export type ReadingIdentity = ReadingSeries | NoReading

/** Converts an identified point to its cached form. */
export function readingIdentity(
  found: IdentifiedReading | Unidentified,
  tenant: string,
  store: ByteStore,
  { alone, also }: Pick<ReadingSeries, 'alone' | 'also'> = { alone: null, also: null },
): ReadingIdentity {
  if ('reason' in found) return found
  const { mapping, workloadKind, source, quality } = found
  const { host, hostName } = alone ?? found
  const texts = [host, hostName, found.domain, found.device, found.workloadId]
  for (const key in found.attributes) texts.push(key, found.attributes[key]!)
  const { chunk, at } = packed(texts, store)
  return {
    reason: null,
    mapping,
    tenant,
    partitionKey: partitionKey(tenant, host),
    workloadKind,
    source,
    quality,
    chunk,
    at,
    count: texts.length,
    alone,
    also,
    identityMs: Number.NEGATIVE_INFINITY,
    startLow: 0,
    startHigh: 0,
    epoch: '',
  }
}

/** A counter that restarts shows this by its start time. */
export function epochOf(series: ReadingSeries, startLow: number, startHigh: number): string {
  if (!series.mapping.isCounter) return ''
  if (series.startLow === startLow && series.startHigh === startHigh) return series.epoch
  series.startLow = startLow
  series.startHigh = startHigh
  const start = (BigInt(startHigh >>> 0) << 32n) | BigInt(startLow >>> 0)
  series.epoch = start === 0n ? '' : `otlp:${start}`
  return series.epoch
}

function packed(texts: readonly string[], store: ByteStore): { readonly chunk: Chunk; readonly at: number } {
  const encoded = texts.map(text => Buffer.from(text.toWellFormed()))
  store.reserve(encoded.reduce((sum, { length }) => sum + 4 + length, 0))
  const { chunk, at } = store
  let end = at + encoded.length * 4
  for (const [index, bytes] of encoded.entries()) {
    chunk.view.setInt32(at + index * 4, bytes.length, true)
    chunk.bytes.set(bytes, end)
    end += bytes.length
  }
  return { chunk, at }
}
