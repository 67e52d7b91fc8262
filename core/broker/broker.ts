/**
 * The durable log between the stages: partitioned, append-only streams of opaque records. `embedded` stores it in LMDB,
 * `kafka` in Apache Kafka; one contract suite (`test/contract/broker`) tests both.
 *
 * Guarantees:
 * - `append` resolves only when the records are durable. The records of one call are stored all or none, and are read
 *   in order. When it rejects, nothing of the call is stored, or the outcome is unknown because a neighbour died after
 *   storing; the disposition is then `retry`, and a retry may store the records twice, at two offsets.
 * - Offsets of a partition start at 0 and increase by one per visible record (embedded) or by at least one (kafka).
 * - A group reads every record of a stream at least once, from its committed offset, in order per partition. Exactly
 *   one worker of a group has a partition at a time.
 * - `transact` makes output records, state and the input offset visible together or not at all.
 * - Retention drops only records that every known group has committed; a full disk rejects appends and recovers.
 * - In a compacted stream the newest record of every key is kept forever, at its offset. A superseded record is dropped
 *   when it exceeds the retention; readers then see offsets with gaps.
 * - A corrupt stored record does not block its partition: it is delivered with the header `corrupt`, see
 *   `RECORD_CORRUPT`.
 * - The caller must not change values and state until the promise settles.
 */
export interface Broker {
  readonly kind: 'embedded' | 'kafka'
  /**
   * Creates missing streams and checks the others. Known groups keep records from being trimmed before they read them.
   */
  createStreams(settings: readonly StreamSettings[]): Promise<void>
  /** Number of partitions of a stream; throws for an unknown one. */
  partitions(stream: string): number
  /** Stores the records in one partition; `'any'` lets the broker choose, balanced. Resolves once durable. */
  append(stream: string, partition: number | 'any', records: readonly NewRecord[]): Promise<Appended>
  /** Joins a group. `work` is called once per assigned partition and runs until `partition.revoked` aborts. */
  subscribe(options: SubscribeOptions): Promise<Subscription>
  /**
   * The newest durable record of every key of a compacted stream at the time of the call. All are loaded into memory,
   * because such a stream is small; a reader that follows the stream asks only for what is new.
   */
  newest(stream: string, wanted?: NewestWanted): Promise<ReadonlyMap<string, StoredRecord>>
  /** Per partition: what is stored, and how far the group has committed. */
  lag(group: string, stream: string): Promise<readonly PartitionLag[]>
  /** Embedded only: the stored records of a stream, from a group's point of view. */
  holdings?(group: string, stream: string): readonly Holding[]
  /** Embedded only: moves a group without members to `offset`, and changes these entries of its state; null deletes. */
  rewind?(
    group: string,
    place: { readonly stream: string; readonly partition: number },
    offset: bigint,
    state: ReadonlyMap<string, Uint8Array | null>,
  ): Promise<void>
  /** Throws when appends would not be accepted now (disk full, broker unreachable); used by readiness. */
  ping(): Promise<void>
  /**
   * Embedded only: drops the records below the offset that every known group has read, regardless of age; resolves with
   * the oldest remaining offset. Drops nothing from compacted streams.
   */
  trim?(stream: string, partition: number, before: bigint): Promise<bigint>
  /**
   * Embedded only: copies the log, as of the moment when this resolves, into an empty folder; the copy is complete when
   * `done` resolves. Appending and reading continue meanwhile.
   */
  copyTo?(folder: string): Promise<{ readonly done: Promise<void> }>
  /** Ends subscriptions, waits for operations in flight, releases files. */
  close(): Promise<void>
}

/** Which of the newest records of a compacted stream are wanted; absent: all. */
export interface NewestWanted {
  /** Those at this offset of their partition or after it. */
  readonly since?: bigint
  /** Those with these keys. */
  readonly keys?: ReadonlySet<string>
}

/** What a stream needs from any broker: partitions, retention, and the groups that retention waits for. */
export interface StreamSettings {
  readonly name: string
  readonly partitions: number
  /** Groups that must have committed a record before retention may drop it. */
  readonly groups: readonly string[]
  /** A committed record is dropped when it is older than this, or when the partition holds more bytes than this. */
  readonly retention: { readonly timeMs: number; readonly bytes: number }
  /** A record replaces earlier ones with the same key; every record needs a key, and each key uses one partition. */
  readonly compacted?: true
}

