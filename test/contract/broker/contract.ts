/**
 * Every promise of core/broker/broker.ts as a test, for any broker. A broker across a network with rebalances of
 * seconds passes too: no test assumes offsets without gaps, and none sleeps where it can wait.
 */
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import {
  type AssignedPartition,
  type Broker,
  type NewestWanted,
  type NewRecord,
  RECORD_CORRUPT,
  RECORD_KIND,
  type StoredRecord,
  type StreamSettings,
  type Subscription,
} from '../../../core/broker/broker.ts'
import { until } from '../../support/until.ts'

export interface BrokerUnderTest {
  /** Opens the broker; when called again after `close` it must find the stored data. */
  open(): Promise<Broker>
  /** Removes everything. */
  destroy(): Promise<void>
}

/** A poll that ends only with a record or when the work ends. */
const FOREVER_MS = 600_000
const LIMITS = { maxRecords: 100, maxBytes: 1_000_000, maxWaitMs: 200 }

export const record = (text: string, more: Partial<NewRecord> = {}): NewRecord => ({
  value: Buffer.from(text),
  timestampMs: 1_700_000_000_000,
  ...more,
})
export const textOf = (stored: StoredRecord): string => Buffer.from(stored.value).toString()

type Handler = (partition: AssignedPartition, records: readonly StoredRecord[]) => Promise<void> | void

/** A work loop that passes polled records to `handle` and commits after it. */
export const worker =
  (handle: Handler, commit = true) =>
  async (partition: AssignedPartition): Promise<void> => {
    while (!partition.revoked.aborted) {
      const records = await partition.poll(LIMITS)
      const last = records.at(-1)
      if (last === undefined) continue
      await handle(partition, records)
      if (commit) await partition.commit(last.offset + 1n)
    }
  }

