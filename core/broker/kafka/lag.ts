/** What is stored in a stream, and how far a group has come. */
import type { PartitionLag } from '../broker.ts'
import type { Cluster } from './cluster.ts'
import { committedOffsets, endOffset, startOffset } from './offsets.ts'
import { PartitionReader } from './reader.ts'

/** One batch comes whatever its size. */
const ONE_BATCH_BYTES = 1
const NO_WAIT_MS = 0

/** `group` and `topic` as Kafka calls them. */
export async function readLag(
  cluster: Cluster,
  group: string,
  topic: string,
  partitions: number,
): Promise<readonly PartitionLag[]> {
  const all = Array.from({ length: partitions }, (_, partition) => partition)
  const committed = await committedOffsets(cluster, group, topic, all)
  return Promise.all(
    all.map(async partition => {
      const end = await endOffset(cluster, topic, partition)
      const at = committed.get(partition)?.offset ?? (await startOffset(cluster, topic, partition))
      return { partition, end, ...(await oldestPending(cluster, topic, partition, at, end)) }
    }),
  )
}

/** Behind the committed offset there may be only the ends of transactions, which nobody reads: then all is committed. */
async function oldestPending(
  cluster: Cluster,
  topic: string,
  partition: number,
  committed: bigint,
  end: bigint,
): Promise<Pick<PartitionLag, 'committed' | 'oldestPendingMs'>> {
  if (committed >= end) return { committed, oldestPendingMs: null }
  const reader = new PartitionReader(cluster, topic, partition)
  try {
    for (let at = committed; at < end; ) {
      const { records, next } = await reader.fetch(at, ONE_BATCH_BYTES, NO_WAIT_MS)
      const oldest = records[0]
      if (oldest !== undefined) return { committed, oldestPendingMs: oldest.timestampMs }
      if (next === at) break
      at = next
    }
    return { committed: end, oldestPendingMs: null }
  } finally {
    await reader.close()
  }
}
