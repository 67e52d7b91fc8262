/**
 * Guarantees: with TLS and SASL everything works as without, including transactions; a wrong password, an untrusted
 * certificate and an unreachable broker are distinguished, each with a remedy.
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type KafkaBrokerOptions, openKafkaBroker } from '../../../../core/broker/kafka/kafka-broker.ts'
import { silentEvents } from '../../../../core/catalogue/events/events.ts'
import { record, textOf } from '../../../contract/broker/contract.ts'
import { kafkaIsAvailable } from '../../../support/kafka/jars.ts'
import { freePorts, type KafkaServer, startKafka } from '../../../support/kafka/kafka-server.ts'
import { until } from '../../../support/until.ts'

describe.runIf(kafkaIsAvailable())('Kafka', () => {
  let kafka: KafkaServer
  let options: KafkaBrokerOptions
  beforeAll(async () => {
    kafka = await startKafka({ secure: true })
    const { bootstrap, ca } = kafka.secure ?? { bootstrap: '', ca: '' }
    options = {
      brokers: [bootstrap],
      tls: { ca },
      sasl: { mechanism: 'PLAIN', username: 'wattline', password: 'secret' },
      topicPrefix: 'secure',
      replication: 1,
      events: silentEvents,
      timeoutMs: 10_000,
    }
  })
  afterAll(() => kafka.destroy())

  test('appends, reads and moves by transactions over TLS with a login', async () => {
    const broker = await openKafkaBroker(options)
    const retention = { timeMs: 3_600_000, bytes: 1_000_000_000 }
    await broker.createStreams(
      ['in', 'out'].map(name => ({ name, partitions: 1, groups: ['mover'], retention })),
    )
    await broker.append('in', 0, [record('a')])
    let moved = false
    const found: string[] = []
    const failures: unknown[] = []
    const onFailure = (_: unknown, error: unknown) => void failures.push(error)
    const limits = { maxRecords: 10, maxBytes: 1_000_000, maxWaitMs: 100 }
    await broker.subscribe({
      group: 'mover',
      streams: ['in'],
      work: async partition => {
        await partition.loadState()
        while (!partition.revoked.aborted) {
          for (const one of await partition.poll(limits)) {
            const outputs = [{ stream: 'out', partition: 0, record: record(`moved ${textOf(one)}`) }]
            await partition.transact({ outputs, state: new Map(), nextOffset: one.offset + 1n })
            moved = true
          }
        }
      },
      onFailure,
    })
    await broker.subscribe({
      group: 'audit',
      streams: ['out'],
      work: async partition => {
        while (!partition.revoked.aborted) found.push(...(await partition.poll(limits)).map(textOf))
      },
      onFailure,
    })
    await until(() => moved && found.length > 0)
    await broker.close()
    expect(found).toEqual(['moved a'])
    expect(failures).toEqual([])
  })

  test('a wrong password is a configuration error', async () => {
    const sasl = { mechanism: 'PLAIN', username: 'wattline', password: 'wrong' } as const
    await expect(openKafkaBroker({ ...options, sasl })).rejects.toMatchObject({
      code: 'config_invalid',
      message: expect.stringContaining('broker.sasl'),
    })
  })

  test('an untrusted certificate is reported as such', async () => {
    await expect(openKafkaBroker({ ...options, tls: {} })).rejects.toMatchObject({
      code: 'config_invalid',
      message: expect.stringContaining('broker.tls'),
    })
  })

  test('an unreachable broker is named', async () => {
    const [port] = await freePorts(1)
    const brokers = [`127.0.0.1:${port}`]
    await expect(openKafkaBroker({ ...options, brokers, timeoutMs: 500 })).rejects.toMatchObject({
      code: 'broker_unavailable',
      message: expect.stringContaining(brokers[0] ?? ''),
    })
  })
})
