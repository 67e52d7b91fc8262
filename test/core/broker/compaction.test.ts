/**
 * Guarantees of compacted streams in the embedded log: for any order of appends, commits, retention and reopenings, the
 * newest record of every key stays at its offset; only superseded records that all groups have read are dropped; a lost
 * record is distinguished from a dropped one; the work of one step is limited.
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { open as openLmdb } from 'lmdb'
import { expect, test } from 'vitest'
import { type Broker, RECORD_CORRUPT } from '../../../core/broker/broker.ts'
import { openEmbeddedBroker } from '../../../core/broker/embedded/embedded-broker.ts'
import { KeyIndex } from '../../../core/broker/embedded/key-index.ts'
import { recordKey } from '../../../core/broker/embedded/keys.ts'
import { planCompaction, SLICE_RECORDS } from '../../../core/broker/embedded/retention.ts'
import { type Events, silentEvents } from '../../../core/catalogue/events/events.ts'
import { runs } from '../../support/runs.ts'
import { until } from '../../support/until.ts'
import { brokerIn, folder, onPartition, readNow } from './folder.ts'

const create = (broker: Broker, bytes: number) =>
  broker.createStreams([
    { name: 's', partitions: 1, groups: ['g'], retention: { timeMs: 1e15, bytes }, compacted: true },
  ])
const put = (broker: Broker, ...keys: readonly string[]) =>
  broker.append(
    's',
    0,
    keys.map(key => ({ key, value: Buffer.from(key.repeat(3)), timestampMs: 1 })),
  )
const commit = (broker: Broker, offset: bigint) =>
  onPartition(broker, 'g', 's', partition => partition.commit(offset))
const offsetsOf = async (broker: Broker, group: string) =>
  (await readNow(broker, 's', group)).map(one => one.offset)
/** Events that count dropped records. */
function counting() {
  let dropped = 0
  const events: Events = {
    emit: (event, facts) => {
      if (event === 'recordsTrimmed') dropped += (facts as { amount: number }).amount
    },
  }
  return { events, dropped: () => dropped }
}
const step = fc.oneof(
  { weight: 3, arbitrary: fc.array(fc.constantFrom('a', 'b', 'c', 'd'), { minLength: 1, maxLength: 5 }) },
  fc.record({ commitBack: fc.nat(4) }),
  fc.constantFrom('reopen' as const, 'sweep' as const),
)

test.each([0, 1e12])('any interleaving keeps the required records, with %d bytes allowed', async bytes => {
  const run = async (steps: readonly (string[] | { commitBack: number } | 'reopen' | 'sweep')[]) => {
    const path = await mkdtemp(join(tmpdir(), 'wattline-compaction-'))
    const open = async () => {
      const opened = await openEmbeddedBroker({ path, maxBytes: 1e9, events: silentEvents })
      await create(opened, bytes)
      return opened
    }
    let broker = await open()
    const keys: string[] = []
    let committed = 0
    const newest = () => new Map(keys.map((key, offset) => [key, BigInt(offset)]))
    try {
      for (const one of steps) {
        if (one === 'sweep') await create(broker, bytes)
        else if (one === 'reopen') {
          await broker.close()
          broker = await open()
        } else if (Array.isArray(one)) {
          expect((await put(broker, ...one)).offset).toBe(BigInt(keys.length))
          keys.push(...one)
        } else {
          committed = Math.max(committed, keys.length - one.commitBack)
          await commit(broker, BigInt(committed))
        }
        const told = [...(await broker.newest('s'))].map(([key, { offset }]) => [key, offset] as const)
        expect(new Map(told)).toEqual(newest())
      }
      const found = await readNow(broker, 's', 'audit')
      expect(found.every(({ headers }) => headers[RECORD_CORRUPT] === undefined)).toBe(true)
      for (const { offset, key, value } of found) {
        expect(key).toBe(keys[Number(offset)])
        expect(Buffer.from(value).toString()).toBe(key!.repeat(3))
      }
      const offsets = new Set(found.map(({ offset }) => offset))
      const stays = new Set(newest().values())
      for (let at = 0; at < keys.length; at++) {
        const must = bytes > 0 || at >= committed || stays.has(BigInt(at))
        if (must) expect(offsets.has(BigInt(at))).toBe(true)
      }
    } finally {
      await broker.close()
      await rm(path, { recursive: true })
    }
  }
  await fc.assert(fc.asyncProperty(fc.array(step, { maxLength: 25 }), run), { numRuns: runs(15) })
})

