/** The broker in a real Apache Kafka fulfils the broker contract. */
import { afterAll, beforeAll, describe } from 'vitest'
import { openKafkaBroker } from '../../../core/broker/kafka/kafka-broker.ts'
import { silentEvents } from '../../../core/catalogue/events/events.ts'
import { kafkaIsAvailable } from '../../support/kafka/jars.ts'
import { type KafkaServer, startKafka } from '../../support/kafka/kafka-server.ts'
import { brokerContract } from './contract.ts'

describe.runIf(kafkaIsAvailable())('Kafka', () => {
  let kafka: KafkaServer
  let tests = 0
  beforeAll(async () => {
    // Every 15 s by default.
    kafka = await startKafka({ properties: { 'log.cleaner.backoff.ms': '200' } })
  })
  afterAll(() => kafka.destroy())

  brokerContract('kafka', async () => {
    // Its own prefix instead of an empty cluster.
    const topicPrefix = `test${tests++}`
    return {
      open: () =>
        openKafkaBroker({ brokers: [kafka.bootstrap], topicPrefix, replication: 1, events: silentEvents }),
      destroy: async () => {},
    }
  })
})
