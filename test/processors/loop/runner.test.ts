// Guarantees: every record is applied in order and committed after it was applied; a neighbour that is down is waited for,
// a record that no one can process is set aside with its error and the partition goes on, a broken invariant gives up its
// partition alone; stopping and starting again continues where the commit was; partitions share the memory there is.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import type { AssignedPartition, Broker, StoredRecord } from '../../../core/broker/broker.ts'
import { openEmbeddedBroker } from '../../../core/broker/embedded/embedded-broker.ts'
import { WattlineError } from '../../../core/catalogue/errors/errors.ts'
import { silentEvents } from '../../../core/catalogue/events/events.ts'
import { decodeRows } from '../../../core/columns/rows.ts'
import { quarantine } from '../../../core/model/streams/index.ts'
import { type Processor, Runner } from '../../../processors/loop/runner.ts'
import type { Step } from '../../../processors/loop/step.ts'
import { createStore } from '../../../processors/store/store.ts'
import { until } from '../../support/until.ts'

let folder: string
let broker: Broker

const retention = { timeMs: 3_600_000, bytes: 1e9 }

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'wattline-runner-'))
  broker = await openEmbeddedBroker({ path: folder, maxBytes: 1e9, events: silentEvents })
  await broker.createStreams([
    { name: 'in', partitions: 2, groups: ['test'], retention },
    { name: 'out', partitions: 2, groups: [], retention },
    { name: quarantine.name, partitions: 1, groups: [], retention },
  ])
})

afterEach(async () => {
  await broker.close()
  rmSync(folder, { recursive: true, force: true })
})

const textOf = (record: { value: Uint8Array }): string => Buffer.from(record.value).toString()

const append = (partition: number, ...values: string[]) =>
  broker.append(
    'in',
    partition,
    values.map(value => ({ value: Buffer.from(value), timestampMs: 1 })),
  )

const processor = (
  apply: (record: StoredRecord, step: Step, partition: number) => void | Promise<void>,
): Processor => ({
  name: 'test',
  streams: ['in'],
  poll: { maxRecords: 10, maxBytes: 1e6, maxWaitMs: 20 },
  open: async ({ partition }) => ({ apply: (record, step) => apply(record, step, partition) }),
})

const newRunner = (): Runner => new Runner({ broker, events: silentEvents, now: Date.now })

const committed = async (partition: number): Promise<bigint> =>
  (await broker.lag('test', 'in')).find(lag => lag.partition === partition)?.committed ?? -1n

/** Everything in a partition, read by a group of its own. */
async function readAll(stream: string, partition: number): Promise<string[]> {
  const values: string[] = []
  let isAtEnd = false
  const reader = await broker.subscribe({
    group: `reader-${Math.random()}`,
    streams: [stream],
    onFailure: () => undefined,
    work: async assigned => {
      while (!assigned.revoked.aborted) {
        const records = await assigned.poll({ maxRecords: 100, maxBytes: 1e6, maxWaitMs: 20 })
        if (assigned.partition !== partition) continue
        values.push(...records.map(record => Buffer.from(record.value).toString('latin1')))
        isAtEnd = records.length === 0
      }
    },
  })
  await until(() => isAtEnd)
  await reader.close()
  return values
}

it('applies in order and commits outputs with the offset', async () => {
  const seen: string[] = []
  const runner = newRunner()
  await runner.start(
    processor((record, step) => {
      seen.push(textOf(record))
      step.emit('out', 1, { value: Buffer.from(`${textOf(record)}!`), timestampMs: 1 })
    }),
  )
  await append(0, 'a', 'b', 'c')
  await until(async () => (await committed(0)) === 3n)
  await runner.stop()
  expect(seen).toEqual(['a', 'b', 'c'])
  expect(await readAll('out', 1)).toEqual(['a!', 'b!', 'c!'])
})

it('waits for a neighbour that is down, says so, and goes on', async () => {
  let failures = 2
  const applied: string[] = []
  const runner = newRunner()
  await runner.start(
    processor(record => {
      if (failures-- > 0) throw new WattlineError('warehouse_unavailable', 'down.')
      applied.push(textOf(record))
    }),
  )
  await append(0, 'a', 'b')
  await until(() => runner.problems().length > 0)
  expect(runner.problems()[0]).toMatch(/^test in\/0 waiting: warehouse_unavailable: down\./)
  await until(async () => (await committed(0)) === 2n)
  await runner.stop()
  expect(applied).toEqual(['a', 'b'])
  expect(runner.problems()).toEqual([])
})

it('sets a poison record aside with its error and goes on', async () => {
  const applied: string[] = []
  const runner = newRunner()
  await runner.start(
    processor(record => {
      if (textOf(record) === 'bad') throw new WattlineError('record_refused', 'cannot parse.')
      applied.push(textOf(record))
    }),
  )
  await append(0, 'a', 'bad', 'b')
  await until(async () => (await committed(0)) === 3n)
  await runner.stop()
  expect(applied).toEqual(['a', 'b'])
  const [record] = await readAll(quarantine.name, 0)
  const [row] = decodeRows(quarantine, Buffer.from(record as string, 'latin1'))
  expect(row).toMatchObject({
    Processor: 'test',
    Stream: 'in',
    Partition: 0,
    Offset: 1n,
    Code: 'record_refused',
  })
  expect(Buffer.from(row?.Record ?? '', 'base64').toString()).toBe('bad')
})

