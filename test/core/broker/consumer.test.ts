// Guarantees: a poll that fails half way skips nothing: the next one returns the same records again, from the first.
import { expect, test } from 'vitest'
import { Consumer } from '../../../core/broker/embedded/consumer.ts'
import { Journal } from '../../../core/broker/embedded/journal.ts'
import { PartitionLog } from '../../../core/broker/embedded/partition-log.ts'
import { encodeRecord } from '../../../core/broker/embedded/record.ts'
import { Space } from '../../../core/broker/embedded/space.ts'
import type { LogStore } from '../../../core/broker/embedded/store.ts'
import { WattlineError } from '../../../core/catalogue/errors/errors.ts'

const hex = (key: Uint8Array): string => Buffer.from(key).toString('hex')

test('a poll that fails half way is repeated from its start', async () => {
  const place = { streamId: 0, partition: 0 }
  const entries = new Map<string, Uint8Array>()
  for (const offset of [0n, 1n, 2n]) {
    const record = { value: Buffer.from(`record ${offset}`), timestampMs: 1 }
    for (const { key, value } of encodeRecord(place, offset, record))
      if (value !== null) entries.set(hex(key), value)
  }
  let readsUntilFailure = 3
  const store: LogStore = {
    get(key) {
      if (readsUntilFailure-- === 0)
        throw new WattlineError('broker_unavailable', 'The log is being opened anew.')
      return entries.get(hex(key))
    },
    entries: () => [],
    refresh: () => undefined,
    write: async () => undefined,
    copyTo: () => Promise.reject(new Error('not copied here')),
    close: async () => undefined,
  }
  const log = new PartitionLog('in', place, null, { first: 0n, next: 3n, bytes: 100 })
  const volume = { freeBytes: () => 1e9, takeReserve: () => true, dropReserve: () => undefined }
  const consumer = new Consumer(log, 'group', {
    historyOf: () => ({ origin: '', log: 'log', history: '' }),
    store,
    journal: new Journal(store, new Space(100, 1e9, volume), () => undefined),
    find: () => log,
    onCommit: () => undefined,
    onAppend: () => undefined,
  })
  const limits = { maxRecords: 10, maxBytes: 1e6, maxWaitMs: 0 }
  await expect(consumer.poll(limits)).rejects.toMatchObject({ code: 'broker_unavailable' })
  expect((await consumer.poll(limits)).map(record => Buffer.from(record.value).toString())).toEqual([
    'record 0',
    'record 1',
    'record 2',
  ])
})