export function brokerContract(name: string, factory: () => Promise<BrokerUnderTest>): void {
  describe(`contract of a broker: ${name}`, () => {
    let under: BrokerUnderTest
    let broker: Broker
    const streams: readonly StreamSettings[] = ['in', 'out'].map(stream => ({
      name: stream,
      partitions: 2,
      groups: ['reader', 'other'],
      retention: { timeMs: 3_600_000, bytes: 1_000_000_000 },
    }))

    beforeEach(async () => {
      failures = []
      under = await factory()
      broker = await under.open()
      await broker.createStreams(streams)
    })
    afterEach(async () => {
      await broker.close()
      await under.destroy()
      expect(failures).toEqual([])
    })

    /** Failures of works that should not fail: they fail the test at its end. */
    let failures: unknown[] = []
    const unexpected = (_: AssignedPartition, error: unknown) => void failures.push(error)
    const subscribe = (group: string, handle: Handler, commit = true): Promise<Subscription> =>
      broker.subscribe({ group, streams: ['in'], work: worker(handle, commit), onFailure: unexpected })
    const reopen = async () => {
      await broker.close()
      broker = await under.open()
      await broker.createStreams(streams)
    }
    /** Reads with its own group until `count` records of the stream have arrived. */
    const readAll = async (stream: string, count: number, group = 'audit'): Promise<StoredRecord[]> => {
      const found: StoredRecord[] = []
      const subscription = await broker.subscribe({
        group,
        streams: [stream],
        work: worker(
          (_, records) => void found.push(...records.map(r => ({ ...r, value: Buffer.from(r.value) }))),
          false,
        ),
        onFailure: unexpected,
      })
      await until(() => found.length >= count)
      await subscription.close()
      return found
    }

    test('a record is returned as it was appended: value, headers, time', async () => {
      const value = Buffer.from(Array.from({ length: 300_000 }, (_, i) => i % 251))
      const headers = { [RECORD_KIND]: 'flush', host: 'h1' }
      await broker.append('in', 0, [{ value, headers, timestampMs: 1_700_000_000_123 }])
      await broker.append('in', 0, [{ value: new Uint8Array(0), timestampMs: 1_700_000_000_124 }])
      const [first, empty] = await readAll('in', 2)
      expect(Buffer.compare(first!.value, value)).toBe(0)
      expect(first!.headers).toEqual(headers)
      expect(first!.timestampMs).toBe(1_700_000_000_123)
      expect(empty!.value.length).toBe(0)
      expect(empty!.headers).toEqual({})
    })

    test('records of a partition arrive in the order of their appends, with rising offsets', async () => {
      const sent = Array.from({ length: 200 }, (_, i) => `r${i}`)
      await Promise.all(sent.map(text => broker.append('in', 1, [record(text)])))
      const found = await readAll('in', sent.length)
      expect(found.map(textOf)).toEqual(sent)
      expect(found.every((r, i) => i === 0 || r.offset > found[i - 1]!.offset)).toBe(true)
    })

    test('append returns the position of the first record; records of one call are adjacent and in order', async () => {
      const calls = await Promise.all(
        Array.from({ length: 20 }, async (_, i) => ({
          i,
          at: await broker.append(
            'in',
            0,
            ['a', 'b', 'c'].map(part => record(`${i}${part}`)),
          ),
        })),
      )
      const found = await readAll('in', 60)
      for (const { i, at } of calls) {
        expect(at.partition).toBe(0)
        const index = found.findIndex(r => r.offset === at.offset)
        expect(found.slice(index, index + 3).map(textOf)).toEqual([`${i}a`, `${i}b`, `${i}c`])
      }
    })

    test("'any' uses every partition", async () => {
      const placed: number[] = []
      for (let i = 0; i < 40; i++) placed.push((await broker.append('in', 'any', [record('x')])).partition)
      expect(new Set(placed)).toEqual(new Set([0, 1]))
    })

    test('two groups each read everything', async () => {
      const seen = { reader: [] as string[], other: [] as string[] }
      const one = await subscribe('reader', (_, records) => void seen.reader.push(...records.map(textOf)))
      const two = await subscribe('other', (_, records) => void seen.other.push(...records.map(textOf)))
      const sent = Array.from({ length: 30 }, (_, i) => `r${i}`)
      for (const text of sent) await broker.append('in', 'any', [record(text)])
      await until(() => seen.reader.length >= 30 && seen.other.length >= 30)
      await one.close()
      await two.close()
      expect(seen.reader.toSorted()).toEqual(sent.toSorted())
      expect(seen.other.toSorted()).toEqual(sent.toSorted())
    })

    test('within one subscription nothing is delivered twice, committed or not', async () => {
      const seen: string[] = []
      const subscription = await subscribe('reader', (_, r) => void seen.push(...r.map(textOf)), false)
      for (let i = 0; i < 50; i++) await broker.append('in', i % 2, [record(`r${i}`)])
      await until(() => seen.length >= 50)
      await subscription.close()
      expect(new Set(seen).size).toBe(50)
      expect(seen.length).toBe(50)
    })

    test('a group goes on from its committed offset, also after the broker was reopened', async () => {
      const at: bigint[] = []
      for (let i = 0; i < 10; i++) at.push((await broker.append('in', 0, [record(`r${i}`)])).offset)
      let committed = false
      const first = await broker.subscribe({
        group: 'reader',
        streams: ['in'],
        work: async partition => {
          if (partition.partition !== 0) return
          await partition.commit(at[4]!)
          committed = true
        },
        onFailure: unexpected,
      })
      await until(() => committed)
      await first.close()
      const expected = ['r4', 'r5', 'r6', 'r7', 'r8', 'r9']
      expect((await readAll('in', 6, 'reader')).map(textOf)).toEqual(expected)
      await reopen()
      expect((await readAll('in', 6, 'reader')).map(textOf)).toEqual(expected)
    })

    test('a log has an identity, which is kept when it is reopened', async () => {
      const identities = new Set<string>()
      for (const round of [1, 2]) {
        const subscription = await broker.subscribe({
          group: 'reader',
          streams: ['in'],
          work: async partition => void identities.add(`${partition.partition} ${partition.logOf(0n)}`),
          onFailure: unexpected,
        })
        await until(() => identities.size === 2)
        await subscription.close()
        if (round === 1) await reopen()
      }
      expect([...identities].toSorted()).toEqual([
        expect.stringMatching(/^0 [\w-]{8,64}$/),
        expect.stringMatching(/^1 [\w-]{8,64}$/),
      ])
    })

    test('poll respects its limits, and still returns a single record larger than maxBytes', async () => {
      await broker.append('in', 0, [record('x'.repeat(50_000)), ...['a', 'b', 'c', 'd'].map(t => record(t))])
      const sizes: number[] = []
      const subscription = await broker.subscribe({
        group: 'reader',
        streams: ['in'],
        work: async partition => {
          while (!partition.revoked.aborted) {
            const records = await partition.poll({ maxRecords: 2, maxBytes: 1000, maxWaitMs: 50 })
            if (records.length > 0) sizes.push(records.length)
          }
        },
        onFailure: unexpected,
      })
      await until(() => sizes.reduce((a, b) => a + b, 0) === 5)
      await subscription.close()
      expect(sizes[0]).toBe(1)
      expect(Math.max(...sizes)).toBeLessThanOrEqual(2)
    })

    test('poll returns nothing after maxWaitMs, and wakes up when a record arrives', async () => {
      const polls: number[] = []
      let woken: readonly StoredRecord[] = []
      const subscription = await broker.subscribe({
        group: 'reader',
        streams: ['in'],
        work: async partition => {
          if (partition.partition !== 0) return
          polls.push((await partition.poll({ ...LIMITS, maxWaitMs: 20 })).length)
          while (woken.length === 0 && !partition.revoked.aborted) {
            woken = await partition.poll({ ...LIMITS, maxWaitMs: FOREVER_MS })
          }
        },
        onFailure: unexpected,
      })
      await until(() => polls.length === 1)
      await broker.append('in', 0, [record('wake')])
      await until(() => woken.length === 1)
      expect(polls).toEqual([0])
      await subscription.close()
    })

    test('closing a subscription aborts, lets workers finish and commit, and resolves when all have returned', async () => {
      let returned = 0
      let started = 0
      const subscription = await broker.subscribe({
        group: 'reader',
        streams: ['in'],
        work: async partition => {
          started += 1
          while (!partition.revoked.aborted) await partition.poll({ ...LIMITS, maxWaitMs: FOREVER_MS })
          await partition.commit(0n)
          returned += 1
        },
        onFailure: unexpected,
      })
      await until(() => started === 2)
      await subscription.close()
      expect(returned).toBe(2)
    })

    test('a worker that fails gives up only its partition; a new subscription takes it over', async () => {
      const given: { partition: number; error: unknown }[] = []
      const seen: string[] = []
      const subscription = await broker.subscribe({
        group: 'reader',
        streams: ['in'],
        work: worker((partition, records) => {
          if (partition.partition === 0) throw new Error('poison')
          seen.push(...records.map(textOf))
        }),
        onFailure: (partition, error) => void given.push({ partition: partition.partition, error }),
      })
      await broker.append('in', 0, [record('bad')])
      await until(() => given.length > 0)
      for (let i = 0; i < 5; i++) await broker.append('in', 1, [record(`r${i}`)])
      await until(() => seen.length >= 5)
      expect(given).toMatchObject([{ partition: 0, error: { message: 'poison' } }])
      await subscription.close()
      const again: string[] = []
      const second = await subscribe('reader', (_, records) => void again.push(...records.map(textOf)))
      await until(() => again.includes('bad'))
      await second.close()
      expect(seen).toEqual(['r0', 'r1', 'r2', 'r3', 'r4'])
    })

    test('members of a group share the partitions, one owner at a time, and take over from a member that leaves', async () => {
      const owners = new Map<number, Set<string>>([
        [0, new Set()],
        [1, new Set()],
      ])
      let overlaps = 0
      const member = (id: string) =>
        broker.subscribe({
          group: 'reader',
          streams: ['in'],
          work: async partition => {
            const own = owners.get(partition.partition)!
            if (own.size > 0) overlaps += 1
            own.add(id)
            while (!partition.revoked.aborted) await partition.poll(LIMITS)
            own.delete(id)
          },
          onFailure: unexpected,
        })
      const held = (id: string) => [...owners.values()].filter(own => own.has(id)).length
      const a = await member('a')
      await until(() => held('a') === 2)
      const b = await member('b')
      await until(() => held('a') === 1 && held('b') === 1)
      await a.close()
      await until(() => held('b') === 2)
      await b.close()
      expect(overlaps).toBe(0)
    })

    test('transact shows outputs, state and offset together, and the state outlives the broker', async () => {
      await broker.append('in', 0, [record('one'), record('two')])
      let steps = 0
      const states: Record<string, string>[] = []
      const work = async (partition: AssignedPartition) => {
        if (partition.partition !== 0) return
        const state = await partition.loadState()
        states.push(Object.fromEntries([...state].map(([k, v]) => [k, Buffer.from(v).toString()])))
        while (!partition.revoked.aborted) {
          for (const r of await partition.poll({ ...LIMITS, maxRecords: 1 })) {
            const previous: [string, null][] = steps === 0 ? [] : [[`seen-${steps - 1}`, null]]
            await partition.transact({
              outputs: [0, 1].map(p => ({
                stream: 'out',
                partition: p,
                record: record(`${textOf(r)}-${p}`),
              })),
              state: new Map<string, Uint8Array | null>([[`seen-${steps}`, r.value], ...previous]),
              nextOffset: r.offset + 1n,
            })
            steps += 1
          }
        }
      }
      const options = { group: 'reader', streams: ['in'], work, onFailure: unexpected }
      const first = await broker.subscribe(options)
      await until(() => steps === 2)
      await first.close()
      expect((await readAll('out', 4)).map(textOf).toSorted()).toEqual(['one-0', 'one-1', 'two-0', 'two-1'])
      await reopen()
      const second = await broker.subscribe(options)
      await until(() => states.length === 2)
      await second.close()
      expect(states).toEqual([{}, { 'seen-1': 'two' }])
      expect(steps).toBe(2)
    })

    test('state belongs to one group and one partition', async () => {
      const states = new Map<string, number>()
      for (const group of ['reader', 'other']) {
        let done = 0
        const subscription = await broker.subscribe({
          group,
          streams: ['in'],
          work: async partition => {
            states.set(`${group}/${partition.partition}`, (await partition.loadState()).size)
            const state = new Map([[`k`, Buffer.from(group)]])
            await partition.transact({ outputs: [], state, nextOffset: 0n })
            done += 1
          },
          onFailure: unexpected,
        })
        await until(() => done === 2)
        await subscription.close()
      }
      expect([...states.values()]).toEqual([0, 0, 0, 0])
    })

    test('lag gives the end, the committed offset and the age of what is pending', async () => {
      const first = await broker.append('in', 0, [record('a', { timestampMs: 1_700_000_000_001 })])
      const second = await broker.append('in', 0, [record('b', { timestampMs: 1_700_000_000_002 })])
      const before = await broker.lag('reader', 'in')
      expect(before.map(p => p.partition)).toEqual([0, 1])
      expect(before[0]).toMatchObject({ committed: first.offset, oldestPendingMs: 1_700_000_000_001 })
      expect(before[0]!.end).toBeGreaterThan(second.offset)
      expect(before[1]!.oldestPendingMs).toBeNull()
      let seen = 0
      const subscription = await subscribe('reader', (_, records) => {
        seen += records.length
      })
      await until(async () => (await broker.lag('reader', 'in'))[0]!.committed > second.offset)
      await subscription.close()
      expect(seen).toBe(2)
      expect((await broker.lag('reader', 'in'))[0]!.oldestPendingMs).toBeNull()
    })

    test('createStreams may be repeated, and refuses a different number of partitions with both numbers', async () => {
      await broker.createStreams(streams)
      expect(broker.partitions('in')).toBe(2)
      await expect(broker.createStreams([{ ...streams[0]!, partitions: 3 }])).rejects.toMatchObject({
        code: 'config_invalid',
        message: expect.stringMatching(/2.*3/),
      })
      expect(broker.partitions('in')).toBe(2)
    })

    test('a key is returned with its record, in any stream', async () => {
      await broker.append('in', 0, [
        record('keyed', { key: 'tariffs/ä', headers: { a: 'b' } }),
        record('bare'),
      ])
      await broker.append('in', 0, [record('x'.repeat(100_000), { key: 'k' })])
      const found = await readAll('in', 3)
      expect(found.map(({ key }) => key)).toEqual(['tariffs/ä', undefined, 'k'])
      expect(found.map(({ headers }) => headers)).toEqual([{ a: 'b' }, {}, {}])
    })

    describe('a compacted stream', () => {
      const kept = (timeMs: number): StreamSettings => ({
        name: 'kept',
        partitions: 1,
        groups: ['reader'],
        retention: { timeMs, bytes: timeMs },
        compacted: true,
      })
      const LONG_MS = 3_600_000
      const put = (...texts: readonly string[]) =>
        broker.append(
          'kept',
          0,
          // `a1`: value a1 of key a.
          texts.map(text => record(text, { key: text[0]!, timestampMs: Date.now() })),
        )
      const newest = async (): Promise<string[]> =>
        [...(await broker.newest('kept'))].map(([key, found]) => `${key} ${textOf(found)}`).toSorted()

      test('returns the newest record of every key, also after it was reopened', async () => {
        await broker.createStreams([kept(LONG_MS)])
        expect(await newest()).toEqual([])
        const { offset } = await put('a1', 'b1', 'a2')
        await put('c1', 'b2')
        expect(await newest()).toEqual(['a a2', 'b b2', 'c c1'])
        await broker.close()
        broker = await under.open()
        await broker.createStreams([kept(LONG_MS)])
        expect(await newest()).toEqual(['a a2', 'b b2', 'c c1'])
        expect((await broker.newest('kept')).get('a')).toMatchObject({ offset: offset + 2n, headers: {} })
        const later = await put('a3')
        expect(await newest()).toEqual(['a a3', 'b b2', 'c c1'])
        // Of those, what is new since an offset, and what has certain keys.
        const wanted = async (what: NewestWanted) =>
          [...(await broker.newest('kept', what)).keys()].toSorted()
        expect(await wanted({ since: offset + 3n })).toEqual(['a', 'b', 'c'])
        expect(await wanted({ since: later.offset })).toEqual(['a'])
        expect(await wanted({ since: later.offset + 1n })).toEqual([])
        expect(await wanted({ keys: new Set(['b', 'x']) })).toEqual(['b'])
        expect(await wanted({ keys: new Set(['b']), since: later.offset })).toEqual([])
      })

      test('shows all versions, in order, while they are young', async () => {
        await broker.createStreams([kept(LONG_MS)])
        await put('a1', 'b1', 'a2')
        await put('a3')
        expect((await readAll('kept', 4)).map(textOf)).toEqual(['a1', 'b1', 'a2', 'a3'])
      })

      test('drops what is superseded, read and old, and keeps the newest record of every key at its offset', async () => {
        await broker.createStreams([kept(1)])
        const first = await put('a1', 'b1', 'a2', 'c1')
        const offsets = new Map<string, bigint>()
        const subscription = await broker.subscribe({
          group: 'reader',
          streams: ['kept'],
          work: worker((_, records) => {
            for (const one of records) offsets.set(textOf(one), one.offset)
          }),
          onFailure: unexpected,
        })
        await until(() => offsets.size === 4)
        expect(offsets.get('a1')).toBe(first.offset)
        // Kafka's cleaner only processes segments before the newest one: later records make it start one.
        let turn = 2
        await until(async () => {
          turn += 1
          const { offset } = await put(`a${turn}`)
          offsets.set(`a${turn}`, offset)
          await until(async () => (await broker.lag('reader', 'kept'))[0]!.committed > offset)
          const left = await readAll('kept', 3, `audit-${turn}`)
          return !left.some(one => textOf(one) === 'a1')
        })
        await subscription.close()
        const left: StoredRecord[] = []
        const last = await broker.subscribe({
          group: 'last',
          streams: ['kept'],
          work: worker(
            (_, records) => void left.push(...records.map(r => ({ ...r, value: Buffer.from(r.value) }))),
            false,
          ),
          onFailure: unexpected,
        })
        await until(() => left.some(one => one.offset === offsets.get(`a${turn}`)))
        await last.close()
        const named = [...offsets].map(([text, offset]) => `${offset} ${text}`)
        const found = left.map(({ offset, value }) => `${offset} ${Buffer.from(value)}`)
        expect(found.filter(one => !named.includes(one))).toEqual([])
        expect(found.filter(one => !one.includes(' a'))).toEqual([
          `${offsets.get('b1')} b1`,
          `${offsets.get('c1')} c1`,
        ])
        expect(left.some(({ headers }) => RECORD_CORRUPT in headers)).toBe(false)
        expect(await newest()).toEqual([`a a${turn}`, 'b b1', 'c c1'])
      })

      test('never loses the newest record of a key, and a group that was away continues in order', async () => {
        await broker.createStreams([kept(1)])
        await put('a1', 'b1')
        expect((await readAll('kept', 2, 'reader')).map(textOf)).toEqual(['a1', 'b1'])
        await put('a2', 'c1')
        await broker.createStreams([kept(1)])
        const texts = (await readAll('kept', 3, 'reader')).map(textOf)
        expect(texts.slice(-3)).toEqual(['b1', 'a2', 'c1'])
      })

      test('refuses a record without a key, and the whole call that contains it', async () => {
        await broker.createStreams([kept(LONG_MS)])
        const mixed = [record('x', { key: 'x' }), record('y')]
        await expect(broker.append('kept', 0, mixed)).rejects.toMatchObject({ code: 'invariant_broken' })
        expect(await newest()).toEqual([])
        await put('a1')
        expect((await readAll('kept', 1)).map(textOf)).toEqual(['a1'])
      })

      test('is not created from an ordinary stream, nor the other way round', async () => {
        await broker.createStreams([kept(LONG_MS)])
        const { compacted: _, ...plain } = kept(LONG_MS)
        for (const wrong of [plain, { ...streams[0]!, compacted: true as const }]) {
          await expect(broker.createStreams([wrong])).rejects.toMatchObject({
            code: 'config_invalid',
            message: expect.stringMatching(/compact.*(cleanup\.policy|`data`)/),
          })
        }
        await expect(broker.newest('in')).rejects.toMatchObject({ code: 'invariant_broken' })
        await expect(broker.newest('nowhere')).rejects.toThrow("'nowhere'")
      })
    })

    test('unknown streams and partitions are refused', async () => {
      expect(() => broker.partitions('nowhere')).toThrow("'nowhere'")
      await expect(broker.append('nowhere', 'any', [record('x')])).rejects.toThrow("'nowhere'")
      await expect(broker.append('in', 2, [record('x')])).rejects.toThrow('2')
    })

    test('a healthy broker answers ping; a closed one accepts nothing', async () => {
      await broker.ping()
      await broker.close()
      await expect(broker.ping()).rejects.toMatchObject({ disposition: 'retry' })
      await expect(broker.append('in', 0, [record('x')])).rejects.toMatchObject({ disposition: 'retry' })
      broker = await under.open()
    })

    test('closing the broker ends subscriptions and waits for their workers', async () => {
      let started = 0
      let returned = 0
      await broker.subscribe({
        group: 'reader',
        streams: ['in'],
        work: async partition => {
          started += 1
          while (!partition.revoked.aborted) await partition.poll({ ...LIMITS, maxWaitMs: FOREVER_MS })
          returned += 1
        },
        onFailure: unexpected,
      })
      await until(() => started === 2)
      await broker.close()
      expect(returned).toBe(2)
      broker = await under.open()
    })

    test('retention never drops what a known group has not committed', async () => {
      await broker.createStreams([
        { name: 'short', partitions: 1, groups: ['reader', 'other'], retention: { timeMs: 1, bytes: 1 } },
      ])
      const sent = Array.from({ length: 20 }, (_, i) => `r${i}`)
      for (const text of sent) await broker.append('short', 0, [record(text)])
      expect((await readAll('short', 20, 'reader')).map(textOf)).toEqual(sent)
      let committed = 0
      const subscription = await broker.subscribe({
        group: 'reader',
        streams: ['short'],
        work: worker((_, records) => {
          committed += records.length
        }),
        onFailure: unexpected,
      })
      await until(async () => (await broker.lag('reader', 'short'))[0]!.oldestPendingMs === null)
      await subscription.close()
      expect(committed).toBe(20)
      expect((await readAll('short', 20, 'other')).map(textOf)).toEqual(sent)
    })
  })
}
