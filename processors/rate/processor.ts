import { type AssignedPartition, RECORD_KIND } from '../../core/broker/broker.ts'
import type { Events } from '../../core/catalogue/events/events.ts'
import { createRecordBuilder } from '../../core/columns/record-builder.ts'
import { readRecord } from '../../core/columns/record-reader.ts'
import { energy, ledger } from '../../core/model/streams/index.ts'
import { FACTORS_REVISED_KIND } from '../loop/factors-revised.ts'
import { assertReadable } from '../loop/readable.ts'
import type { PartitionWorker, Processor } from '../loop/runner.ts'
import type { Rate } from './rate.ts'

/** Also the consumer group. */
export const RATE = 'rate'

interface RateOptions {
  readonly rate: Rate
  readonly events: Events
  /** Makes the configured factors known; called until it has succeeded once, and nothing is rated before. */
  readonly publish: () => Promise<void>
  /** Reads what the log says of factors, where it says something new; called before rows are rated. */
  readonly follow: () => Promise<unknown>
  /** The same whenever the log was read last. */
  readonly catchUp: () => Promise<unknown>
}

/** Brings the verb and the log together: one ledger record per poll, in one transaction with the offset. */
export function createRateProcessor(options: RateOptions): Processor {
  let published: Promise<void> | null = null
  const publish = (): Promise<void> => {
    published ??= options.publish().catch(error => {
      published = null
      throw error
    })
    return published
  }
  return {
    name: RATE,
    streams: [energy.name],
    poll: { maxRecords: 64, maxBytes: 16 * 1024 * 1024, maxWaitMs: 5_000 },
    async open(assigned) {
      await publish()
      return rateWorker(options, assigned)
    },
  }
}

function rateWorker(
  { rate, events, follow, catchUp }: Omit<RateOptions, 'publish'>,
  assigned: AssignedPartition,
): PartitionWorker {
  const entries = createRecordBuilder(ledger)
  const unpriced = new Map<string, number>()
  let timestampMs = 0
  return {
    async apply(record) {
      assertReadable(record)
      if (record.headers[RECORD_KIND] === FACTORS_REVISED_KIND) return void (await catchUp())
      await follow()
      const before = entries.mark()
      try {
        const reasons = rate.rate(
          readRecord(energy, record.value),
          entries,
          assigned.historyOf(record.offset),
        )
        for (const [reason, amount] of reasons) unpriced.set(reason, (unpriced.get(reason) ?? 0) + amount)
      } catch (error) {
        entries.rollback(before)
        throw error
      }
      timestampMs = record.timestampMs
    },
    finish(step) {
      if (entries.rows === 0) return
      step.emit(ledger.name, assigned.partition, { value: entries.finish(), timestampMs })
      for (const [reason, amount] of unpriced) events.emit('energyUnpriced', { reason, amount })
      unpriced.clear()
    },
  }
}
