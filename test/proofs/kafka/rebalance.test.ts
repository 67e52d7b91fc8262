/**
 * Guarantees: three members of a group join and leave while records are appended and moved by transactions: no
 * partition is ever processed by two of them at a time, every record is moved once, in order per partition, and a
 * partition's count in its state equals what was moved. A member that leaves gives up its partitions at once, also if
 * its work hangs, and later writes of that work are refused.
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { AssignedPartition, Broker } from '../../../core/broker/broker.ts'
import { openKafkaBroker } from '../../../core/broker/kafka/kafka-broker.ts'
import { silentEvents } from '../../../core/catalogue/events/events.ts'
import { record, textOf } from '../../contract/broker/contract.ts'
import { kafkaIsAvailable } from '../../support/kafka/jars.ts'
import { type KafkaServer, startKafka } from '../../support/kafka/kafka-server.ts'
import { seededRandom } from '../../support/random.ts'
import { until } from '../../support/until.ts'

const PARTITIONS = 4
const LIMITS = { maxRecords: 20, maxBytes: 1_000_000, maxWaitMs: 100 }

describe.runIf(kafkaIsAvailable())('Kafka', () => {
  let kafka: KafkaServer
  beforeAll(async () => {
    kafka = await startKafka()
  })
  afterAll(() => kafka.destroy())

  const open = async (topicPrefix = 'moving', leaveAfterMs = 15_000): Promise<Broker> => {
    const broker = await openKafkaBroker({
      brokers: [kafka.bootstrap],
      topicPrefix,
      leaveAfterMs,
      replication: 1,
      events: silentEvents,
    })
    await broker.createStreams(
      ['in', 'out'].map(name => ({
        name,
        partitions: PARTITIONS,
        groups: ['mover'],
        retention: { timeMs: 3_600_000, bytes: 1_000_000_000 },
      })),
    )
    return broker
  }

  test('members join and leave under load: one owner at a time, each record moved once and in order', async () => {
    const random = seededRandom(7)
    const brokers = [await open(), await open(), await open()]
    const owners = Array.from({ length: PARTITIONS }, () => 0)
    const counted = Array.from({ length: PARTITIONS }, () => 0)
    let overlaps = 0
    const failures: unknown[] = []
    /** The partitions of each member. */
    const holding = brokers.map(() => new Set<number>())
    const work = async (member: number, partition: AssignedPartition): Promise<void> => {
      const { partition: number } = partition
      holding[member]?.add(number)
      owners[number] = (owners[number] ?? 0) + 1
      if (owners[number] > 1) overlaps += 1
      try {
        let count = Number((await partition.loadState()).get('count')?.toString() ?? 0)
        while (!partition.revoked.aborted) {
          const records = await partition.poll(LIMITS)
          const last = records.at(-1)
          if (last === undefined) continue
          count += records.length
          await partition.transact({
            outputs: records.map(one => ({ stream: 'out', partition: number, record: record(textOf(one)) })),
            state: new Map([['count', Buffer.from(`${count}`)]]),
            nextOffset: last.offset + 1n,
          })
          counted[number] = count
        }
      } finally {
        // Current work takes time to finish: until then no other member may begin.
        await new Promise(resolve => setTimeout(resolve, 500))
        owners[number] = (owners[number] ?? 0) - 1
        holding[member]?.delete(number)
      }
    }
    const join = (member: number) =>
      brokers[member]?.subscribe({
        group: 'mover',
        streams: ['in'],
        work: partition => work(member, partition),
        onFailure: (_, error) => void failures.push(error),
      })
    const appended = Array.from({ length: PARTITIONS }, (): string[] => [])
    let stop = false
    const load = Array.from({ length: PARTITIONS }, async (_, partition) => {
      for (let i = 0; !stop; i++) {
        await brokers[0]?.append('in', partition, [record(`${partition}:${i}`)])
        appended[partition]?.push(`${partition}:${i}`)
        await new Promise(resolve => setTimeout(resolve, 5))
      }
    })
    const members = await Promise.all(brokers.map((_, member) => join(member)))
    for (let turn = 0; turn < 5; turn++) {
      const moved = counted.reduce((sum, count) => sum + count, 0)
      await until(() => holding.every(held => held.size > 0))
      await until(() => counted.reduce((sum, count) => sum + count, 0) > moved + 50)
      const leaver = Math.floor(random() * members.length)
      await members[leaver]?.close()
      members[leaver] = await join(leaver)
    }
    stop = true
    await Promise.all(load)
    await until(() => counted.every((count, partition) => count === appended[partition]?.length))
    await Promise.all(members.map(member => member?.close()))
    expect(failures).toEqual([])
    expect(overlaps).toBe(0)

    const found = Array.from({ length: PARTITIONS }, (): string[] => [])
    const total = appended.flat().length
    const audit = await brokers[0]?.subscribe({
      group: 'audit',
      streams: ['out'],
      work: async partition => {
        while (!partition.revoked.aborted) {
          found[partition.partition]?.push(...(await partition.poll(LIMITS)).map(textOf))
        }
      },
      onFailure: (_, error) => void failures.push(error),
    })
    await until(() => found.flat().length >= total)
    await audit?.close()
    expect(found).toEqual(appended)
    await Promise.all(brokers.map(broker => broker.close()))
  })

  test('leaves the group although a worker hangs, and refuses what that worker writes later', async () => {
    const [leaving, staying] = [await open('hanging', 200), await open('hanging')]
    await leaving.append('in', 0, [record('a')])
    const hang = Promise.withResolvers<void>()
    const held = Promise.withResolvers<AssignedPartition>()
    let late: unknown
    const failures: unknown[] = []
    const onFailure = (_: AssignedPartition, error: unknown): void => void failures.push(error)
    const member = await leaving.subscribe({
      group: 'mover',
      streams: ['in'],
      work: async partition => {
        if (partition.partition !== 0) return
        await partition.poll(LIMITS)
        held.resolve(partition)
        await hang.promise
        const step = { outputs: [], state: new Map([['late', Buffer.from('x')]]), nextOffset: 1n }
        late = await partition.transact(step).catch((error: unknown) => error)
      },
      onFailure,
    })
    await held.promise
    const closed = member.close()
    const taken = Promise.withResolvers<string[]>()
    const other = await staying.subscribe({
      group: 'mover',
      streams: ['in'],
      work: async partition => {
        if (partition.partition !== 0) return
        await partition.loadState()
        taken.resolve((await partition.poll({ ...LIMITS, maxWaitMs: 5_000 })).map(textOf))
      },
      onFailure,
    })
    // Owned by the next member while the work of the previous one still hangs.
    expect(await taken.promise).toEqual(['a'])
    hang.resolve()
    await closed
    expect(late).toMatchObject({ code: 'broker_unavailable' })
    expect(failures).toEqual([])
    await other.close()
    await Promise.all([leaving, staying].map(broker => broker.close()))
  })
})
