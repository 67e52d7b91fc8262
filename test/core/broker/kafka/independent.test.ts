/**
 * kafkajs, a client that shares no code with ours, reads and writes the same topics: records, headers and times have
 * the same meaning for both; of its transactions only the committed ones are delivered, with any number of aborted ones
 * between them; and unsuitable topics are refused with a remedy.
 */

import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Broker, StoredRecord } from '../../../../core/broker/broker.ts'
import { openKafkaBroker } from '../../../../core/broker/kafka/kafka-broker.ts'
import { silentEvents } from '../../../../core/catalogue/events/events.ts'
import { record, textOf, worker } from '../../../contract/broker/contract.ts'
import { kafkaIsAvailable } from '../../../support/kafka/jars.ts'
import { type KafkaServer, startKafka } from '../../../support/kafka/kafka-server.ts'
import { type Admin, Kafka, logLevel } from '../../../support/kafka/kafkajs.ts'
import { until } from '../../../support/until.ts'

describe.runIf(kafkaIsAvailable())('Kafka', () => {
  let kafka: KafkaServer
  let other: Kafka
  let admin: Admin
  let broker: Broker
  let topicPrefix = ''
  let prefixes = 0
  const streams = () => [
    {
      name: 'in',
      partitions: 2,
      groups: ['reader'],
      retention: { timeMs: 3_600_000, bytes: 1_000_000_000 },
    },
  ]
  const open = (): Promise<Broker> =>
    openKafkaBroker({ brokers: [kafka.bootstrap], topicPrefix, replication: 1, events: silentEvents })

  beforeAll(async () => {
    kafka = await startKafka()
    other = new Kafka({ clientId: 'independent', brokers: [kafka.bootstrap], logLevel: logLevel.NOTHING })
    admin = other.admin()
    await admin.connect()
  })
  afterAll(async () => {
    await admin.disconnect()
    await kafka.destroy()
  })
  const begin = async (): Promise<string> => {
    topicPrefix = `independent${prefixes++}`
    broker = await open()
    await broker.createStreams(streams())
    return `${topicPrefix}.in`
  }
  const readAll = async (enough: (found: readonly StoredRecord[]) => boolean): Promise<StoredRecord[]> => {
    const found: StoredRecord[] = []
    const subscription = await broker.subscribe({
      group: 'reader',
      streams: ['in'],
      work: worker((_, records) => void found.push(...records)),
      onFailure: (_, error) => {
        throw error
      },
    })
    await until(() => enough(found))
    await subscription.close()
    return found
  }

  test('reads what was appended: key, value, headers, time, partition', async () => {
    const topic = await begin()
    const value = Buffer.from([0, 255, 1, 254])
    await broker.append('in', 1, [
      { key: 'tariffs/ä', value, headers: { kind: 'flush' }, timestampMs: 1_700_000_000_123 },
    ])
    await broker.append('in', 0, [record('a'), record('b')])
    const consumer = other.consumer({ groupId: 'independent-reader' })
    const seen: { partition: number; message: unknown }[] = []
    await consumer.connect()
    await consumer.subscribe({ topic, fromBeginning: true })
    await consumer.run({
      eachMessage: async ({ partition, message }) => {
        const { key, value, timestamp, headers } = message
        const kind = headers?.['kind']?.toString()
        seen.push({
          partition,
          message: { key: key?.toString(), value: value?.toString('latin1'), timestamp, kind },
        })
      },
    })
    await until(() => seen.length === 3)
    await consumer.disconnect()
    expect(seen.filter(({ partition }) => partition === 1)).toEqual([
      {
        partition: 1,
        message: { key: 'tariffs/ä', value: '\x00\xff\x01\xfe', timestamp: '1700000000123', kind: 'flush' },
      },
    ])
    expect(
      seen
        .filter(({ partition }) => partition === 0)
        .map(({ message }) => (message as { value: string }).value),
    ).toEqual(['a', 'b'])
    await broker.close()
  })

  test('delivers what it writes, compressed or not, with its headers and time', async () => {
    const topic = await begin()
    const producer = other.producer()
    await producer.connect()
    for (const compression of [0, 1]) {
      const messages = [
        {
          key: `k${compression}`,
          value: `c${compression}`,
          headers: { host: 'h1' },
          timestamp: '1700000000456',
          partition: 0,
        },
      ]
      await producer.send({ topic, compression, messages })
    }
    await producer.disconnect()
    const found = await readAll(records => records.length === 2)
    expect(found.map(textOf)).toEqual(['c0', 'c1'])
    expect(found.map(({ key }) => key)).toEqual(['k0', 'k1'])
    expect(found.map(({ headers }) => headers)).toEqual([{ host: 'h1' }, { host: 'h1' }])
    expect(found.map(({ timestampMs }) => timestampMs)).toEqual([1_700_000_000_456, 1_700_000_000_456])
    await broker.close()
  })

  test('aborted transactions are never delivered, several of one writer among committed ones', async () => {
    const topic = await begin()
    const producer = other.producer({
      transactionalId: 'independent-writer',
      maxInFlightRequests: 1,
      idempotent: true,
    })
    await producer.connect()
    for (let i = 0; i < 12; i++) {
      const transaction = await producer.transaction()
      const text = `${i % 3 === 0 ? 'committed' : 'aborted'} ${i}`
      await transaction.send({ topic, messages: [{ value: text, partition: 0 }] })
      await (i % 3 === 0 ? transaction.commit() : transaction.abort())
    }
    await producer.disconnect()
    await broker.append('in', 0, [record('end')])
    const found = await readAll(records => records.some(one => textOf(one) === 'end'))
    expect(found.map(textOf)).toEqual(['committed 0', 'committed 3', 'committed 6', 'committed 9', 'end'])
    expect((await broker.lag('reader', 'in'))[0]?.oldestPendingMs).toBeNull()
    await broker.close()
  })

  test('lag does not count ends of transactions as pending', async () => {
    const topic = await begin()
    await broker.append('in', 0, [record('x')])
    const [before] = await broker.lag('reader', 'in')
    expect(before?.committed).toBe(0n)
    await readAll(records => records.length === 1)
    const producer = other.producer({
      transactionalId: 'independent-aborter',
      maxInFlightRequests: 1,
      idempotent: true,
    })
    await producer.connect()
    const transaction = await producer.transaction()
    await transaction.send({ topic, messages: [{ value: 'aborted', partition: 0 }] })
    await transaction.abort()
    await producer.disconnect()
    // The end marker is written after the answer to the abort.
    await until(async () => (await broker.lag('reader', 'in'))[0]?.end === 3n)
    const [after] = await broker.lag('reader', 'in')
    expect(after).toEqual({ partition: 0, end: 3n, committed: 3n, oldestPendingMs: null })
    await broker.close()
  })

  test('topics are made durable as configured; unsuitable ones are refused with a remedy', async () => {
    const topic = await begin()
    const [described] = (
      await admin.describeConfigs({
        includeSynonyms: false,
        resources: [{ type: 2, name: topic, configNames: ['retention.ms', 'max.message.bytes'] }],
      })
    ).resources
    expect(described?.configEntries.map(({ configName, configValue }) => [configName, configValue])).toEqual(
      expect.arrayContaining([
        ['retention.ms', '-1'],
        ['max.message.bytes', '67108864'],
      ]),
    )
    await broker.close()

    topicPrefix = 'misfit'
    const configEntries = [{ name: 'cleanup.policy', value: 'compact' }]
    await admin.createTopics({ topics: [{ topic: 'misfit.in', numPartitions: 3, configEntries }] })
    broker = await open()
    const refused = broker.createStreams(streams())
    await expect(refused).rejects.toMatchObject({
      code: 'config_invalid',
      message: expect.stringMatching(
        /3 partitions.*says 2: set broker\.partitions .*to 3,.*cleanup\.policy=compact.*kafka-configs/,
      ),
    })
    await broker.close()

    broker = await openKafkaBroker({
      brokers: [kafka.bootstrap],
      topicPrefix: 'replicas',
      replication: 3,
      events: silentEvents,
    })
    await expect(broker.createStreams(streams())).rejects.toMatchObject({
      code: 'config_invalid',
      message: expect.stringContaining('3 replicas (broker.replication)'),
    })
    await broker.close()
  })

  test('retention drops what all groups have read and keeps what one of them has not', async () => {
    topicPrefix = `independent${prefixes++}`
    broker = await openKafkaBroker({
      brokers: [kafka.bootstrap],
      topicPrefix,
      replication: 1,
      events: silentEvents,
      trimEveryMs: 100,
    })
    const retention = { timeMs: 1, bytes: 1_000_000_000 }
    await broker.createStreams([{ name: 'in', partitions: 2, groups: ['reader', 'slow'], retention }])
    const lowOffset = async (): Promise<string | undefined> =>
      (await admin.fetchTopicOffsets(`${topicPrefix}.in`)).find(({ partition }) => partition === 0)?.low
    for (let i = 0; i < 10; i++) await broker.append('in', 0, [record(`r${i}`)])
    await readAll(records => records.length === 10)
    expect(await lowOffset()).toBe('0')
    const subscription = await broker.subscribe({
      group: 'slow',
      streams: ['in'],
      work: async partition => {
        if (partition.partition === 0) await partition.commit(4n)
      },
      onFailure: () => {},
    })
    await until(async () => (await lowOffset()) === '4')
    await subscription.close()
    await broker.close()
  })
})
