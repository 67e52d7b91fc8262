/** What is stored in a stream, and how far a group has read. */
import type { PartitionLag } from '../broker.ts'
import type { Cluster } from './cluster.ts'
import { committedOffsets, endOffsets, startOffset } from './offsets.ts'
import { PartitionReader } from './reader.ts'

/** At least one batch is returned, whatever its size. */
const ONE_BATCH_BYTES = 1
const NO_WAIT_MS = 0

/** `group` and `topic` by their names in Kafka. */
export async function readGroupLag(
  cluster: Cluster,
  group: string,
  topic: string,
  partitions: number,
): Promise<readonly PartitionLag[]> {
  const all = Array.from({ length: partitions }, (_, partition) => partition)
  const committed = await committedOffsets(cluster, group, topic, all)
  const ends = await endOffsets(cluster, topic, all)
  // A separate pool for all partitions: fetched data may be large, and no other request should wait behind it.
  const pool = cluster.newPool()
  try {
    return await Promise.all(
      all.map(async partition => {
        const end = ends.get(partition) ?? 0n
        const at = committed.get(partition)?.offset ?? (await startOffset(cluster, topic, partition))
        const reader = new PartitionReader(cluster, topic, partition, pool)
        return { partition, end, ...(await oldestPending(reader, at, end)) }
      }),
    )
  } finally {
    await pool.close()
  }
}

/**
 * After the committed offset there may be only transaction markers, which are not read: then everything is committed.
 */
async function oldestPending(
  reader: PartitionReader,
  committed: bigint,
  end: bigint,
): Promise<Pick<PartitionLag, 'committed' | 'oldestPendingMs'>> {
  for (let at = committed; at < end; ) {
    const { records, next } = await reader.fetch(at, ONE_BATCH_BYTES, NO_WAIT_MS)
    const oldest = records[0]
    if (oldest !== undefined) return { committed, oldestPendingMs: oldest.timestampMs }
    if (next === at) break
    at = next
  }
  return { committed: committed >= end ? committed : end, oldestPendingMs: null }
}