/** A record to append. */
export interface NewRecord {
  /** Identifies the subject of the record in a compacted stream: text of at most 1,900 bytes. */
  readonly key?: string
  /** Must not change until `append` has resolved, and never again if it rejects, since it may still be in transit. */
  readonly value: Uint8Array
  /** Small facts about the record; ASCII keys. With `kind` it is a control record, see `RECORD_KIND`. */
  readonly headers?: Readonly<Record<string, string>>
  /** Wall-clock milliseconds at which the record was created: for retention, lag, and detecting silent meters. */
  readonly timestampMs: number
}

/** Header `kind` of records without rows: `flush` tells `meter` that a host has fallen silent (value: JSON). */
export const RECORD_KIND = 'kind'

/**
 * Header that a broker adds to a record that it stored but cannot read back completely (its value is what is left): the
 * reason. The record is delivered at its offset, so that the consumer quarantines it and continues with the next ones.
 */
export const RECORD_CORRUPT = 'corrupt'

/** A record as read from a partition. `headers` is empty if the writer gave none. */
export interface StoredRecord extends NewRecord {
  readonly offset: bigint
  readonly headers: Readonly<Record<string, string>>
}

/** The position of an append. The records of one call have consecutive offsets. */
export interface Appended {
  readonly partition: number
  /** Offset of the first record of the call. */
  readonly offset: bigint
}

/** Joins a consumer group. `work` runs once for each partition that the group assigns to this member. */
export interface SubscribeOptions {
  readonly group: string
  readonly streams: readonly string[]
  /** If it rejects, the partition is given up and the error is passed to `onFailure`; other partitions continue. */
  readonly work: (partition: AssignedPartition) => Promise<void>
  readonly onFailure: (partition: AssignedPartition, error: unknown) => void
}

/** Membership in a consumer group. */
export interface Subscription {
  /** Revokes all partitions and resolves when every `work` has returned. */
  close(): Promise<void>
}

/** A partition that belongs to this member until its `work` returns. Later commits and transactions reject. */
export interface AssignedPartition {
  readonly stream: string
  readonly partition: number
  /**
   * Identity of the log in which the record has its offset: distinguishes it from other records that once had the same
   * offset.
   */
  logOf(offset: bigint): string
  /** The identity for its deduplication token; '' for records from before tokens had one. */
  originOf(offset: bigint): string
  /** The identity if the previous log was lost, so that state derived from it starts over; '' if none was lost. */
  historyOf(offset: bigint): string
  /** Aborts when the partition is taken away: finish or drop the current work and return. */
  readonly revoked: AbortSignal
  /**
   * The next records after those already polled: at least one, or none when `maxWaitMs` passed or the partition was
   * revoked. A single record larger than `maxBytes` is still returned. Values may be views that are valid until the
   * next poll.
   */
  poll(limits: PollLimits): Promise<readonly StoredRecord[]>
  /** Declares everything below `nextOffset` done. Durable when it resolves. */
  commit(nextOffset: bigint): Promise<void>
  /** State that `transact` wrote in this group for this partition, as of the committed offset. */
  loadState(): Promise<ReadonlyMap<string, Uint8Array>>
  /** All or nothing: outputs become readable, state is replaced (null deletes) and `nextOffset` is committed. */
  transact(step: TransactionStep): Promise<void>
}

/** Limits of one poll. `maxWaitMs` limits the wait for a first record. */
export interface PollLimits {
  readonly maxRecords: number
  readonly maxBytes: number
  readonly maxWaitMs: number
}

/** Everything that one transaction of a partition's consumer writes. */
export interface TransactionStep {
  readonly outputs: readonly OutputRecord[]
  /** Keys whose state is replaced; null deletes. Other keys are unchanged. */
  readonly state: ReadonlyMap<string, Uint8Array | null>
  /** Everything below it is committed as read. */
  readonly nextOffset: bigint
}

/** A record that a transaction appends to a partition of another stream. */
export interface OutputRecord {
  readonly stream: string
  readonly partition: number
  readonly record: NewRecord
}

/**
 * One partition from a group's point of view: records from `first` to below `end` are stored, and the group has read
 * those below `committed`.
 */
export interface Holding {
  readonly partition: number
  readonly first: bigint
  readonly end: bigint
  readonly committed: bigint
  /** See AssignedPartition. */
  originOf(offset: bigint): string
  readonly state: ReadonlyMap<string, Uint8Array>
}

/** How far a group is behind on one partition. */
export interface PartitionLag {
  readonly partition: number
  /** Offset after the last stored record. */
  readonly end: bigint
  readonly committed: bigint
  /** `timestampMs` of the oldest uncommitted record; null when there is none. */
  readonly oldestPendingMs: number | null
}
