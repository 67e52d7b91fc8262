/** Temporary folders and brokers for the tests of the embedded broker. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import type { AssignedPartition, Broker, StoredRecord } from '../../../core/broker/broker.ts'
import { openEmbeddedBroker } from '../../../core/broker/embedded/embedded-broker.ts'
import type { EmbeddedBrokerOptions } from '../../../core/broker/embedded/lmdb-broker.ts'
import { silentEvents } from '../../../core/catalogue/events/events.ts'

/** A folder that is removed after the test. */
export async function folder(): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'wattline-log-'))
  onTestFinished(() => rm(path, { recursive: true, force: true }))
  return path
}

/** A broker that is closed after the test. */
export async function brokerIn(path: string, options: Partial<EmbeddedBrokerOptions> = {}): Promise<Broker> {
  const broker = await openEmbeddedBroker({ path, maxBytes: 1_000_000_000, events: silentEvents, ...options })
  onTestFinished(() => broker.close())
  return broker
}

/** Runs `work` once on one partition of a group and returns its result. */
export async function onPartition<T>(
  broker: Broker,
  group: string,
  stream: string,
  work: (partition: AssignedPartition) => Promise<T>,
  wanted = 0,
): Promise<T> {
  const { promise, resolve, reject } = Promise.withResolvers<T>()
  const subscription = await broker.subscribe({
    group,
    streams: [stream],
    work: async partition => {
      if (partition.partition === wanted) resolve(await work(partition))
    },
    onFailure: (_, error) => reject(error),
  })
  try {
    return await promise
  } finally {
    await subscription.close()
  }
}

/** All current records, from the group's committed offset. */
export const readNow = (
  broker: Broker,
  stream: string,
  group = 'audit',
  wanted = 0,
): Promise<StoredRecord[]> =>
  onPartition(
    broker,
    group,
    stream,
    async partition => {
      const found: StoredRecord[] = []
      for (;;) {
        const records = await partition.poll({ maxRecords: 1000, maxBytes: 50_000_000, maxWaitMs: 0 })
        if (records.length === 0) return found
        found.push(...records)
      }
    },
    wanted,
  )
