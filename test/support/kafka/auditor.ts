/** Reads topics to the end with kafkajs, which shares no code with ours: only committed records, unchanged. */
import { randomUUID } from 'node:crypto'
import { Kafka, logLevel } from './kafkajs.ts'

export interface AuditedRecord {
  readonly topic: string
  readonly partition: number
  readonly offset: bigint
  readonly value: Uint8Array
}

export interface Auditor {
  /** Everything read so far; grows by itself. */
  readonly records: readonly AuditedRecord[]
  /** How far a group has committed a topic, by partition; -1: not at all. */
  committed(group: string, topic: string): Promise<ReadonlyMap<number, bigint>>
  /** Offset after the last record of each partition. */
  ends(topic: string): Promise<ReadonlyMap<number, bigint>>
  close(): Promise<void>
}

/** The topics must exist. */
export async function startAuditor(bootstrap: string, topics: readonly string[]): Promise<Auditor> {
  const kafka = new Kafka({ clientId: 'auditor', brokers: [bootstrap], logLevel: logLevel.NOTHING })
  const admin = kafka.admin()
  // The default isolation is read committed.
  const consumer = kafka.consumer({ groupId: `auditor-${randomUUID()}`, maxWaitTimeInMs: 100 })
  const records: AuditedRecord[] = []
  await Promise.all([admin.connect(), consumer.connect()])
  await consumer.subscribe({ topics: [...topics], fromBeginning: true })
  await consumer.run({
    eachMessage: async ({ topic, partition, message }) => {
      const { offset, value } = message
      records.push({ topic, partition, offset: BigInt(offset), value: value ?? Buffer.alloc(0) })
    },
  })
  return {
    records,
    async committed(group, topic) {
      const [found] = await admin.fetchOffsets({ groupId: group, topics: [topic] })
      return new Map(found?.partitions.map(({ partition, offset }) => [partition, BigInt(offset)]))
    },
    async ends(topic) {
      const found = await admin.fetchTopicOffsets(topic)
      return new Map(found.map(({ partition, high }) => [partition, BigInt(high)]))
    },
    async close() {
      await consumer.disconnect()
      await admin.disconnect()
    },
  }
}
