/**
 * Two instances in one process, as far as forwarding needs them: a log that is forwarded, and a receiver with its own log
 * and the processor that admits. The way between them and the processors' commits can be made to fail.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createOtlpHttpReceiver } from '../../../collector/http/receiver.ts'
import { createIntake } from '../../../collector/intake/intake.ts'
import type { AssignedPartition, Broker, StoredRecord } from '../../../core/broker/broker.ts'
import { openEmbeddedBroker } from '../../../core/broker/embedded/embedded-broker.ts'
import { configSchema } from '../../../core/catalogue/config/schema.ts'
import { type Events, silentEvents } from '../../../core/catalogue/events/events.ts'
import { decodeRows } from '../../../core/columns/rows.ts'
import type { RowOf, StreamDeclaration } from '../../../core/model/streams/stream.ts'
import { createAdmit } from '../../../processors/admit/processor.ts'
import { createHttpClient, type HttpClient } from '../../../processors/forward/http-client.ts'
import { createForward } from '../../../processors/forward/processor.ts'
import { createWattlineExporter } from '../../../processors/forward/wattline-exporter.ts'
import { type Processor, Runner } from '../../../processors/loop/runner.ts'
import { streamSettings } from '../../../processors/processors.ts'
import { decoders, recogniser } from '../../collector/intake/fakes.ts'

const DAY_NANO = 86_400_000_000_000n

export const testConfig = (settings: Record<string, unknown> = {}) =>
  configSchema.parse({ forward: { url: 'http://127.0.0.1:1', timeout: 5 }, ...settings })

/** An embedded log in a folder of its own, with all streams. */
export async function openLog(
  partitions: number,
  maxBytes = 1e9,
): Promise<{ broker: Broker; destroy(): Promise<void> }> {
  const folder = mkdtempSync(join(tmpdir(), 'wattline-forward-'))
  const broker = await openEmbeddedBroker({ path: folder, maxBytes, events: silentEvents })
  await broker.createStreams(
    streamSettings(testConfig({ roles: ['collector'], broker: { partitions, max_bytes: maxBytes } })),
  )
  return {
    broker,
    destroy: async () => {
      await broker.close()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

/** A receiver on a free port over the log. */
export async function startReceiver(broker: Broker, events: Events = silentEvents) {
  const config = testConfig()
  const intake = createIntake({ broker, config, events, decoders, recogniser })
  const receiver = createOtlpHttpReceiver({
    host: '127.0.0.1',
    port: 0,
    limits: config.limits,
    intake,
    events,
  })
  await receiver.start()
  return {
    url: `http://127.0.0.1:${receiver.address().port}`,
    stop: async () => {
      await receiver.stop()
      await intake.drain()
    },
  }
}

/** Runs a processor; `mayFail` is asked before each commit, and where it says so the partition is given up instead. */
export async function run(
  broker: Broker,
  processor: Processor,
  mayFail: () => boolean = () => false,
): Promise<Runner> {
  const guard = <T>(work: () => Promise<T>): Promise<T> => {
    if (mayFail()) throw new Error('the process ends here')
    return work()
  }
  const mortal = (partition: AssignedPartition): AssignedPartition => ({
    stream: partition.stream,
    partition: partition.partition,
    logOf: offset => partition.logOf(offset),
    originOf: offset => partition.originOf(offset),
    historyOf: offset => partition.historyOf(offset),
    revoked: partition.revoked,
    poll: limits => partition.poll(limits),
    loadState: () => partition.loadState(),
    commit: next => guard(() => partition.commit(next)),
    transact: step => guard(() => partition.transact(step)),
  })
  const dying: Broker = Object.create(broker, {
    subscribe: {
      value: (options: Parameters<Broker['subscribe']>[0]) =>
        broker.subscribe({ ...options, work: partition => options.work(mortal(partition)) }),
    },
  })
  const runner = new Runner({ broker: dying, events: silentEvents, now: Date.now })
  await runner.start(processor)
  return runner
}

export const forwardTo = (http: HttpClient, events: Events = silentEvents): Processor =>
  createForward({ exporter: createWattlineExporter({ http, events, now: Date.now }), events })

export const httpTo = (url: string): HttpClient => createHttpClient(url, testConfig().forward)

export const admitInto = (broker: Broker, events: Events = silentEvents): Processor =>
  createAdmit({
    partitionsOf: stream => broker.partitions(stream),
    futureNano: 3_600_000_000_000n,
    pastNano: 30n * DAY_NANO,
    thinWaitMs: 1,
    events,
  })

/** All that a log holds of a stream, by partition. */
export async function readStream<S extends StreamDeclaration>(
  broker: Broker,
  stream: S,
): Promise<{ readonly partition: number; readonly record: StoredRecord; readonly rows: RowOf<S>[] }[]> {
  const found: { partition: number; record: StoredRecord; rows: RowOf<S>[] }[] = []
  const ends = await broker.lag('auditor', stream.name)
  let left = ends.reduce((sum, { end, committed }) => sum + Number(end - committed), 0)
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  if (left === 0) resolve()
  const subscription = await broker.subscribe({
    group: 'auditor',
    streams: [stream.name],
    work: async partition => {
      while (!partition.revoked.aborted) {
        const records = await partition.poll({ maxRecords: 100, maxBytes: 1e7, maxWaitMs: 20 })
        for (const record of records) {
          found.push({ partition: partition.partition, record, rows: decodeRows(stream, record.value) })
        }
        left -= records.length
        if (left <= 0) resolve()
      }
    },
    onFailure: (_, error) => reject(error),
  })
  await promise
  await subscription.close()
  return found
}

/** Resolves when a group has read all that the streams hold. */
export async function caughtUp(broker: Broker, group: string, streams: readonly string[]): Promise<boolean> {
  const lags = await Promise.all(streams.map(stream => broker.lag(group, stream)))
  return lags.flat().every(({ end, committed }) => end === committed)
}
