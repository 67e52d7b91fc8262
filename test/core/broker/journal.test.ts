/**
 * Guarantees: simultaneous callers share one transaction; a failed transaction leaves nothing behind, rejects exactly
 * its callers, and later ones continue; a refused change does not affect others.
 */
import { expect, test } from 'vitest'
import { Journal } from '../../../core/broker/embedded/journal.ts'
import { PartitionLog } from '../../../core/broker/embedded/partition-log.ts'
import type { LmdbOperation } from '../../../core/broker/embedded/record.ts'
import { Space } from '../../../core/broker/embedded/space.ts'
import type { LogStore } from '../../../core/broker/embedded/store.ts'
import { WattlineError } from '../../../core/catalogue/errors/errors.ts'

class FakeStore implements LogStore {
  readonly writes: (readonly LmdbOperation[])[] = []
  failNext = false
  get() {
    return undefined
  }
  entries() {
    return []
  }
  refresh() {}
  async write(operations: readonly LmdbOperation[]) {
    await new Promise(setImmediate)
    if (this.failNext) {
      this.failNext = false
      throw new WattlineError('disk_full', 'no space')
    }
    this.writes.push(operations)
  }
  copyTo = () => Promise.reject(new Error('not copied here'))
  async close() {}
}

const records = (...texts: string[]) => texts.map(text => ({ value: Buffer.from(text), timestampMs: 1 }))

const roomy = { freeBytes: () => Number.POSITIVE_INFINITY, takeReserve: () => true, dropReserve() {} }

function setUp(maxBytes = 1_000_000) {
  const store = new FakeStore()
  const failures: WattlineError[] = []
  const journal = new Journal(store, new Space(0, maxBytes, roomy), failure => failures.push(failure))
  const log = new PartitionLog('s', { streamId: 0, partition: 0 }, null)
  const append = (...texts: string[]) =>
    journal.submit(0, draft => {
      draft.reserve(records(...texts))
      return draft.append(log, records(...texts))
    })
  return { store, failures, journal, log, append }
}

test('simultaneous callers share a transaction, and get adjacent offsets', async () => {
  const { store, log, append } = setUp()
  expect(await Promise.all([append('a', 'b'), append('c'), append('d')])).toEqual([0n, 2n, 3n])
  expect(store.writes.length).toBe(1)
  expect(log.bounds.next).toBe(4n)
})

test('a failed transaction rejects its callers, moves nothing, and the next one takes the same offsets', async () => {
  const { store, failures, journal, log, append } = setUp()
  await append('before')
  store.failNext = true
  const results = await Promise.allSettled([append('x'), append('y')])
  expect(results.map(r => r.status)).toEqual(['rejected', 'rejected'])
  expect(log.bounds.next).toBe(1n)
  expect(failures.map(f => f.code)).toEqual(['disk_full'])
  expect(journal.lastFailure?.code).toBe('disk_full')
  expect(await append('again')).toBe(1n)
  expect(journal.lastFailure).toBeNull()
})

test('changes that arrive during a failing transaction are planned again on the stored state', async () => {
  const { store, log, append } = setUp()
  store.failNext = true
  const failing = append('x')
  await new Promise(setImmediate)
  const following = append('y')
  await expect(failing).rejects.toMatchObject({ code: 'disk_full' })
  expect(await following).toBe(0n)
  expect(log.bounds.next).toBe(1n)
})

test('only a change that is too large is refused', async () => {
  const { append } = setUp(200)
  const results = await Promise.allSettled([append('a'), append('b'.repeat(500)), append('c')])
  expect(results.map(r => r.status)).toEqual(['fulfilled', 'rejected', 'fulfilled'])
  expect(await append('d')).toBe(2n)
})

test('nothing is visible before it is written', async () => {
  const { log, append } = setUp()
  const done = append('a')
  await Promise.resolve()
  expect(log.bounds.next).toBe(0n)
  await done
  expect(log.bounds.next).toBe(1n)
})

test('close waits for accepted changes and refuses later ones', async () => {
  const { journal, append } = setUp()
  const accepted = append('a')
  await journal.close()
  expect(await accepted).toBe(0n)
  await expect(append('b')).rejects.toMatchObject({ code: 'broker_unavailable' })
})
