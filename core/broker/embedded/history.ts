/** Detects whether the log is the one that was here before, and knows the origins of its records. */
import { randomUUID } from 'node:crypto'
import { WattlineError } from '../../catalogue/errors/errors.ts'
import type { Draft } from './draft.ts'
import type { Journal } from './journal.ts'
import { IDENTITY_KEY, ORIGINS_KEY, type PartitionId, recordKey, stateOf } from './keys.ts'
import { findLost, LogEnds, type LostRecords, readEnds } from './log-ends.ts'
import {
  decodeOrigins,
  encodeOrigins,
  historyOf,
  newOrigin,
  type Origins,
  originOf,
  withOrigin,
} from './origins.ts'
import type { PartitionLog } from './partition-log.ts'
import { decodeHead } from './record.ts'
import type { LogStore } from './store.ts'

/** What to do when the log is found to be an older copy, or to lack acknowledged records. */
export interface HistoryOptions {
  /** File next to the log that records its end, to detect an older copy. Default: no file. */
  readonly endsFile?: string
  /** Called, before anything is changed, when acknowledged records are missing from the log. */
  readonly onLost?: (lost: LostRecords) => Promise<void>
  /**
   * Groups that continue at the end of an older copy, without state, because their earlier results are already stored.
   */
  readonly doneElsewhere?: readonly string[]
}

/** The history of a record. */
export interface RecordHistory {
  /** '' for records from before origins existed. */
  readonly origin: string
  /** Identity of the log that it was appended to. */
  readonly log: string
  /** The origin if the previous log was lost; otherwise ''. */
  readonly history: string
}

/** Knows the origin of every record and detects at start that the log is not the one that was here before. */
export class History {
  readonly #options: HistoryOptions
  readonly #store: LogStore
  readonly #journal: Journal
  readonly #clock: () => number
  /** Null: the log is new. */
  #identity: string | null
  /** Null until `establishOrigins` has run. */
  #origins: Origins | null = null
  #ends: LogEnds | null = null
  #groups: ReadonlyMap<string, readonly string[]> = new Map()

  constructor(options: HistoryOptions, store: LogStore, journal: Journal, clock: () => number) {
    this.#options = options
    this.#store = store
    this.#journal = journal
    this.#clock = clock
    const identity = store.get(IDENTITY_KEY)
    this.#identity = identity === undefined ? null : Buffer.from(identity).toString()
  }

  of(place: PartitionId, offset: bigint): RecordHistory {
    if (this.#identity === null || this.#origins === null) {
      throw new WattlineError('invariant_broken', 'The log has no origins before its streams are created.')
    }
    const origin = originOf(this.#origins, place, offset)
    return { origin, log: origin || this.#identity, history: historyOf(this.#origins, place, offset) }
  }

  /**
   * Runs before the first append of a run. If the log is new, has no file of ends, or differs from that file, records
   * that are appended from now on get a new origin.
   * @param groups the readers of each stream, whether they have begun to read or not
   */
  async establishOrigins(
    logs: readonly PartitionLog[],
    groups: ReadonlyMap<string, readonly string[]>,
  ): Promise<void> {
    if (this.#origins !== null) return
    this.#groups = groups
    const { endsFile, onLost } = this.#options
    const stored = this.#store.get(ORIGINS_KEY)
    const known: Origins = stored === undefined ? [] : decodeOrigins(stored)
    const lost = endsFile === undefined ? null : findLost(endsFile, this.#identity, logs)
    if (lost !== null) await onLost?.(lost)
    const isSame = lost === null && (endsFile === undefined || readEnds(endsFile) !== null)
    this.#origins = known.length > 0 && isSame ? known : await this.#begin(known, logs, lost !== null)
    if (endsFile === undefined || this.#identity === null) return
    const timeOf = (log: PartitionLog, offset: bigint): number =>
      offset < 0n
        ? 0
        : Math.max(0, Math.round(decodeHead(this.#store.get(recordKey(log, offset, 0)))?.timestampMs ?? 0))
    this.#ends = LogEnds.create(endsFile, this.#identity, logs, { now: this.#clock, timeOf })
    this.#journal.watcher = this.#ends
  }

  close(): void {
    this.#ends?.close()
  }

  /** A log from before origins existed keeps tokens without an origin for its records. */
  async #begin(known: Origins, logs: readonly PartitionLog[], isOther: boolean): Promise<Origins> {
    const id = randomUUID()
    const isNew = this.#identity === null
    const identity = this.#identity ?? id
    const before = known.length === 0 ? [{ id: '', from: {} }] : known
    const origins = isNew ? [newOrigin(id, {}, isOther)] : withOrigin(before, id, logs, isOther)
    await this.#journal.submit(0, draft => {
      draft.put(IDENTITY_KEY, Buffer.from(identity))
      draft.put(ORIGINS_KEY, encodeOrigins(origins))
      if (isOther) for (const group of this.#options.doneElsewhere ?? []) this.#skip(draft, group, logs)
    })
    this.#identity = identity
    return origins
  }

  /** Skips the records that a group would process, and forgets its state. */
  #skip(draft: Draft, group: string, logs: readonly PartitionLog[]): void {
    for (const log of logs) {
      const isReader = log.committed.has(group) || this.#groups.get(log.stream)?.includes(group) === true
      if (!isReader) continue
      draft.commit(log, group, log.bounds.next)
      draft.forget(Array.from(this.#store.entries(stateOf(log, group)), entry => entry.key))
    }
  }
}
