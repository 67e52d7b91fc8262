import type { Broker } from '../../core/broker/broker.ts'
import type { Config } from '../../core/catalogue/config/schema.ts'
import { createRecordBuilder, type RecordBuilder } from '../../core/columns/record-builder.ts'
import { appendRows } from '../../core/columns/rows.ts'
import { partitionOf } from '../../core/model/partition.ts'
import { readings } from '../../core/model/streams/index.ts'
import {
  type Builders,
  createBuilders,
  type RowBuilder,
  SIGNAL_BUILDERS,
  SIGNALS,
  type Signal,
} from '../otlp/signals.ts'
import type { Reading } from '../readings/reading.ts'
import { ReadingRows } from '../readings/reading-rows.ts'
import type { RecognisedPoints } from '../readings/recognised-points.ts'
import { createAppendQueue } from './append-queue.ts'
import { type Batcher, createBatcher } from './batcher.ts'
import type { BrokerHealth } from './broker-health.ts'
import type { Clock } from './clock.ts'
import type { CloseLimits } from './close-decision.ts'
import { createRequestBarrier, type RequestBarrier, type Ticket } from './request-barrier.ts'
import { createSmallRecords } from './small-records.ts'

/**
 * All open batches: one per signal stream, one per partition of `readings`. A thousand tiny agents cost as few inserts
 * as one large gateway, and an OK still means durable.
 */
export interface GroupCommit {
  barrier(signal: Signal): RequestBarrier
  /** The shared builders, one per batcher. */
  readonly builders: Builders
  batcher(name: keyof Builders): Batcher<RowBuilder>
  /** Adds readings to the batches of their hosts' partitions; resolves when all are durable. */
  joinReadings(tenant: string, rows: readonly Reading[], ticket: Ticket): Promise<void>
  /** The same for readings that were recognised among metrics, which take at most `engineBytes` in the engine. */
  joinRecognised(points: RecognisedPoints, ticket: Ticket, engineBytes: number): Promise<void>
  /** Closes every open batch now. */
  flush(): void
  readonly openRows: number
}

interface GroupCommitOptions {
  readonly broker: Pick<Broker, 'append' | 'partitions'>
  readonly config: Config['group_commit']
  readonly health: BrokerHealth
  readonly clock: Clock
}

/** The open batch of a partition of `readings`. */
interface ReadingBatcher {
  readonly batcher: Batcher<RecordBuilder<typeof readings>>
  readonly rows: ReadingRows
}

function closeLimits(config: Config['group_commit']): CloseLimits {
  return {
    rows: config.rows,
    bytes: config.bytes,
    waitMs: config.wait_ms,
    thinWaitMs: config.thin_wait_ms,
  }
}

/** One batcher per stream, and one per partition of `readings`, created on first use. */
export function createGroupCommit(options: GroupCommitOptions): GroupCommit {
  const { broker, clock } = options
  const shared = { limits: closeLimits(options.config), clock, smallRecords: createSmallRecords() }

  const batcherOf = <Content extends RowBuilder>(
    stream: string,
    partition: number | 'any',
    content: Content,
    barrier: RequestBarrier,
  ): Batcher<Content> =>
    createBatcher({
      ...shared,
      content,
      barrier,
      createQueue: onFree => createAppendQueue({ ...options, stream, partition, onFree }),
    })

  const barriers = new Map(SIGNALS.map(signal => [signal, createRequestBarrier(clock)]))
  const barrierOf = (signal: Signal): RequestBarrier => barriers.get(signal)!
  const builders = createBuilders()
  const batchers = new Map<keyof Builders, Batcher<RowBuilder>>(
    SIGNALS.flatMap(signal =>
      SIGNAL_BUILDERS[signal].map(name => {
        const builder: RowBuilder & { readonly stream: { readonly name: string } } = builders[name]
        return [name, batcherOf(builder.stream.name, 'any', builder, barrierOf(signal))] as const
      }),
    ),
  )
  const readingBatchers = new Map<number, ReadingBatcher>()
  const readingBatcher = (partition: number): ReadingBatcher => {
    const known = readingBatchers.get(partition)
    if (known !== undefined) return known
    const builder = createRecordBuilder(readings)
    const batcher = batcherOf(readings.name, partition, builder, barrierOf('metrics'))
    const made = { batcher, rows: new ReadingRows(builder) }
    readingBatchers.set(partition, made)
    return made
  }

  const joinReadings = async (tenant: string, rows: readonly Reading[], ticket: Ticket): Promise<void> => {
    const partitions = broker.partitions(readings.name)
    const byPartition = Map.groupBy(rows, row => partitionOf(tenant, row.Host, partitions))
    await Promise.all(
      [...byPartition].map(([partition, part]) => {
        const { batcher } = readingBatcher(partition)
        appendRows(batcher.content, part)
        return batcher.join(part.length, ticket)
      }),
    )
  }

  const joinRecognised = async (
    points: RecognisedPoints,
    ticket: Ticket,
    engineBytes: number,
  ): Promise<void> => {
    const partitions = broker.partitions(readings.name)
    const added = new Map<ReadingBatcher, number>()
    for (const [index, series] of points.series.entries()) {
      const into = readingBatcher(series.partitionKey % partitions)
      if (!added.has(into)) into.batcher.makeRoom(0, engineBytes)
      into.rows.append(series, points.parts, index)
      added.set(into, (added.get(into) ?? 0) + 1)
    }
    await Promise.all([...added].map(([{ batcher }, rows]) => batcher.join(rows, ticket, engineBytes)))
  }

  const all = (): Batcher<RowBuilder>[] => [
    ...batchers.values(),
    ...[...readingBatchers.values()].map(({ batcher }) => batcher),
  ]
  return {
    barrier: barrierOf,
    builders,
    batcher: name => batchers.get(name)!,
    joinReadings,
    joinRecognised,
    flush() {
      for (const batcher of all()) batcher.flush()
    },
    get openRows() {
      return all().reduce((sum, batcher) => sum + batcher.content.rows, 0)
    },
  }
}