it('does not set aside again what was set aside and is refused: it stops, and says so', async () => {
  const runner = newRunner()
  const refusing = processor(() => {
    throw new WattlineError('record_refused', 'cannot parse.')
  })
  await runner.start({ ...refusing, streams: [quarantine.name] })
  await broker.append(quarantine.name, 0, [{ value: Buffer.from('x'), timestampMs: 1 }])
  await until(() => runner.problems().length > 0)
  expect(runner.problems()[0]).toMatch(/^test quarantine\/0 stopped: record_refused/)
  await runner.stop()
  expect(await readAll(quarantine.name, 0)).toEqual(['x'])
})

it('gives up a partition whose invariant is broken, and no other', async () => {
  const runner = newRunner()
  await runner.start(
    processor((_record, _step, partition) => {
      if (partition === 0) throw new WattlineError('invariant_broken', 'does not add up.')
    }),
  )
  await append(0, 'a')
  await append(1, 'b')
  await until(async () => (await committed(1)) === 1n && runner.problems().length > 0)
  expect(runner.problems()[0]).toMatch(/^test in\/0 stopped: invariant_broken/)
  expect(await committed(0)).toBe(0n)
  await runner.stop()
})

it('continues after a restart where the commit was', async () => {
  const seen: string[] = []
  const collect = processor(record => {
    seen.push(textOf(record))
  })
  for (const value of ['a', 'b', 'c']) {
    await append(0, value)
    const runner = newRunner()
    await runner.start(collect)
    await until(async () => (await committed(0)) === BigInt(seen.length) && seen.includes(value))
    await runner.stop()
  }
  expect(seen).toEqual(['a', 'b', 'c'])
})

it('inserts each record under the token of its place, and leaves control and corrupt records out', async () => {
  const inserted: string[] = []
  const store = createStore({
    streams: [{ ...quarantine, name: 'in' }],
    warehouse: {
      insert: async (_stream: unknown, _record: Uint8Array, token: string) => void inserted.push(token),
    } as never,
    events: silentEvents,
  })
  const runner = newRunner()
  await broker.append('in', 0, [
    { value: Buffer.from('x'), timestampMs: 1 },
    { value: Buffer.from('{}'), headers: { kind: 'flush' }, timestampMs: 1 },
    { value: Buffer.from('y'), timestampMs: 1 },
  ])
  await runner.start({ ...store, name: 'test' })
  await until(async () => (await committed(0)) === 3n)
  await runner.stop()
  expect(inserted).toEqual(
    [0n, 2n].map(offset => expect.stringMatching(new RegExp(`^[\\w-]{36}/in/0/${offset}$`))),
  )
  expect(new Set(inserted.map(token => token.split('/')[0])).size).toBe(1)
})

it('gives each partition an equal share of what may be held, but never too little', async () => {
  const asked: number[] = []
  const partition = (number: number, revoked: AbortSignal): AssignedPartition => ({
    stream: 'in',
    logOf: () => 'fake',
    originOf: () => 'fake',
    historyOf: () => '',
    partition: number,
    revoked,
    poll: async ({ maxBytes }) => {
      asked.push(maxBytes)
      await new Promise(resolve => setTimeout(resolve, 5))
      return []
    },
    commit: async () => {},
    loadState: async () => new Map(),
    transact: async () => {},
  })
  const sharesOf = async (partitions: number, pollBytes: number): Promise<number[]> => {
    asked.length = 0
    const stop = new AbortController()
    const subscribe: Broker['subscribe'] = async ({ work }) => {
      const works = Array.from({ length: partitions }, (_, number) => work(partition(number, stop.signal)))
      return {
        close: async () => {
          stop.abort()
          await Promise.all(works)
        },
      }
    }
    const runner = new Runner({
      broker: { ...broker, subscribe },
      events: silentEvents,
      now: Date.now,
      pollBytes,
    })
    const collect = processor(() => {})
    await runner.start({ ...collect, poll: { ...collect.poll, maxBytes: 16 * 2 ** 20 } })
    await until(() => asked.length >= 3 * partitions)
    await runner.stop()
    return [...new Set(asked)]
  }
  expect(await sharesOf(4, 32 * 2 ** 20)).toEqual([8 * 2 ** 20])
  expect(await sharesOf(1, 32 * 2 ** 20)).toEqual([16 * 2 ** 20])
  expect(await sharesOf(64, 32 * 2 ** 20)).toEqual([2 ** 20])
})

it('commits what was applied when it is revoked among many records, and leaves the rest to the next', async () => {
  const revoke = new AbortController()
  const applied: bigint[] = []
  const committed: bigint[] = []
  const records = [0n, 1n, 2n, 3n].map(offset => ({
    offset,
    value: Buffer.from('x'),
    headers: {},
    timestampMs: 1,
  }))
  const partition: AssignedPartition = {
    stream: 'in',
    logOf: () => 'fake',
    originOf: () => 'fake',
    historyOf: () => '',
    partition: 0,
    revoked: revoke.signal,
    poll: async () => records,
    commit: async nextOffset => void committed.push(nextOffset),
    loadState: async () => new Map(),
    transact: async () => {},
  }
  const subscribe: Broker['subscribe'] = async ({ work }) => {
    const working = work(partition)
    return { close: () => working }
  }
  const runner = new Runner({ broker: { ...broker, subscribe }, events: silentEvents, now: Date.now })
  await runner.start(
    processor(({ offset }) => {
      applied.push(offset)
      if (offset !== 1n) return
      // Heard only by who listens in between, after a record that took longer than the loop may be deaf.
      setImmediate(() => revoke.abort())
      const busyUntil = performance.now() + 30
      while (performance.now() < busyUntil);
    }),
  )
  await runner.stop()
  expect(applied).toEqual([0n, 1n])
  expect(committed).toEqual([2n])
})
