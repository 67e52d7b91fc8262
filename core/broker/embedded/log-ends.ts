/**
 * The ends of the log and the positions of its readers, stored next to it. They reveal an older copy that was restored,
 * or a deleted log, and which of its records had not been read. Written when a change is durable and before it is
 * acknowledged; the file may be behind the log, and is never ahead of the log for which it was written.
 */
import { hasNoSpace } from '../../runtime/disk-full.ts'
import { SlotFile } from '../../runtime/slot-file.ts'
import type { DraftWatcher } from './draft.ts'
import type { PartitionLog } from './partition-log.ts'

/** Acknowledged records that are missing from the log. */
export interface LostRecords {
  /** `older`: the log was replaced by an older copy. `gone`: it was deleted, or replaced by another log. */
  readonly kind: 'older' | 'gone'
  /** Identity of the log that contained them. */
  readonly log: string
  readonly partitions: readonly LostPartition[]
}

/** Acknowledged records of one partition that are missing from the log. */
export interface LostPartition {
  readonly stream: string
  readonly partition: number
  /** Offset after the last acknowledged record. */
  readonly end: bigint
  /** When it was stored in the log, unix milliseconds. */
  readonly lastMs: number
  /** Groups that had not read all of the missing records. */
  readonly unread: readonly {
    readonly group: string
    readonly records: bigint
    /**
     * Time of the last record that the group had read, unix milliseconds: the missing ones are later. Null: unknown.
     */
    readonly readMs: number | null
  }[]
}

interface TimedOffset {
  readonly offset: bigint
  readonly ms: number
}

/**
 * Contents of the file: ends by `stream/partition`, and for every group the offset that it has read, by the same key.
 */
interface LogEndsFile {
  readonly log: string
  readonly ends: ReadonlyMap<string, TimedOffset>
  readonly read: ReadonlyMap<string, ReadonlyMap<string, TimedOffset>>
}

const IDENTITY = 'identity'
const placeOf = (log: Pick<PartitionLog, 'stream' | 'partition'>): string => `${log.stream}/${log.partition}`
const slotOf = (group: string, place: string): string => `${group}@${place}`
const markText = ({ offset, ms }: TimedOffset): string => `${offset} ${ms}`

interface EndsPorts {
  readonly now: () => number
  /** Unix milliseconds of a stored record; 0 when unknown. */
  readonly timeOf: (log: PartitionLog, offset: bigint) => number
}

/** Writes the file of ends after every durable change of the log. */
export class LogEnds implements DraftWatcher {
  readonly #file: SlotFile
  readonly #ports: EndsPorts

  private constructor(file: SlotFile, ports: EndsPorts) {
    this.#file = file
    this.#ports = ports
  }

  /** Starts over with the contents of the log. */
  static create(path: string, identity: string, logs: readonly PartitionLog[], ports: EndsPorts): LogEnds {
    const known = readEnds(path)
    const slots: [string, string][] = [[IDENTITY, identity]]
    for (const log of logs) {
      const place = placeOf(log)
      slots.push([place, markText({ offset: log.bounds.next, ms: known?.ends.get(place)?.ms ?? 0 })])
      for (const [group, offset] of log.committed) {
        const ms = known?.read.get(place)?.get(group)?.ms ?? 0
        slots.push([slotOf(group, place), markText({ offset, ms })])
      }
    }
    try {
      return new LogEnds(SlotFile.create(path, slots), ports)
    } catch (error) {
      // On a full disk, the existing file of the same log is used and updated in place.
      if (!hasNoSpace(error) || known?.log !== identity) throw error
      const ends = new LogEnds(SlotFile.open(path), ports)
      for (const [name, text] of slots) ends.#writeText(name, text)
      return ends
    }
  }

  grown(log: PartitionLog): void {
    this.#write(placeOf(log), { offset: log.bounds.next, ms: this.#ports.now() })
  }

  committed(log: PartitionLog, group: string, offset: bigint): void {
    this.#write(slotOf(group, placeOf(log)), { offset, ms: this.#ports.timeOf(log, offset - 1n) })
  }

  close(): void {
    this.#file.close()
  }

  /**
   * If it cannot be written now, it is written with the next change: the file may lag, since the log has everything.
   */
  #write(name: string, mark: TimedOffset): void {
    this.#writeText(name, markText(mark))
  }

  #writeText(name: string, text: string): void {
    try {
      this.#file.set(name, text)
    } catch (error) {
      if (!(error instanceof Error && 'code' in error)) throw error
    }
  }
}

/** The last written contents; null when there are none. */
export function readEnds(path: string): LogEndsFile | null {
  const slots = SlotFile.read(path)
  const log = slots?.get(IDENTITY)
  if (slots === null || log === undefined) return null
  const ends = new Map<string, TimedOffset>()
  const read = new Map<string, Map<string, TimedOffset>>()
  for (const [name, text] of slots) {
    const found = /^(\d+) (\d+)$/.exec(text)
    if (found === null) continue
    const mark = { offset: BigInt(found[1]!), ms: Number(found[2]) }
    const at = name.indexOf('@')
    if (at === -1) ends.set(name, mark)
    else
      read.set(name.slice(at + 1), (read.get(name.slice(at + 1)) ?? new Map()).set(name.slice(0, at), mark))
  }
  return { log, ends, read }
}

/**
 * The records that are in the file but missing from the log with this `identity` (null: it is new); null when none are.
 */
export function findLost(
  path: string,
  identity: string | null,
  logs: readonly PartitionLog[],
): LostRecords | null {
  const known = readEnds(path)
  if (known === null) return null
  const kind = known.log === identity ? 'older' : 'gone'
  const nextOf = new Map(logs.map(log => [placeOf(log), log.bounds.next]))
  const partitions = [...known.ends].flatMap(([place, end]) => {
    const from = kind === 'older' ? (nextOf.get(place) ?? 0n) : 0n
    return end.offset > from ? [lostPartition(place, from, end, known.read.get(place) ?? new Map())] : []
  })
  return kind === 'older' && partitions.length === 0 ? null : { kind, log: known.log, partitions }
}

function lostPartition(
  place: string,
  from: bigint,
  end: TimedOffset,
  read: ReadonlyMap<string, TimedOffset>,
): LostPartition {
  const slash = place.lastIndexOf('/')
  const unread = [...read]
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .flatMap(([group, { offset, ms }]) => {
      const first = offset > from ? offset : from
      return end.offset > first ? [{ group, records: end.offset - first, readMs: ms === 0 ? null : ms }] : []
    })
  const [stream, partition] = [place.slice(0, slash), Number(place.slice(slash + 1))]
  return { stream, partition, end: end.offset, lastMs: end.ms, unread }
}
