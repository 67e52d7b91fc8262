/**
 * What a real Kafka does when it or its network fails: lost acknowledgements lose nothing and duplicate nothing, also
 * in transactions; after a killed broker comes back, appends and consumers continue; what takes too long is rejected
 * with `broker_unavailable`; a member displaced from a partition can no longer write.
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { AssignedPartition, Broker, StoredRecord } from '../../../core/broker/broker.ts'
import { openKafkaBroker } from '../../../core/broker/kafka/kafka-broker.ts'
import { silentEvents } from '../../../core/catalogue/events/events.ts'
import { record, textOf } from '../../contract/broker/contract.ts'
import { kafkaIsAvailable } from '../../support/kafka/jars.ts'
import { freePorts, type KafkaServer, startKafka } from '../../support/kafka/kafka-server.ts'
import { type KafkaProxy, startProxy } from '../../support/kafka/proxy.ts'
import { until } from '../../support/until.ts'

const LIMITS = { maxRecords: 100, maxBytes: 4_000_000, maxWaitMs: 200 }

/** Kinds of requests. */
const PRODUCE = 0
const END_TRANSACTION = 26

describe.runIf(kafkaIsAvailable())('Kafka', () => {
  let kafka: KafkaServer
  let proxy: KafkaProxy
  let prefixes = 0
  beforeAll(async () => {
    const [advertisedPort = 0] = await freePorts(1)
    kafka = await startKafka({ advertisedPort })
    proxy = await startProxy({ port: advertisedPort, target: kafka.port })
  })
  afterAll(async () => {
    await proxy.close()
    await kafka.destroy()
  })

  const open = async (topicPrefix: string, timeoutMs = 30_000): Promise<Broker> => {
    const brokers = [kafka.bootstrap]
    const broker = await openKafkaBroker({
      brokers,
      topicPrefix,
      replication: 1,
      events: silentEvents,
      timeoutMs,
    })
    await broker.createStreams(
      ['in', 'out'].map(name => ({
        name,
        partitions: 3,
        groups: ['reader'],
        retention: { timeMs: 3_600_000, bytes: 1e9 },
      })),
    )
    return broker
  }
  const newPrefix = (): string => `failures${prefixes++}`

  /** Reads a whole stream with its own group: texts by partition. */
  const readAll = async (
    broker: Broker,
    stream: string,
    enough: (found: readonly string[][]) => boolean,
  ): Promise<string[][]> => {
    const found: string[][] = [[], [], []]
    const subscription = await broker.subscribe({
      group: 'audit',
      streams: [stream],
      work: async partition => {
        while (!partition.revoked.aborted) {
          found[partition.partition]?.push(...(await partition.poll(LIMITS)).map(textOf))
        }
      },
      onFailure: () => {},
    })
    await until(() => enough(found))
    await subscription.close()
    return found
  }
  const total = (found: readonly string[][]): number => found.reduce((sum, texts) => sum + texts.length, 0)

  test('with swallowed acknowledgements nothing is lost, nothing duplicated, and everything in order', async () => {
    const broker = await open(newPrefix())
    const padding = 'x'.repeat(20_000)
    const rounds = 6
    let sent = 0
    let stop = false
    const lanes = Array.from({ length: 6 }, async (_, lane) => {
      for (let i = 0; !stop; i++) {
        await broker.append('in', lane % 3, [record(`${lane}:${i}:${padding}`)])
        sent += 1
      }
      return lane
    })
    for (let round = 0; round < rounds; round++) {
      const before = sent
      await until(() => sent > before + 20)
      await proxy.swallow(120)
    }
    stop = true
    await Promise.all(lanes)
    const found = await readAll(broker, 'in', texts => total(texts) >= sent)
    const seen = found.map(texts => texts.map(text => text.split(':').slice(0, 2).join(':')))
    expect(total(seen)).toBe(sent)
    expect(new Set(seen.flat()).size).toBe(sent)
    for (const texts of seen) {
      for (const lane of new Set(texts.map(text => text.split(':')[0]))) {
        const numbers = texts
          .filter(text => text.startsWith(`${lane}:`))
          .map(text => Number(text.split(':')[1]))
        expect(numbers).toEqual(numbers.toSorted((a, b) => a - b))
      }
    }
    await broker.close()
  })

  test('transactions whose end was swallowed are repeated only when they did not take place', async () => {
    // The client retries for half a second; the answer is missing for longer, so that the outcome is unknown to it.
    const broker = await open(newPrefix(), 500)
    const count = 40
    for (let i = 0; i < count; i++) await broker.append('in', 0, [record(`${i}`)])
    let steps = 0
    let sum: string | undefined
    const subscription = await broker.subscribe({
      group: 'reader',
      streams: ['in'],
      work: async partition => {
        if (partition.partition !== 0) return
        let counted = Number((await patiently(() => partition.loadState())).get('counted')?.toString() ?? '0')
        while (!partition.revoked.aborted) {
          for (const one of await patiently(() => partition.poll({ ...LIMITS, maxRecords: 1 }))) {
            counted += 1
            const state = new Map([['counted', Buffer.from(`${counted}`)]])
            const outputs = [{ stream: 'out', partition: 0, record: record(`out ${textOf(one)}`) }]
            await patiently(() => partition.transact({ outputs, state, nextOffset: one.offset + 1n }))
            steps += 1
            sum = `${counted}`
          }
        }
      },
      onFailure: () => {},
    })
    while (steps < count) {
      const before = steps
      await until(() => steps >= Math.min(count, before + 8))
      if (steps < count) await proxy.swallowAfter(END_TRANSACTION, 1200)
      if (steps < count) await proxy.swallowAfter(PRODUCE, 60)
    }
    await subscription.close()
    expect(sum).toBe(`${count}`)
    const found = await readAll(broker, 'out', texts => total(texts) >= count)
    expect(found[0]).toEqual(Array.from({ length: count }, (_, i) => `out ${i}`))
    await broker.close()
  })

  test('after a killed broker comes back, appends and consumers continue and nothing acknowledged is lost', async () => {
    const broker = await open(newPrefix())
    const read: string[] = []
    const subscription = await broker.subscribe({
      group: 'reader',
      streams: ['in'],
      work: async partition => {
        while (!partition.revoked.aborted) {
          const records = await patiently(() => partition.poll(LIMITS))
          read.push(...records.map(textOf))
          const last = records.at(-1)
          if (last !== undefined) await patiently(() => partition.commit(last.offset + 1n))
        }
      },
      onFailure: () => {},
    })
    const acknowledged: string[] = []
    const append = async (text: string): Promise<void> => {
      await patiently(() => broker.append('in', 'any', [record(text)]))
      acknowledged.push(text)
    }
    for (let i = 0; i < 50; i++) await append(`before ${i}`)
    const during = Array.from({ length: 20 }, (_, i) => append(`during ${i}`))
    await kafka.kill()
    await expect(broker.ping()).rejects.toMatchObject({ disposition: 'retry' })
    await kafka.start()
    await Promise.all(during)
    for (let i = 0; i < 20; i++) await append(`after ${i}`)
    await until(() => new Set(read).size >= acknowledged.length)
    expect(new Set(read)).toEqual(new Set(acknowledged))
    await broker.ping()
    await subscription.close()
    const lag = await broker.lag('reader', 'in')
    expect(lag.map(({ oldestPendingMs }) => oldestPendingMs)).toEqual([null, null, null])
    await broker.close()
  })

  test('an append that cannot be acknowledged in time is rejected, and the next one after the failure succeeds', async () => {
    const broker = await open(newPrefix(), 1500)
    await broker.append('in', 0, [record('first')])
    await kafka.kill()
    await expect(broker.append('in', 0, [record('lost')])).rejects.toMatchObject({
      code: 'broker_unavailable',
    })
    await kafka.start()
    await patiently(() => broker.append('in', 0, [record('second')]))
    const found = await readAll(broker, 'in', texts => texts.flat().includes('second'))
    expect(found.flat().filter(text => text !== 'lost')).toEqual(['first', 'second'])
    await broker.close()
  })

  test('a writer displaced by another writer of the same partition is told so and writes nothing', async () => {
    const prefix = newPrefix()
    const [one, two] = [await open(prefix), await open(prefix)]
    await one.append('in', 0, [record('x')])
    const begin = async (broker: Broker, group: string): Promise<[AssignedPartition, StoredRecord]> => {
      let found: [AssignedPartition, StoredRecord] | undefined
      await broker.subscribe({
        group,
        streams: ['in'],
        work: async partition => {
          if (partition.partition !== 0) return
          await partition.loadState()
          const [first] = await partition.poll({ ...LIMITS, maxWaitMs: 10_000 })
          if (first !== undefined) found ??= [partition, first]
          await new Promise(resolve => partition.revoked.addEventListener('abort', resolve))
        },
        onFailure: () => {},
      })
      await until(() => found !== undefined)
      if (found === undefined) throw new Error('not assigned')
      return found
    }
    const [held, first] = await begin(one, 'reader')
    const step = (text: string) => ({
      outputs: [{ stream: 'out', partition: 0, record: record(text) }],
      state: new Map(),
      nextOffset: first.offset + 1n,
    })
    const { Producer } = await import('@platformatic/kafka')
    const other = new Producer({
      clientId: 'other',
      bootstrapBrokers: [kafka.bootstrap],
      idempotent: true,
      transactionalId: `${prefix}.reader.in.0`,
    })
    await (await other.beginTransaction({ producerId: -1n, producerEpoch: -1 })).cancel()
    await expect(held.transact(step('from the one shut out'))).rejects.toMatchObject({ disposition: 'retry' })
    expect(held.revoked.aborted).toBe(true)
    await other.close(true)
    await one.close()
    await two.append('out', 0, [record('end')])
    const found = await readAll(two, 'out', texts => texts.flat().includes('end'))
    expect(found.flat()).toEqual(['end'])
    await two.close()
  })
})

/** As the runner does: retries temporary failures. */
async function patiently<T>(work: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await work()
    } catch (error) {
      if (!(error instanceof Error && 'disposition' in error && error.disposition === 'retry')) throw error
      await new Promise(resolve => setTimeout(resolve, 100))
    }
  }
}
