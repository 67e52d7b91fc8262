// Guarantees: a record never has the origin of another one that had its offset before, whatever happened to the log's
// files: an older copy restored, the log deleted, another log put in its place, or a log of a version without origins
// opened; acknowledged records that are gone are reported, with the groups that had not read them; and a restart alone
// changes nothing.
import { cp, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { open } from 'lmdb'
import { describe, expect, it } from 'vitest'
import type { Broker } from '../../../core/broker/broker.ts'
import { openEmbeddedBroker } from '../../../core/broker/embedded/embedded-broker.ts'
import type { LostRecords } from '../../../core/broker/embedded/log-ends.ts'
import { lossOfLog } from '../../../core/broker/embedded/loss-of-log.ts'
import { silentEvents } from '../../../core/catalogue/events/events.ts'
import { folder, onPartition } from './folder.ts'

const STREAMS = [
  { name: 'in', partitions: 1, groups: ['store', 'meter'], retention: { timeMs: 1e9, bytes: 1e9 } },
]

async function opened(data: string): Promise<{ broker: Broker; lost: LostRecords[] }> {
  const lost: LostRecords[] = []
  const broker = await openEmbeddedBroker({
    path: join(data, 'log'),
    endsFile: join(data, 'log.ends'),
    maxBytes: 1e9,
    events: silentEvents,
    doneElsewhere: ['meter'],
    onLost: async found => void lost.push(found),
  })
  await broker.createStreams(STREAMS)
  return { broker, lost }
}

const append = async (broker: Broker, count: number): Promise<void> => {
  for (let i = 0; i < count; i++) {
    await broker.append('in', 0, [{ value: Buffer.from('x'), timestampMs: 1_000 + i }])
  }
}

/** Reads for the group up to now; the origins of these offsets. */
const originsOf = (broker: Broker, offsets: readonly bigint[]): Promise<string[]> =>
  onPartition(broker, 'look', 'in', async partition => offsets.map(offset => partition.originOf(offset)))

/** The same where the previous log was lost. */
const historiesOf = (broker: Broker, offsets: readonly bigint[]): Promise<string[]> =>
  onPartition(broker, 'look', 'in', async partition => offsets.map(offset => partition.historyOf(offset)))

const commit = (broker: Broker, group: string, offset: bigint, state?: string): Promise<void> =>
  onPartition(broker, group, 'in', partition =>
    partition.transact({
      outputs: [],
      state: new Map(state === undefined ? [] : [['host', Buffer.from(state)]]),
      nextOffset: offset,
    }),
  )

const stateOf = (broker: Broker, group: string): Promise<number> =>
  onPartition(broker, group, 'in', async partition => (await partition.loadState()).size)

it('keeps origins over restarts, and detects no loss', async () => {
  const data = await folder()
  let before: string[] = []
  for (let round = 0; round < 3; round++) {
    const { broker, lost } = await opened(data)
    await append(broker, 3)
    const origins = await originsOf(broker, [0n, 2n])
    expect(lost).toEqual([])
    if (round > 0) expect(origins).toEqual(before)
    before = origins
    await broker.close()
  }
  expect(new Set(before).size).toBe(1)
  expect(before[0]).toMatch(/^[\w-]{36}$/)
})

describe('an older copy', () => {
  it('gives new records another origin, keeps the origin of older ones, and reports what is gone', async () => {
    const data = await folder()
    let { broker, lost } = await opened(data)
    await append(broker, 5)
    await commit(broker, 'store', 2n)
    await commit(broker, 'meter', 2n, 'window')
    await broker.close()
    await cp(join(data, 'log'), join(data, 'copy'), { recursive: true })

    ;({ broker, lost } = await opened(data))
    await append(broker, 7)
    await commit(broker, 'store', 9n)
    const [old] = await originsOf(broker, [0n])
    await broker.close()
    await rm(join(data, 'log'), { recursive: true })
    await cp(join(data, 'copy'), join(data, 'log'), { recursive: true })

    ;({ broker, lost } = await opened(data))
    expect(lost).toMatchObject([
      {
        kind: 'older',
        partitions: [
          {
            stream: 'in',
            partition: 0,
            end: 12n,
            unread: [
              { group: 'meter', records: 7n, readMs: 1_001 },
              { group: 'store', records: 3n, readMs: 1_003 },
            ],
          },
        ],
      },
    ])
    expect(lossOfLog(lost[0]!, 'data/log')).toMatchObject({
      state: 'lost',
      extent: [{ stream: 'in', records: 3, rows: null, from: '1970-01-01T00:00:01.003Z' }],
    })
    await append(broker, 1)
    const [kept, fresh] = await originsOf(broker, [4n, 5n])
    expect(kept).toBe(old)
    expect(fresh).not.toBe(old)
    expect(await historiesOf(broker, [4n, 5n])).toEqual(['', fresh])
    // What the meter would repeat is done; the tables still lack what they lacked.
    expect(await stateOf(broker, 'meter')).toBe(0)
    expect((await broker.lag('meter', 'in'))[0]).toMatchObject({ committed: 5n })
    expect((await broker.lag('store', 'in'))[0]).toMatchObject({ committed: 2n })
    await broker.close()
    ;({ broker, lost } = await opened(data))
    expect(lost).toEqual([])
    expect(await originsOf(broker, [4n, 5n])).toEqual([kept, fresh])
    expect(await historiesOf(broker, [4n, 5n])).toEqual(['', fresh])
    await broker.close()
  })

  it('repeats no work for a group that had not started when the copy was made', async () => {
    const data = await folder()
    let { broker } = await opened(data)
    await append(broker, 3)
    await broker.close()
    await cp(join(data, 'log'), join(data, 'copy'), { recursive: true })
    ;({ broker } = await opened(data))
    await commit(broker, 'meter', 3n, 'window')
    await append(broker, 1)
    await broker.close()
    await rm(join(data, 'log'), { recursive: true })
    await cp(join(data, 'copy'), join(data, 'log'), { recursive: true })
    ;({ broker } = await opened(data))
    expect((await broker.lag('meter', 'in'))[0]).toMatchObject({ committed: 3n, end: 3n })
    expect((await broker.lag('store', 'in'))[0]).toMatchObject({ committed: 0n })
    await broker.close()
  })

  it('is detected again if the start was interrupted, with the same name for its loss', async () => {
    const data = await folder()
    let { broker, lost } = await opened(data)
    await append(broker, 1)
    await broker.close()
    await cp(join(data, 'log'), join(data, 'copy'), { recursive: true })
    ;({ broker } = await opened(data))
    await append(broker, 2)
    await broker.close()
    await cp(join(data, 'log.ends'), join(data, 'ends'))
    const ids: unknown[] = []
    for (let round = 0; round < 2; round++) {
      await rm(join(data, 'log'), { recursive: true })
      await cp(join(data, 'copy'), join(data, 'log'), { recursive: true })
      // As after a kill before the file of ends is rewritten.
      await cp(join(data, 'ends'), join(data, 'log.ends'))
      ;({ broker, lost } = await opened(data))
      ids.push(lossOfLog(lost[0]!, 'log')?.id)
      await broker.close()
    }
    expect(ids[0]).toMatch(/^\w{16}/)
    expect(ids[1]).toBe(ids[0])
  })
})

it('reports a log that was deleted, and begins with another origin', async () => {
  const data = await folder()
  let { broker, lost } = await opened(data)
  await append(broker, 4)
  await commit(broker, 'store', 4n)
  const [old] = await originsOf(broker, [0n])
  await broker.close()
  await rm(join(data, 'log'), { recursive: true })
  ;({ broker, lost } = await opened(data))
  expect(lost).toMatchObject([{ kind: 'gone', log: old, partitions: [{ end: 4n, unread: [] }] }])
  expect(lossOfLog(lost[0]!, 'log')).toMatchObject({ state: 'noted', extent: [] })
  await append(broker, 1)
  expect(await originsOf(broker, [0n])).not.toEqual([old])
  expect(await historiesOf(broker, [0n])).toEqual(await originsOf(broker, [0n]))
  await broker.close()
})

it('treats a log as another one when the file of ends is missing', async () => {
  const data = await folder()
  let { broker } = await opened(data)
  await append(broker, 2)
  const [old] = await originsOf(broker, [0n])
  await broker.close()
  await rm(join(data, 'log.ends'))
  const again = await opened(data)
  broker = again.broker
  expect(again.lost).toEqual([])
  await append(broker, 1)
  const [kept, fresh] = await originsOf(broker, [1n, 2n])
  expect(kept).toBe(old)
  expect(fresh).not.toBe(old)
  // No loss was found, and the meter continues unchanged.
  expect(await historiesOf(broker, [1n, 2n])).toEqual(['', ''])
  await broker.close()
})

it('leaves records from before origins without one, also if the first start is interrupted', async () => {
  const data = await folder()
  let { broker } = await opened(data)
  await append(broker, 3)
  await broker.close()
  await rm(join(data, 'log.ends'))
  // As left by an older version: an identity, and no origins.
  const log = open({
    path: join(data, 'log'),
    encoding: 'binary',
    keyEncoding: 'binary',
    overlappingSync: false,
  })
  await log.remove(Buffer.from('O'))
  await log.close()
  const first = await opened(data)
  await first.broker.close()
  await rm(join(data, 'log.ends'))
  ;({ broker } = await opened(data))
  await append(broker, 1)
  const origins = await originsOf(broker, [0n, 2n, 3n])
  expect(origins.slice(0, 2)).toEqual(['', ''])
  expect(origins[2]).toMatch(/^[\w-]{36}$/)
  await broker.close()
})
