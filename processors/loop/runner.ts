/**
 * The only loop of all processors: poll, apply, commit. A processor's verb decides what a record means; this file decides
 * what happens when a neighbour fails: `retry` waits and repeats, `quarantine` sets the record aside, `stop` gives the
 * partition up and leaves its data in the log.
 */
import type { AssignedPartition, Broker, StoredRecord, Subscription } from '../../core/broker/broker.ts'
import { concerns } from '../../core/broker/replay.ts'
import { asWattlineError, type WattlineError } from '../../core/catalogue/errors/errors.ts'
import type { Events } from '../../core/catalogue/events/events.ts'
import { backoffMs, sleep } from '../../core/runtime/backoff.ts'
import { traced } from '../../core/runtime/telemetry.ts'
import { setAside } from './set-aside.ts'
import { Step } from './step.ts'

/** A verb over streams: the runner opens one worker for each partition that it is assigned. */
export interface Processor {
  /** Also the consumer group. */
  readonly name: string
  readonly streams: readonly string[]
  readonly poll: { readonly maxRecords: number; readonly maxBytes: number; readonly maxWaitMs: number }
  /** Called once per assigned partition; what it returns lives as long as the assignment. */
  open(partition: AssignedPartition): Promise<PartitionWorker>
  /** Called once all its workers have ended. */
  close?(): void
}

/** The worker of one partition. Its methods are never called at the same time. */
export interface PartitionWorker {
  /**
   * Handles one record: outputs and state go into the step, side effects must be idempotent by offset. It either applies
   * the whole record or throws before changing anything.
   */
  apply(record: StoredRecord, step: Step): Promise<void> | void
  /**
   * Called after the last record of a poll, before the commit: the place to write out what `apply` has gathered. Called
   * again after an error that says `retry`, with the same step. Gives the offset of the first record that it has not
   * done yet, where it keeps some: the commit goes no further.
   */
  finish?(step: Step): Promise<bigint | undefined> | Promise<void> | void
  /** Called after each poll with the wall clock: the place to notice silence. */
  tick?(nowMs: number): Promise<void>
  /** Called once, when the assignment ends, whatever ended it. */
  close?(): void
}

interface RunnerContext {
  readonly broker: Broker
  readonly events: Events
  readonly now: () => number
  /** Bytes of records that all partitions together may hold; each gets an equal share of it. Default: what they ask for. */
  readonly pollBytes?: number
}

/** However many partitions there are: less would make many small polls of what is one record as a rule. */
const SMALLEST_SHARE_BYTES = 1024 * 1024
/** Longest that the process does not listen because of records at hand. */
const UNHEARD_MS = 20
const FIRST_RETRY_MS = 200
const MAX_RETRY_MS = 10_000

/** Runs processors until stopped; tells which are waiting for a neighbour and which have given up. */
export class Runner {
  readonly #context: RunnerContext
  readonly #subscriptions: Subscription[] = []
  readonly #processors: Processor[] = []
  readonly #problems = new Map<string, string>()
  /** Partitions at work, of all processors. */
  #working = 0

  constructor(context: RunnerContext) {
    this.#context = context
  }