test('superseded records are removed, so that the log stays as small as its keys and space is released', async () => {
  const { events, dropped } = counting()
  const broker = await brokerIn(await folder(), { maxBytes: 200_000, events })
  await create(broker, 0)
  const value = Buffer.alloc(3000, 1)
  for (let turn = 0; turn < 200; turn++) {
    // 800 KB in total into a log of 200 KB.
    const { offset } = await broker.append('s', 0, [{ key: `k${turn % 5}`, value, timestampMs: 1 }])
    await commit(broker, offset + 1n)
    if (turn % 20 === 19) await until(() => dropped() === turn - 4)
  }
  expect(await offsetsOf(broker, 'last')).toEqual([195n, 196n, 197n, 198n, 199n])
  expect((await broker.lag('g', 's'))[0]).toMatchObject({ end: 200n, committed: 200n, oldestPendingMs: null })
  expect((await broker.lag('new', 's'))[0]).toMatchObject({ committed: 0n, oldestPendingMs: 1 })
})

test('a lost record is distinguished from a dropped one', async () => {
  const path = await folder()
  const { events, dropped } = counting()
  const broker = await brokerIn(path, { events })
  await create(broker, 0)
  await put(broker, 'a', 'b', 'a', 'c')
  await commit(broker, 4n)
  await until(() => dropped() === 1)
  await broker.close()
  const raw = openLmdb({ path, encoding: 'binary', keyEncoding: 'binary', overlappingSync: false })
  await raw.remove(recordKey({ streamId: 0, partition: 0 }, 1n, 0))
  await raw.close()
  const again = await brokerIn(path)
  await create(again, 0)
  const found = await readNow(again, 's')
  expect(found.map(({ offset, headers }) => [offset, headers[RECORD_CORRUPT]])).toEqual([
    [1n, 'record is missing'],
    [2n, undefined],
    [3n, undefined],
  ])
  expect((await again.newest('s')).get('b')?.headers[RECORD_CORRUPT]).toBe('record is missing')
})

test('a key too long for the log is refused, and nothing of its call is stored', async () => {
  const broker = await brokerIn(await folder())
  await create(broker, 1e12)
  await put(broker, 'x'.repeat(1900))
  await expect(put(broker, 'a', 'x'.repeat(2000))).rejects.toMatchObject({ code: 'invariant_broken' })
  expect([...(await broker.newest('s')).keys()].map(key => key.length)).toEqual([1900])
  expect((await put(broker, 'a')).offset).toBe(1n)
})

const head = (timestampMs: number) => ({ storedBytes: 100, timestampMs, chunks: 1, valueBytes: 0 })
const bounds = { first: 0n, next: 10n, bytes: 1000 }
const keep = { groups: [], timeMs: 1e12, bytes: 1e12 }

test.each([
  ['nothing while it is young and fits', { ...keep }, 10n, []],
  ['nothing that a group has not read', { ...keep, bytes: 0 }, 2n, []],
  ['what all have read, up to there', { ...keep, bytes: 0 }, 5n, [2n, 3n]],
  ['no more than is too much', { ...keep, bytes: 850 }, 10n, [2n, 3n]],
  ['what is too old', { ...keep, timeMs: 60 }, 10n, [2n, 3n]],
] as const)('drops %s', (_, retention, readByAll, dropped) => {
  const found = planCompaction(bounds, [2n, 3n, 7n], readByAll, retention, 100, at => head(Number(at) * 10))
  expect(found.dropped.map(({ offset }) => offset)).toEqual(dropped)
  expect(found).toMatchObject({ bytes: dropped.length * 100, more: false })
})

test('a slice is limited, and says that there is more', () => {
  const superseded = Array.from({ length: 10_000 }, (_, at) => BigInt(at))
  const found = planCompaction({ ...bounds, bytes: 1e6 }, superseded, 10_000n, { ...keep, bytes: 0 }, 0, () =>
    head(0),
  )
  expect(found).toMatchObject({ more: true })
  expect(found.dropped.length).toBe(SLICE_RECORDS)
})

test('the index finds the next stored record after any drops', () => {
  const index = new KeyIndex(new Map([['a', 4n]]), new Set([1n, 2n]))
  index.added('a', 5n)
  index.added('b', 6n)
  expect(index.superseded()).toEqual([1n, 2n, 4n])
  index.dropped([2n, 4n])
  expect([0n, 1n, 2n, 4n, 5n, 6n, 7n].map(at => index.from(at))).toEqual([1n, 1n, 5n, 5n, 5n, 6n, undefined])
})
