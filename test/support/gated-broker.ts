import type { AssignedPartition, Broker } from '../../core/broker/broker.ts'
import { openEmbeddedBroker } from '../../core/broker/embedded/embedded-broker.ts'
import { openKafkaBroker } from '../../core/broker/kafka/kafka-broker.ts'
import { silentEvents } from '../../core/catalogue/events/events.ts'
import { startKafka } from './kafka/kafka-server.ts'

/** A log whose processors read nothing until the gate opens: a measurement begins with existing records. */
export interface GatedBroker {
  readonly broker: Broker
  /** Appends succeed, polls wait. */
  shut(): Promise<void>
  /** What `drain` waits for: that the group has committed all current records of the stream. */
  expect(group: string, stream: string): Promise<void>
  /** Opens the gate, and waits for that. */
  drain(): Promise<void>
  /** Closes the log, ends Kafka, removes what it kept. */
  close(): Promise<void>
}

/** How long a poll waits for records: also how long closing the gate takes. */
const POLL_WAIT_MS = 20

/** `path`: folder of the embedded log; for Kafka a new broker is started. */
export async function openGatedBroker(kind: 'embedded' | 'kafka', path: string): Promise<GatedBroker> {
  if (kind === 'embedded') {
    const broker = await openEmbeddedBroker({ path, maxBytes: 2 ** 34, events: silentEvents })
    return gated(broker, async () => {})
  }
  const kafka = await startKafka()
  const broker = await openKafkaBroker({
    brokers: [kafka.bootstrap],
    topicPrefix: 'bench',
    replication: 1,
    events: silentEvents,
  })
  return gated(broker, () => kafka.destroy())
}

function gated(broker: Broker, end: () => Promise<void>): GatedBroker {
  let gate = Promise.withResolvers<void>()
  // Polling the log itself would add load.
  const missing = new Map<string, bigint>()
  let whenDone = (): void => {}
  const done = ({ stream, partition }: AssignedPartition, next: bigint): void => {
    const place = `${stream}/${partition}`
    const end = missing.get(place)
    if (end === undefined || next < end) return
    missing.delete(place)
    if (missing.size === 0) whenDone()
  }
  const behind = (partition: AssignedPartition): AssignedPartition => ({
    stream: partition.stream,
    partition: partition.partition,
    logOf: offset => partition.logOf(offset),
    originOf: offset => partition.originOf(offset),
    historyOf: offset => partition.historyOf(offset),
    revoked: partition.revoked,
    poll: async limits => {
      await Promise.race([gate.promise, aborted(partition.revoked)])
      return partition.poll({ ...limits, maxWaitMs: POLL_WAIT_MS })
    },
    commit: async next => {
      await partition.commit(next)
      done(partition, next)
    },
    loadState: () => partition.loadState(),
    transact: async step => {
      await partition.transact(step)
      done(partition, step.nextOffset)
    },
  })
  const shut = async (): Promise<void> => {
    gate = Promise.withResolvers()
    await new Promise(resolve => setTimeout(resolve, 2 * POLL_WAIT_MS))
  }
  return {
    broker: {
      kind: broker.kind,
      createStreams: settings => broker.createStreams(settings),
      partitions: stream => broker.partitions(stream),
      append: (stream, partition, records) => broker.append(stream, partition, records),
      subscribe: options =>
        broker.subscribe({ ...options, work: partition => options.work(behind(partition)) }),
      newest: stream => broker.newest(stream),
      lag: (group, stream) => broker.lag(group, stream),
      ping: () => broker.ping(),
      close: () => broker.close(),
    },
    shut,
    expect: async (group, stream) => {
      for (const { partition, end, committed } of await broker.lag(group, stream)) {
        if (committed < end) missing.set(`${stream}/${partition}`, end)
      }
    },
    drain: async () => {
      if (missing.size === 0) return
      const drained = new Promise<void>(resolve => {
        whenDone = resolve
      })
      gate.resolve()
      await drained
    },
    close: async () => {
      await broker.close()
      await end()
    },
  }
}

const aborted = (signal: AbortSignal): Promise<void> =>
  new Promise(resolve => {
    if (signal.aborted) resolve()
    else signal.addEventListener('abort', () => resolve(), { once: true })
  })
