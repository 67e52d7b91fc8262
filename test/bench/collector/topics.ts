import { readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import type { KafkaServer } from '../../support/kafka/kafka-server.ts'
import { Kafka } from '../../support/kafka/kafkajs.ts'

/** The opponent does not create its topics. The number of partitions equals ours, with the same single replica. */
export async function createTopics(kafka: KafkaServer, names: readonly string[]): Promise<void> {
  const admin = new Kafka({ brokers: [kafka.bootstrap], logLevel: 0 }).admin()
  await admin.connect()
  const configEntries = [
    { name: 'max.message.bytes', value: '8388608' },
    { name: 'retention.bytes', value: '300000000' },
    { name: 'segment.bytes', value: '100000000' },
  ]
  await admin.createTopics({
    topics: names.map(topic => ({ topic, numPartitions: 6, replicationFactor: 1, configEntries })),
  })
  await admin.disconnect()
}

/** Bytes of a topic's segments on disk, which Kafka stores as they were sent. */
export async function topicBytes({ folder }: KafkaServer, topic: string): Promise<number> {
  const data = join(folder, 'data')
  let bytes = 0
  for (const name of readdirSync(data)) {
    if (!new RegExp(`^${topic.replaceAll('.', '\\.')}-\\d+$`).test(name)) continue
    for (const file of readdirSync(join(data, name))) {
      if (file.endsWith('.log')) bytes += statSync(join(data, name, file)).size
    }
  }
  return bytes
}
