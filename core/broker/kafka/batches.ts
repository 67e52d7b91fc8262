/**
 * Filters fetched batches for a consumer: records of committed transactions, and records outside transactions. The
 * client's own filter is not used: it remembers one aborted transaction per writer and response, and lets records
 * through whose transaction ends beyond the response. See docs/adr/0013-kafka-client.md.
 */
import { IS_CONTROL, IS_TRANSACTIONAL, type KafkaRecord, type RecordsBatch } from '@platformatic/kafka'
import type { StoredRecord } from '../broker.ts'

/** What a read_committed consumer sees of one fetch response. */
export interface Visible {
  readonly records: readonly FetchedRecord[]
  /** Where to continue: after the last batch, even if nothing of it is visible. */
  readonly next: bigint
}

/** A record as Kafka stores it; only Kafka has tombstones. */
export interface FetchedRecord extends StoredRecord {
  /** A record without a value: the key is deleted from a compacted topic. */
  readonly isTombstone: boolean
}

interface AbortedTransaction {
  readonly producerId: bigint
  readonly firstOffset: bigint
}

/** Bytes 2 and 3 of a control record's key: 0 ends a transaction by abort, 1 by commit. */
const ABORT = 0

/** The visible records at or after offset `from`. `batches` in log order, `aborted` as listed by the broker. */
export function visibleRecords(
  batches: readonly RecordsBatch[],
  aborted: readonly AbortedTransaction[],
  from: bigint,
): Visible {
  const pending = aborted.toSorted((a, b) => (a.firstOffset < b.firstOffset ? -1 : 1))
  const abortedNow = new Set<bigint>()
  const records: FetchedRecord[] = []
  let next = from
  for (const batch of batches) {
    const last = batch.firstOffset + BigInt(batch.lastOffsetDelta)
    for (let first = pending[0]; first !== undefined && first.firstOffset <= last; first = pending[0]) {
      abortedNow.add(first.producerId)
      pending.shift()
    }
    if (last >= next) next = last + 1n
    if ((batch.attributes & IS_CONTROL) !== 0) {
      if (batch.records[0]?.key?.readInt16BE(2) === ABORT) abortedNow.delete(batch.producerId)
      continue
    }
    if ((batch.attributes & IS_TRANSACTIONAL) !== 0 && abortedNow.has(batch.producerId)) continue
    for (const record of batch.records) {
      const offset = batch.firstOffset + BigInt(record.offsetDelta)
      if (offset >= from) records.push(toStored(record, offset, batch.firstTimestamp))
    }
  }
  return { records, next }
}

const EMPTY = new Uint8Array(0)

function toStored(record: KafkaRecord, offset: bigint, firstTimestamp: bigint): FetchedRecord {
  const headers: Record<string, string> = {}
  for (const [key, value] of record.headers) headers[String(key)] = String(value ?? '')
  return {
    offset,
    ...(record.key === null ? {} : { key: record.key.toString() }),
    value: record.value ?? EMPTY,
    isTombstone: record.value === null,
    headers,
    timestampMs: Number(firstTimestamp + record.timestampDelta),
  }
}
