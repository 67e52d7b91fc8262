/**
 * Guarantees of the embedded broker beyond the contract: dense offsets, corrupt records are delivered as such, an
 * unusable or used folder is refused with a clear message, a full disk rejects and recovers, retention keeps the file
 * small.
 */
import { spawnSync } from 'node:child_process'
import { copyFile, mkdir, readFile, stat, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { open as openLmdb } from 'lmdb'
import { expect, onTestFinished, test } from 'vitest'
import { type Broker, type NewRecord, RECORD_CORRUPT } from '../../../core/broker/broker.ts'
import { recordKey } from '../../../core/broker/embedded/keys.ts'
import { until } from '../../support/until.ts'
import { brokerIn, folder, onPartition, readNow } from './folder.ts'

const bytes = (length: number, fill: number): NewRecord => ({
  value: Buffer.alloc(length, fill),
  timestampMs: 1_700_000_000_000,
})
const create = (broker: Broker, retainedBytes = 1e12, timeMs = 1e15) =>
  broker.createStreams([
    { name: 's', partitions: 1, groups: ['g'], retention: { timeMs, bytes: retainedBytes } },
  ])
const commitAll = (broker: Broker) =>
  onPartition(broker, 'g', 's', async partition => {
    const [lag] = await broker.lag('g', 's')
    await partition.commit(lag!.end)
  })
test('offsets start at 0 and have no gaps, also after everything was trimmed and the log reopened', async () => {
  const path = await folder()
  const first = await brokerIn(path)
  await create(first, 0)
  expect((await first.append('s', 0, [bytes(9, 1), bytes(9, 1)])).offset).toBe(0n)
  expect((await first.append('s', 0, [bytes(9, 1)])).offset).toBe(2n)
  await commitAll(first)
  await until(async () => (await first.lag('new', 's'))[0]!.committed === 3n)
  await first.close()
  const second = await brokerIn(path)
  await create(second)
  expect((await second.append('s', 0, [bytes(9, 1)])).offset).toBe(3n)
})

test('a corrupt record is delivered with the reason, and those after it unchanged', async () => {
  const path = await folder()
  const broker = await brokerIn(path)
  await create(broker)
  await broker.append('s', 0, [bytes(200_000, 1), bytes(200_000, 2), bytes(10, 3), bytes(10, 4)])
  await broker.close()
  const raw = openLmdb({ path, encoding: 'binary', keyEncoding: 'binary', overlappingSync: false })
  const place = { streamId: 0, partition: 0 }
  await raw.put(recordKey(place, 0n, 2), Buffer.alloc(65_472, 9))
  await raw.remove(recordKey(place, 2n, 0))
  await raw.close()
  const again = await brokerIn(path)
  await create(again)
  const found = await readNow(again, 's')
  expect(found.map(r => r.offset)).toEqual([0n, 1n, 2n, 3n])
  expect(found.map(r => r.headers[RECORD_CORRUPT])).toEqual([
    'checksum does not match',
    undefined,
    'record is missing',
    undefined,
  ])
  expect(found[0]!.value.length).toBe(200_000)
  expect(found[1]!.value.every(byte => byte === 2)).toBe(true)
})

test.each([
  { name: 'garbage', spoil: (file: string) => writeFile(file, Buffer.alloc(100_000, 7)) },
  { name: 'a text', spoil: (file: string) => writeFile(file, 'hello') },
  { name: 'a file cut short', spoil: (file: string) => truncate(file, 20_000) },
  { name: 'a folder in its place', spoil: (file: string) => mkdir(file) },
])('$name instead of the log is refused as data_unusable', async ({ name, spoil }) => {
  const path = await folder()
  if (name === 'a file cut short') {
    const broker = await brokerIn(path)
    await create(broker)
    await broker.append('s', 0, [bytes(500_000, 1)])
    await broker.close()
  }
  await spoil(join(path, 'data.mdb'))
  await expect(brokerIn(path)).rejects.toMatchObject({
    code: 'data_unusable',
    message: expect.stringContaining(path),
  })
})

test('a folder in use is refused with the pid, and free again after close', async () => {
  const path = await folder()
  const broker = await brokerIn(path)
  await expect(brokerIn(path)).rejects.toMatchObject({
    code: 'data_in_use',
    message: expect.stringContaining(String(process.pid)),
  })
  await broker.close()
  const next = await brokerIn(path)
  await next.ping()
})

test('an open log can be a copy: nothing in it is bound to the machine', async () => {
  const path = await folder()
  const broker = await brokerIn(path)
  await create(broker)
  await broker.append('s', 0, [bytes(10, 1)])
  await broker.close()
  const copy = await folder()
  await copyFile(join(path, 'data.mdb'), join(copy, 'data.mdb'))
  expect((await readFile(join(copy, 'data.mdb'))).length).toBeGreaterThan(0)
  const again = await brokerIn(copy)
  await create(again)
  expect((await readNow(again, 's')).length).toBe(1)
})

test('max_bytes: appends are refused as a whole, consumers continue, and retention frees space', async () => {
  const broker = await brokerIn(await folder(), { maxBytes: 1_000_000 })
  await create(broker, 0)
  for (let i = 0; i < 9; i++) await broker.append('s', 0, [bytes(100_000, i)])
  await expect(broker.append('s', 0, [bytes(10, 1), bytes(200_000, 1)])).rejects.toMatchObject({
    code: 'disk_full',
    disposition: 'retry',
  })
  await expect(broker.ping()).rejects.toMatchObject({ code: 'disk_full' })
  expect((await readNow(broker, 's')).length).toBe(9)
  await commitAll(broker)
  await until(async () => (await broker.lag('new', 's'))[0]!.committed === 9n)
  await broker.ping()
  expect((await broker.append('s', 0, [bytes(200_000, 1)])).offset).toBe(9n)
})

test('a disk that is really full: rejected with disk_full, nothing stored, and it recovers by itself', async context => {
  const mounted = await folder()
  const mount = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=24m', 'tmpfs', mounted])
  // Without the right to mount there is no full disk; max_bytes above tests the same answers.
  if (mount.status !== 0) {
    await context.annotate('no right to mount a file system here')
    return
  }
  onTestFinished(() => void spawnSync('umount', [mounted]))
  const events: string[] = []
  const broker = await brokerIn(join(mounted, 'log'), { events: { emit: name => void events.push(name) } })
  await create(broker, 0)
  let stored = 0
  const failures: unknown[] = []
  for (let i = 0; i < 40 && failures.length < 3; i++) {
    await broker.append('s', 0, [bytes(1_000_000, i)]).then(
      () => void stored++,
      error => void failures.push(error),
    )
  }
  expect(failures).toMatchObject([{ code: 'disk_full' }, { code: 'disk_full' }, { code: 'disk_full' }])
  expect(events).toContain('logWriteFailed')
  await expect(broker.ping()).rejects.toMatchObject({ code: 'disk_full' })
  const found = await readNow(broker, 's')
  expect(found.map(r => r.value[0])).toEqual(Array.from({ length: stored }, (_, i) => i))
  await commitAll(broker)
  await until(async () => (await broker.lag('new', 's'))[0]!.committed === BigInt(stored))
  expect((await broker.append('s', 0, [bytes(1_000_000, 99)])).offset).toBe(BigInt(stored))
  await broker.close()
})

test('retention by bytes reuses the space: the file stays small while ten times its size passes through', async () => {
  const path = await folder()
  const broker = await brokerIn(path)
  await create(broker, 4_000_000)
  for (let i = 0; i < 60; i++) {
    await broker.append('s', 0, [bytes(300_000 + i * 13_000, i)])
    await commitAll(broker)
  }
  await until(async () => {
    const [lag] = await broker.lag('new', 's')
    return lag!.end - lag!.committed <= 5n
  })
  expect((await stat(join(path, 'data.mdb'))).size).toBeLessThan(20_000_000)
})

test('retention stops at the slowest group, and continues when the group does', async () => {
  const broker = await brokerIn(await folder())
  const settings = { name: 's', partitions: 1, groups: ['g', 'slow'], retention: { timeMs: 1, bytes: 0 } }
  await broker.createStreams([settings])
  for (let i = 0; i < 10; i++) await broker.append('s', 0, [bytes(10, i)])
  const first = async () => (await broker.lag('new', 's'))[0]!.committed
  await commitAll(broker)
  // The second of two trims starts after the first has ended, so the first one's drops are complete when it shows.
  for (const offset of [4n, 7n, 10n]) {
    await onPartition(broker, 'slow', 's', partition => partition.commit(offset))
    await until(async () => (await first()) >= offset)
    expect(await first()).toBe(offset)
  }
})

test('retention by time drops older records, by the given clock', async () => {
  const path = await folder()
  let now = 1_000
  const broker = await brokerIn(path, { clock: () => now })
  await create(broker, 1e12, 500)
  await broker.append('s', 0, [
    { value: Buffer.from('old'), timestampMs: 900 },
    { value: Buffer.from('new'), timestampMs: 1_400 },
  ])
  await commitAll(broker)
  now = 1_401
  // Declaring the streams again starts a sweep, like the timer does.
  await create(broker, 1e12, 500)
  await until(async () => (await broker.lag('new', 's'))[0]!.committed === 1n)
  expect((await readNow(broker, 's')).map(r => Buffer.from(r.value).toString())).toEqual(['new'])
})

test('a worker whose partition was taken away can no longer commit', async () => {
  const broker = await brokerIn(await folder())
  await create(broker)
  await broker.append('s', 0, [bytes(10, 1)])
  const zombie = await onPartition(broker, 'g', 's', async partition => partition)
  await expect(zombie.commit(1n)).rejects.toMatchObject({ disposition: 'retry' })
  expect((await broker.lag('g', 's'))[0]!.committed).toBe(0n)
})

test('a step that cannot be stored leaves nothing behind, and other steps lose nothing', async () => {
  const broker = await brokerIn(await folder())
  await create(broker)
  const results = await onPartition(broker, 'g', 's', partition =>
    Promise.allSettled([
      broker.append('s', 0, [bytes(1, 1)]),
      partition.transact({
        outputs: [{ stream: 's', partition: 0, record: bytes(1, 2) }],
        state: new Map([['k'.repeat(5_000), Buffer.from('v')]]),
        nextOffset: 0n,
      }),
      broker.append('s', 0, [bytes(1, 3)]),
    ]),
  )
  expect(results.map(r => r.status)).toEqual(['fulfilled', 'rejected', 'fulfilled'])
  expect((await readNow(broker, 's')).map(r => r.value[0])).toEqual([1, 3])
})

test('an offset beyond the end of the log is refused', async () => {
  const broker = await brokerIn(await folder())
  await create(broker)
  await expect(onPartition(broker, 'g', 's', partition => partition.commit(1n))).rejects.toMatchObject({
    code: 'invariant_broken',
  })
})
