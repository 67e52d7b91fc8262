/**
 * How far the log and its readers have got, kept beside it: what tells an older copy that was restored, or a log that was
 * deleted, from the log that was there before, and what of it had not been read. Written when a change is durable and before
 * it is acknowledged; it may lag behind the log, and is never ahead of the log that it was written for.
 */
import { hasNoSpace } from '../../runtime/disk-full.ts'
import { SlotFile } from '../../runtime/slot-file.ts'
import type { DraftWatcher } from './draft.ts'
import type { PartitionLog } from './partition-log.ts'

/** Records that were acknowledged and are not in the log any more. */
export interface LostRecords {
  /** `older`: a copy of before was put in the log's place. `gone`: it was deleted, or another one is there. */
  readonly kind: 'older' | 'gone'
  /** Identity of the log that they were in. */
  readonly log: string
  readonly partitions: readonly LostPartition[]
}

/** Records of one partition that were acknowledged and are not in the log any more. */
export interface LostPartition {
  readonly stream: string
  readonly partition: number
  /** Offset after the last record that was acknowledged. */
  readonly end: bigint
  /** When it was stored in the log, unix milliseconds. */
  readonly lastMs: number
  /** Groups that had not read all of what is gone. */
  readonly unread: readonly {
    readonly group: string
    readonly records: bigint
    /** Time of the last record that the group had read, unix milliseconds: the others came later. Null: unknown. */
    readonly readMs: number | null
  }[]
}

interface TimedOffset {
  readonly offset: bigint
  readonly ms: number
}

/** What the file says: ends by `stream/partition`, and of every group what it has read, by the same. */
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

  /** Starts over with what the log holds. */
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
      // A full disk: the file of the same log serves on as it is, and is written in its place.
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

  /** What cannot be written now is written with the next change: the file lags, as it may. The log itself has it all. */
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

/** What was written last; null when nothing was. */
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

/** What the log of `identity` (null: it is new) lacks of what the file says; null when nothing. */
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
