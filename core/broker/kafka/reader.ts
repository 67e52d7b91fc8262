/** Reads the committed records of one partition from an offset on; over a separate connection, unless one is given. */
import { type ConnectionPool, fetchV16 } from '@platformatic/kafka'
import { type FetchedRecord, type Visible, visibleRecords } from './batches.ts'
import type { Cluster } from './cluster.ts'
import { endOffset, startOffset } from './offsets.ts'

const READ_COMMITTED = 1
const NO_SESSION = 0
const NO_SESSION_EPOCH = -1
const ANY_EPOCH = -1
const MIN_BYTES = 1
/** For a scan. */
const FETCH_BYTES = 8 * 1024 * 1024
const FETCH_WAIT_MS = 1000

/** Fetches from the leader of one partition and filters out what is not committed. */
export class PartitionReader {
  readonly topic: string
  readonly partition: number
  readonly #cluster: Cluster
  readonly #pool: ConnectionPool
  readonly #isShared: boolean

  /** `pool`: for short reads that may share connections. */
  constructor(cluster: Cluster, topic: string, partition: number, pool?: ConnectionPool) {
    this.topic = topic
    this.partition = partition
    this.#cluster = cluster
    this.#isShared = pool !== undefined
    this.#pool = pool ?? cluster.newPool()
  }

  /**
   * Records at or after `offset`, up to about `maxBytes` but at least one batch; waits up to `maxWaitMs` while there
   * are none.
   */
  async fetch(offset: bigint, maxBytes: number, maxWaitMs: number): Promise<Visible> {
    const { topicId, connection } = await this.#cluster.leader(this.topic, this.partition, this.#pool)
    const asked = {
      partition: this.partition,
      currentLeaderEpoch: ANY_EPOCH,
      fetchOffset: offset,
      lastFetchedEpoch: ANY_EPOCH,
      partitionMaxBytes: maxBytes,
    }
    const { responses } = await fetchV16.api.async(
      connection,
      maxWaitMs,
      MIN_BYTES,
      maxBytes,
      READ_COMMITTED,
      NO_SESSION,
      NO_SESSION_EPOCH,
      [{ topicId, partitions: [asked] }],
      [],
      '',
    )
    const found = responses[0]?.partitions[0]
    return visibleRecords(found?.records ?? [], found?.abortedTransactions ?? [], offset)
  }

  /** Also ends a waiting fetch: it rejects. */
  async close(): Promise<void> {
    if (!this.#isShared) await this.#pool.close()
  }
}

/** Hands over every committed record of a partition, from its start, or from `since`, to what is its end now. */
export async function scanPartition(
  cluster: Cluster,
  {
    topic,
    partition,
    since = 0n,
  }: { readonly topic: string; readonly partition: number; readonly since?: bigint },
  take: (record: FetchedRecord) => void,
): Promise<void> {
  const reader = new PartitionReader(cluster, topic, partition)
  try {
    const start = await startOffset(cluster, topic, partition)
    const end = await endOffset(cluster, topic, partition)
    let at = start > since ? start : since
    while (at < end) {
      const { records, next } = await reader.fetch(at, FETCH_BYTES, FETCH_WAIT_MS)
      for (const record of records) take(record)
      at = next
    }
  } finally {
    await reader.close()
  }
}
