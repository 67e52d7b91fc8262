/**
 * The durable log between the stages: partitioned, append-only streams of opaque records. `embedded` keeps it in LMDB,
 * `kafka` in Apache Kafka; one contract suite (`test/contract/broker`) runs over both.
 *
 * Promises:
 * - `append` resolves only when the records are durable; records of one call are stored all or none, and are read in
 *   order. When it rejects, nothing of that call is stored, or (a neighbour that died after storing) the error says
 *   `outcome unknown` by its disposition `retry`: a retry may then store it twice, consumers see two offsets.
 * - Offsets of a partition start at 0 and rise by one per visible record (embedded) or at least by one (kafka).
 * - A group reads every record of a stream at least once, from its committed offset, in order per partition; exactly one
 *   worker of a group has a partition at a time.
 * - `transact` makes output records, state and the input offset visible together or not at all.
 * - Retention drops only records that every known group has committed; a full disk rejects appends and recovers.
 * - Of a compacted stream the newest record of every key stays for good, at its offset. One that a newer record of its key
 *   has superseded goes when it is older than retention; then readers see offsets without it.
 * - A stored record that is spoilt does not block its partition: it comes with the header `corrupt`, see
 *   `RECORD_CORRUPT`.
 * - Values and state handed in must not change until the promise settles.
 */
export interface Broker {
  readonly kind: 'embedded' | 'kafka'
  /** Creates what is missing and checks the rest. Known groups keep records from being trimmed before they read them. */
  createStreams(settings: readonly StreamSettings[]): Promise<void>
  /** Number of partitions of a stream; throws for an unknown one. */
  partitions(stream: string): number
  /** Stores the records in one partition, `'any'`: the broker's choice, balanced. Resolves once durable. */
  append(stream: string, partition: number | 'any', records: readonly NewRecord[]): Promise<Appended>
  /** Joins a group. `work` is called once per assigned partition and runs until `partition.revoked` aborts. */
  subscribe(options: SubscribeOptions): Promise<Subscription>
  /**
   * The newest record of every key of a compacted stream, of all that was durable when it was called. It comes whole, into
   * memory: such a stream is small.
   */
  newest(stream: string): Promise<ReadonlyMap<string, StoredRecord>>
  /** Per partition: what is stored and how far the group has committed. */
  lag(group: string, stream: string): Promise<readonly PartitionLag[]>
  /** Embedded only: what the log holds of a stream for a group. */
  holdings?(group: string, stream: string): readonly Holding[]
  /** Embedded only: has a group that has no member go on at `offset`, with this state besides what it has; null deletes. */
  rewind?(
    group: string,
    place: { readonly stream: string; readonly partition: number },
    offset: bigint,
    state: ReadonlyMap<string, Uint8Array | null>,
  ): Promise<void>
  /** Throws when appends would not be accepted now (disk full, broker away); used by readiness. */
  ping(): Promise<void>
  /**
   * Embedded only: drops the records below the offset that every known group has read, however young they are; resolves
   * with the oldest offset that is left. Of compacted streams nothing goes.
   */
  trim?(stream: string, partition: number, before: bigint): Promise<bigint>
  /**
   * Embedded only: copies the log into an empty folder, as it is when this resolves; the copy is whole when `done`
   * resolves. Appending and reading go on meanwhile.
   */
  copyTo?(folder: string): Promise<{ readonly done: Promise<void> }>
  /** Ends subscriptions, waits for what is in flight, releases files. */
  close(): Promise<void>
}

/** What a stream needs from any broker: partitions, retention, and the groups that retention waits for. */
export interface StreamSettings {
  readonly name: string
  readonly partitions: number
  /** Groups that must have committed a record before retention may drop it. */
  readonly groups: readonly string[]
  /** A committed record is dropped when older than this, or when the partition holds more bytes than that. */
  readonly retention: { readonly timeMs: number; readonly bytes: number }
  /** Records replace those of the same key before them; every record needs a key, and a key has one partition. */
  readonly compacted?: true
}