  async start(processor: Processor): Promise<void> {
    const subscription = await this.#context.broker.subscribe({
      group: processor.name,
      streams: processor.streams,
      work: async partition => {
        this.#working += 1
        try {
          await this.#work(processor, partition)
        } finally {
          this.#working -= 1
        }
      },
      onFailure: (partition, error) => {
        const reason = asWattlineError(error, 'invariant_broken')
        this.#problems.set(placeOf(processor, partition), `stopped: ${reason.toString()}`)
        const { stream, partition: number } = partition
        this.#context.events.emit(
          'processorStopped',
          { processor: processor.name, stream, partition: number },
          error,
        )
      },
    })
    this.#subscriptions.push(subscription)
    this.#processors.push(processor)
  }

  /** One line per partition that waits or has given up; for readiness. */
  problems(): readonly string[] {
    return [...this.#problems].map(([place, problem]) => `${place} ${problem}`)
  }

  /** Finishes the records in hand, commits and returns. */
  async stop(): Promise<void> {
    await Promise.all(this.#subscriptions.map(subscription => subscription.close()))
    for (const processor of this.#processors) processor.close?.()
  }

  async #work(processor: Processor, partition: AssignedPartition): Promise<void> {
    const worker = await this.#retrying(processor, partition, () => processor.open(partition))
    if (worker === undefined) return
    try {
      await this.#workOff(processor, partition, worker)
    } finally {
      worker.close?.()
    }
  }

  async #workOff(processor: Processor, partition: AssignedPartition, worker: PartitionWorker): Promise<void> {
    while (!partition.revoked.aborted) {
      const records =
        (await this.#retrying(processor, partition, () => this.#poll(processor, partition))) ?? []
      if (records.length === 0) {
        await this.#tick(processor, partition, worker)
        continue
      }
      const attributes = { stream: partition.stream, partition: partition.partition, records: records.length }
      const done = await traced(`process ${processor.name}`, attributes, () =>
        this.#applyAll(processor, partition, worker, records),
      )
      if (!done) return
      await this.#tick(processor, partition, worker)
    }
  }

  #poll({ poll }: Processor, partition: AssignedPartition): Promise<readonly StoredRecord[]> {
    const { pollBytes = Number.POSITIVE_INFINITY } = this.#context
    const share = Math.max(SMALLEST_SHARE_BYTES, Math.floor(pollBytes / this.#working))
    return partition.poll({ ...poll, maxBytes: Math.min(poll.maxBytes, share) })
  }

  async #tick(processor: Processor, partition: AssignedPartition, worker: PartitionWorker): Promise<void> {
    await this.#retrying(processor, partition, async () => worker.tick?.(this.#context.now()))
  }

  /**
   * False when the partition was revoked before the records were committed: they will be read again. When it is revoked in
   * between, those that were applied are committed and the rest is left to the next owner, who waits for it.
   */
  async #applyAll(
    processor: Processor,
    partition: AssignedPartition,
    worker: PartitionWorker,
    records: readonly StoredRecord[],
  ): Promise<boolean> {
    const step = new Step()
    let nextOffset: bigint | null = null
    let listenedMs = performance.now()
    for (const record of records) {
      if (partition.revoked.aborted) break
      if (!(await this.#applyOne(processor, partition, worker, record, step))) return false
      nextOffset = record.offset + 1n
      // A revocation, a heartbeat, a health check: none is heard while records are worked off without a pause.
      if (performance.now() - listenedMs < UNHEARD_MS) continue
      await new Promise(setImmediate)
      listenedMs = performance.now()
    }
    if (nextOffset === null) return records.length === 0
    const applied = nextOffset
    const done = await this.#retrying(
      processor,
      partition,
      async () => (await worker.finish?.(step)) ?? applied,
    )
    if (done === undefined) return false
    const committed = await this.#retrying(processor, partition, async () => {
      if (step.isEmpty) await partition.commit(done)
      else await partition.transact({ outputs: step.outputs, state: step.state, nextOffset: done })
      return true
    })
    return committed === true
  }

  async #applyOne(
    processor: Processor,
    partition: AssignedPartition,
    worker: PartitionWorker,
    record: StoredRecord,
    step: Step,
  ): Promise<boolean> {
    if (!concerns(record, processor.name)) return true
    const applied = await this.#retrying(processor, partition, async () => {
      try {
        await worker.apply(record, step)
      } catch (thrown) {
        const { stream, partition: number } = partition
        const by = { processor: processor.name, stream, partition: number }
        setAside(record, asWattlineError(thrown, 'invariant_broken'), by, {
          step,
          events: this.#context.events,
        })
      }
      return true
    })
    return applied === true
  }

  /** Repeats while the error says `retry`; undefined when the partition is revoked meanwhile. */
  async #retrying<T>(
    processor: Processor,
    partition: AssignedPartition,
    work: () => Promise<T>,
  ): Promise<T | undefined> {
    const place = placeOf(processor, partition)
    for (let attempt = 0; ; attempt++) {
      try {
        const result = await work()
        if (attempt > 0) this.#problems.delete(place)
        return result
      } catch (thrown) {
        const error: WattlineError = asWattlineError(thrown, 'invariant_broken')
        if (error.disposition !== 'retry') throw error
        this.#problems.set(place, `waiting: ${error.toString()}`)
        this.#context.events.emit('processorRetrying', { processor: processor.name, place, attempt }, error)
        const askedMs = (error.retryAfterSeconds ?? 0) * 1000
        await sleep(Math.max(askedMs, backoffMs(attempt, FIRST_RETRY_MS, MAX_RETRY_MS)), partition.revoked)
        if (partition.revoked.aborted) {
          this.#problems.delete(place)
          return undefined
        }
      }
    }
  }
}

const placeOf = (processor: Processor, { stream, partition }: AssignedPartition): string =>
  `${processor.name} ${stream}/${partition}`
