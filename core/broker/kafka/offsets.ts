/** Start and end of a partition, and the position of a group. */
import { listOffsetsV9, offsetCommitV9, offsetFetchV9 } from '@platformatic/kafka'
import type { Cluster } from './cluster.ts'

/** Special times of ListOffsets. */
const END = -1n
const START = -2n
const READ_COMMITTED = 1
const CONSUMER = -1
const ANY_EPOCH = -1

/** The committed position of a group on a partition; `metadata` is what was committed with it. */
export interface Committed {
  readonly offset: bigint
  readonly metadata: string | null
}

/** The committer: a member of a group in its epoch. */
export interface Committer {
  readonly group: string
  readonly memberId: string
  readonly memberEpoch: number
}

/** Looks up the first offset at or after a time in milliseconds; -1 when there is none. */
export async function offsetAt(
  cluster: Cluster,
  topic: string,
  partition: number,
  time: bigint,
): Promise<bigint> {
  return (await offsetsAt(cluster, topic, [partition], time)).get(partition) ?? -1n
}

/** The same for many partitions with one request to each of their leaders. */
async function offsetsAt(
  cluster: Cluster,
  topic: string,
  partitions: readonly number[],
  time: bigint,
): Promise<ReadonlyMap<number, bigint>> {
  const leaders = await Promise.all(
    partitions.map(async partition => ({ partition, ...(await cluster.leader(topic, partition)) })),
  )
  const answers = await Promise.all(
    [...Map.groupBy(leaders, ({ connection }) => connection)].map(([connection, led]) => {
      const asked = led.map(({ partition }) => ({
        partitionIndex: partition,
        currentLeaderEpoch: ANY_EPOCH,
        timestamp: time,
      }))
      const topics = [{ name: topic, partitions: asked }]
      return listOffsetsV9.api.async(connection, CONSUMER, READ_COMMITTED, topics)
    }),
  )
  const found = answers.flatMap(({ topics }) => topics.flatMap(one => one.partitions))
  return new Map(found.map(({ partitionIndex, offset }) => [partitionIndex, offset]))
}

/** The first offset that is still stored. */
export const startOffset = (cluster: Cluster, topic: string, partition: number): Promise<bigint> =>
  offsetAt(cluster, topic, partition, START)

/** The offset after the last readable record: that of the first open transaction, or the end. */
export const endOffset = (cluster: Cluster, topic: string, partition: number): Promise<bigint> =>
  offsetAt(cluster, topic, partition, END)

/** End offsets by partition, with one request to each leader; see `endOffset`. */
export const endOffsets = (
  cluster: Cluster,
  topic: string,
  partitions: readonly number[],
): Promise<ReadonlyMap<number, bigint>> => offsetsAt(cluster, topic, partitions, END)

/** Committed offsets of the group by partition; does not wait for open transactions but rejects while there is one. */
export async function committedOffsets(
  cluster: Cluster,
  group: string,
  topic: string,
  partitions: readonly number[],
): Promise<ReadonlyMap<number, Committed>> {
  const connection = await cluster.coordinator(group)
  const topics = [{ name: topic, partitionIndexes: [...partitions] }]
  const asked = [{ groupId: group, memberId: null, memberEpoch: -1, topics }]
  const { groups } = await offsetFetchV9.api.async(connection, asked, true)
  const found = new Map<number, Committed>()
  for (const { partitionIndex, committedOffset, metadata } of groups[0]?.topics[0]?.partitions ?? []) {
    if (committedOffset >= 0n)
      found.set(partitionIndex, { offset: committedOffset, metadata: metadata ?? null })
  }
  return found
}

/** Commits outside a transaction. Kafka refuses it when the member's epoch is not current. */
export async function commitOffset(
  cluster: Cluster,
  by: Committer,
  topic: string,
  partition: number,
  offset: bigint,
): Promise<void> {
  const connection = await cluster.coordinator(by.group)
  const partitions = [{ partitionIndex: partition, committedOffset: offset, committedLeaderEpoch: ANY_EPOCH }]
  const topics = [{ name: topic, partitions }]
  await offsetCommitV9.api.async(connection, by.group, by.memberEpoch, by.memberId, null, topics)
}
