/**
 * Guarantees: of fetched batches only records outside transactions and in committed ones are visible, for any order and
 * number of aborted ones, also if their end is beyond the fetched batches; and reading always continues after them.
 */
import type { KafkaRecord, RecordsBatch } from '@platformatic/kafka'
import { describe, expect, test } from 'vitest'
import { visibleRecords } from '../../../../core/broker/kafka/batches.ts'

const TRANSACTIONAL = 16
const CONTROL = 32

/**
 * `0-2 t7`: offsets 0 to 2, transactional, by writer 7; `3 abort 7`, `3 commit 7`: ends; `4`: outside any transaction.
 */
function batchesOf(text: string): RecordsBatch[] {
  return text.split(',').map(part => {
    const [range = '', kind = '', writer] = part.trim().split(' ')
    const [first = 0, last = first] = range.split('-').map(Number)
    const isEnd = kind === 'abort' || kind === 'commit'
    const key = Buffer.from([0, 0, 0, kind === 'commit' ? 1 : 0])
    const attributes = isEnd ? TRANSACTIONAL + CONTROL : kind.startsWith('t') ? TRANSACTIONAL : 0
    return {
      firstOffset: BigInt(first),
      length: 0,
      partitionLeaderEpoch: 0,
      magic: 2,
      crc: 0,
      attributes,
      lastOffsetDelta: last - first,
      firstTimestamp: 1000n,
      maxTimestamp: 1000n,
      producerId: BigInt(isEnd ? Number(writer) : Number(kind.slice(1) || -1)),
      producerEpoch: 0,
      firstSequence: 0,
      records: Array.from({ length: last - first + 1 }, (_, delta) => recordAt(delta, isEnd ? key : null)),
    }
  })
}

const recordAt = (offsetDelta: number, key: Buffer | null): KafkaRecord => ({
  length: 0,
  attributes: 0,
  timestampDelta: BigInt(offsetDelta),
  offsetDelta,
  key,
  value: Buffer.from('v'),
  headers: [],
})

/** `7@0`: a transaction of writer 7 that began at offset 0 was aborted. */
const abortedOf = (text: string) =>
  text.split(' ').flatMap(part => {
    const [producerId, firstOffset] = part.split('@')
    if (producerId === undefined || firstOffset === undefined) return []
    return [{ producerId: BigInt(producerId), firstOffset: BigInt(firstOffset) }]
  })

describe('visible records are', () => {
  test.each([
    ['all outside transactions', '0-2, 3', '', 0n, '0 1 2 3', 4n],
    ['those of committed transactions', '0-1 t7, 2 commit 7, 3', '', 0n, '0 1 3', 4n],
    ['none of an aborted one', '0-1 t7, 2 abort 7, 3', '7@0', 0n, '3', 4n],
    ['none of two aborted ones of one writer', '0 t7, 1 abort 7, 2 t7, 3 abort 7, 4', '7@0 7@2', 0n, '4', 5n],
    [
      'the committed between aborted',
      '0 t7, 1 abort 7, 2 t7, 3 commit 7, 4 t7, 5 abort 7',
      '7@4 7@0',
      0n,
      '2',
      6n,
    ],
    ['none of an aborted one whose end was not fetched', '0 t7, 1 t8', '7@0', 0n, '1', 2n],
    ['other writers between', '0 t7, 1 t8, 2 abort 7, 3 commit 8', '7@0', 0n, '1', 4n],
    ['those from the offset asked for, within a batch', '0-4', '', 3n, '3 4', 5n],
    ['an aborted one that began before what was fetched', '5 t7, 6 abort 7, 7', '7@1', 5n, '7', 8n],
  ] as const)('%s', (_, batches, aborted, from, offsets, next) => {
    const visible = visibleRecords(batchesOf(batches), abortedOf(aborted), from)
    expect(visible.records.map(({ offset }) => offset).join(' ')).toBe(offsets)
    expect(visible.next).toBe(next)
  })

  test('nothing, and reading continues from the same place, when nothing was fetched', () => {
    expect(visibleRecords([], [], 9n)).toEqual({ records: [], next: 9n })
  })

  test('the time of each record, and an empty value for a record without value', () => {
    const [batch] = batchesOf('0-1')
    if (batch === undefined) throw new Error('no batch')
    const bare = { ...batch, records: batch.records.map(one => ({ ...one, value: null })) }
    const { records } = visibleRecords([bare], [], 0n)
    expect(records.map(({ timestampMs }) => timestampMs)).toEqual([1000, 1001])
    expect(records.map(({ value, isTombstone }) => [value.length, isTombstone])).toEqual([
      [0, true],
      [0, true],
    ])
  })
})
