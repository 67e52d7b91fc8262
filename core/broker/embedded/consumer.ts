/** One partition of one worker: reads from its position, and writes for it. */
import { WattlineError } from '../../catalogue/errors/errors.ts'
import type {
  AssignedPartition,
  NewRecord,
  OutputRecord,
  PollLimits,
  StoredRecord,
  TransactionStep,
} from '../broker.ts'
import type { RecordHistory } from './history.ts'
import type { Journal } from './journal.ts'
import { type PartitionId, recordKey, stateNameOf, stateOf } from './keys.ts'
import type { PartitionLog } from './partition-log.ts'
import { decodeHead, readStoredRecord, storedBytes } from './record.ts'
import type { LogStore } from './store.ts'

/** What a consumer needs from its broker. */
export interface ConsumerPorts {
  readonly store: LogStore
  readonly journal: Journal
  readonly historyOf: (log: PartitionLog, offset: bigint) => RecordHistory
  /** The partition of an output; throws for an unknown one. */
  readonly find: (stream: string, partition: number) => PartitionLog
  readonly onCommit: (log: PartitionLog) => void
  readonly onAppend: (stream: string, records: readonly NewRecord[]) => void
}

/** The embedded implementation of an assigned partition. */
export class Consumer implements AssignedPartition {
  readonly stream: string
  readonly partition: number
  readonly revoked: AbortSignal
  readonly #place: PartitionLog
  readonly #group: string
  readonly #ports: ConsumerPorts
  readonly #revoke = new AbortController()
  #position: bigint
  /** After `work` has returned, another worker may have the partition: nothing more is written. */
  #ended = false

  constructor(log: PartitionLog, group: string, ports: ConsumerPorts) {
    this.stream = log.stream
    this.partition = log.partition
    this.revoked = this.#revoke.signal
    this.#place = log
    this.#group = group
    this.#ports = ports
    this.#position = log.committedBy(group)
  }

  logOf(offset: bigint): string {
    return this.#ports.historyOf(this.#place, offset).log
  }

  originOf(offset: bigint): string {
    return this.#ports.historyOf(this.#place, offset).origin
  }

  historyOf(offset: bigint): string {
    return this.#ports.historyOf(this.#place, offset).history
  }

  revoke(): void {
    this.#revoke.abort()
  }

  end(): void {
    this.#ended = true
    this.#revoke.abort()
  }

  async poll(limits: PollLimits): Promise<readonly StoredRecord[]> {
    if (this.revoked.aborted) return []
    if (this.#position >= this.#place.bounds.next)
      await this.#place.awaitRecords(limits.maxWaitMs, this.revoked)
    return this.revoked.aborted ? [] : this.#read(limits)
  }

  async commit(nextOffset: bigint): Promise<void> {
    this.#check(nextOffset)
    await this.#ports.journal.submit(0, draft => draft.commit(this.#place, this.#group, nextOffset))
    this.#ports.onCommit(this.#place)
  }

  async loadState(): Promise<ReadonlyMap<string, Uint8Array>> {
    this.#ports.store.refresh()
    return groupState(this.#ports.store, this.#place, this.#group)
  }

  async transact(step: TransactionStep): Promise<void> {
    this.#check(step.nextOffset)
    const outputs = [
      ...Map.groupBy(step.outputs, output => this.#ports.find(output.stream, output.partition)),
    ]
    const records = step.outputs.map(output => output.record)
    await this.#ports.journal.submit(weight(step), draft => {
      draft.reserve(records)
      for (const [log, group] of outputs) draft.append(log, group.map(toRecord))
      draft.state(this.#place, this.#group, step.state)
      draft.commit(this.#place, this.#group, step.nextOffset)
    })
    for (const [log, group] of outputs) this.#ports.onAppend(log.stream, group.map(toRecord))
    this.#ports.onCommit(this.#place)
  }

  #read(limits: PollLimits): readonly StoredRecord[] {
    const { store } = this.#ports
    store.refresh()
    const records: StoredRecord[] = []
    let bytes = 0
    let offset = this.#position
    while (records.length < limits.maxRecords && offset < this.#place.bounds.next) {
      offset = this.#place.occupied(offset)
      const head = decodeHead(store.get(recordKey(this.#place, offset, 0)))
      bytes += head?.valueBytes ?? 0
      if (records.length > 0 && bytes > limits.maxBytes) break
      records.push(readStoredRecord(key => store.get(key), this.#place, offset))
      offset += 1n
    }
    // Only now: a read that fails half-way restarts from its beginning; otherwise records would be skipped.
    this.#position = offset
    return records
  }

  #check(nextOffset: bigint): void {
    if (this.#ended) {
      throw new WattlineError(
        'broker_unavailable',
        `Partition ${this.stream}/${this.partition} is no longer assigned to this worker.`,
      )
    }
    if (nextOffset > this.#place.bounds.next) {
      throw new WattlineError(
        'invariant_broken',
        `Offset ${nextOffset} is beyond the end ${this.#place.bounds.next} of ${this.stream}/${this.partition}.`,
      )
    }
  }
}

/** State of a group for a partition, as stored. */
export const groupState = (
  store: LogStore,
  place: PartitionId,
  group: string,
): ReadonlyMap<string, Uint8Array> =>
  new Map(
    Array.from(store.entries(stateOf(place, group)), ({ key, value }) => [stateNameOf(key, group), value]),
  )

const toRecord = (output: OutputRecord) => output.record

function weight(step: TransactionStep): number {
  let bytes = 0
  for (const { record } of step.outputs) bytes += storedBytes(record)
  for (const value of step.state.values()) bytes += value?.length ?? 0
  return bytes
}