/** A record to append. */
export interface NewRecord {
  /** What the record is about, where a newer one about the same replaces it: text of at most 1,900 bytes. */
  readonly key?: string
  /** To be left alone until `append` has resolved, and for good when it rejects: it may still be on its way then. */
  readonly value: Uint8Array
  /** Small facts about the record; ASCII keys. `kind` other than absent marks a control record, see `RECORD_KIND`. */
  readonly headers?: Readonly<Record<string, string>>
  /** Wall-clock milliseconds at which the record was made: for retention, lag and which meters have fallen silent. */
  readonly timestampMs: number
}

/** Header `kind` of records without rows: `flush` tells `meter` that a host has fallen silent (value: JSON). */
export const RECORD_KIND = 'kind'

/**
 * Header that a broker adds to a record it stored but cannot read back whole (value: what is left of it): the reason.
 * It is delivered in its place, so that the consumer sets it aside and goes on with those after it.
 */
export const RECORD_CORRUPT = 'corrupt'

/** A record as read from a partition. `headers` is empty where the writer gave none. */
export interface StoredRecord extends NewRecord {
  readonly offset: bigint
  readonly headers: Readonly<Record<string, string>>
}

/** Where an append landed. The records of one call have consecutive offsets. */
export interface Appended {
  readonly partition: number
  /** Offset of the first record of the call. */
  readonly offset: bigint
}

/** Joins a consumer group. `work` runs once for every partition that the group assigns to this member. */
export interface SubscribeOptions {
  readonly group: string
  readonly streams: readonly string[]
  /** When it rejects, the partition is given up and the error is handed to `onFailure`; others go on. */
  readonly work: (partition: AssignedPartition) => Promise<void>
  readonly onFailure: (partition: AssignedPartition, error: unknown) => void
}

/** Membership in a consumer group. */
export interface Subscription {
  /** Revokes all partitions and resolves when every `work` has returned. */
  close(): Promise<void>
}

/** A partition that belongs to this member until its `work` returns. Commits and transactions after that reject. */
export interface AssignedPartition {
  readonly stream: string
  readonly partition: number
  /** Identity of the log in which the record has its offset: what tells it from others that once had the same. */
  logOf(offset: bigint): string
  /** The same for its deduplication token; '' for records of before tokens had one. */
  originOf(offset: bigint): string
  /** The same where the log before it was lost, so that whoever derives things from it started over; '' where none was. */
  historyOf(offset: bigint): string
  /** Aborts when the partition is taken away: finish or drop what is in hand and return. */
  readonly revoked: AbortSignal
  /**
   * The next records after those already polled; at least one, or none when `maxWaitMs` passed or the partition was
   * revoked. A single record larger than `maxBytes` still comes. Values may be views that are valid until the next poll.
   */
  poll(limits: PollLimits): Promise<readonly StoredRecord[]>
  /** Declares everything below `nextOffset` done. Durable when it resolves. */
  commit(nextOffset: bigint): Promise<void>
  /** State written by `transact` in this group for this partition, as of the committed offset. */
  loadState(): Promise<ReadonlyMap<string, Uint8Array>>
  /** All or nothing: outputs become readable, state is replaced (null deletes) and `nextOffset` is committed. */
  transact(step: TransactionStep): Promise<void>
}

/** What one poll may return. `maxWaitMs` bounds the wait for a first record. */
export interface PollLimits {
  readonly maxRecords: number
  readonly maxBytes: number
  readonly maxWaitMs: number
}

/** What one transaction of a partition's consumer writes. */
export interface TransactionStep {
  readonly outputs: readonly OutputRecord[]
  /** Keys whose state is replaced; null deletes. Other keys keep what they have. */
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

/** One partition, for a group: records `first` up to below `end` are there, and it has read those below `committed`. */
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
  /** `timestampMs` of the oldest record not committed; null when there is none. */
  readonly oldestPendingMs: number | null
}
