// Guarantees: a record that was set aside and is appended again lands in its own partition, with its bytes and headers and
// where it comes from, and is processed by those who set it aside and by nobody else; the quarantine notes that a replay
// began, and where it ended.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { type Broker, RECORD_CORRUPT, type StoredRecord } from '../../../core/broker/broker.ts'
import { openEmbeddedBroker } from '../../../core/broker/embedded/embedded-broker.ts'
import { replayOf } from '../../../core/broker/replay.ts'
import { WattlineError } from '../../../core/catalogue/errors/errors.ts'
import { silentEvents } from '../../../core/catalogue/events/events.ts'
import { decodeRows } from '../../../core/columns/rows.ts'
import { quarantine } from '../../../core/model/streams/index.ts'
import { createReplay } from '../../../processors/loop/replay.ts'
import { type Processor, Runner } from '../../../processors/loop/runner.ts'
import { until } from '../../support/until.ts'

let folder: string
let broker: Broker
let runner: Runner
const seen: { by: string; partition: number; record: StoredRecord }[] = []
const retention = { timeMs: 3_600_000, bytes: 1e9 }

beforeEach(async () => {
  seen.length = 0
  folder = mkdtempSync(join(tmpdir(), 'wattline-replay-'))
  broker = await openEmbeddedBroker({ path: folder, maxBytes: 1e9, events: silentEvents })
  await broker.createStreams([
    { name: 'in', partitions: 2, groups: ['old', 'other'], retention },
    { name: quarantine.name, partitions: 1, groups: ['notes'], retention },
  ])
  runner = new Runner({ broker, events: silentEvents, now: Date.now })
})

afterEach(async () => {
  await runner.stop()
  await broker.close()
  rmSync(folder, { recursive: true, force: true })
})

/** Keeps what it is given, copied; refuses what `refuses` says. */
const processor = (name: string, stream: string, refuses: (record: StoredRecord) => boolean): Processor => ({
  name,
  streams: [stream],
  poll: { maxRecords: 10, maxBytes: 1e6, maxWaitMs: 20 },
  open: async ({ partition }) => ({
    apply: record => {
      if (refuses(record)) throw new WattlineError('record_refused', 'not by this version.')
      seen.push({ by: name, partition, record: { ...record, value: Buffer.from(record.value) } })
    },
  }),
})

const by = (name: string) => seen.filter(one => one.by === name)

it('is processed by the one who set it aside, and by nobody else', async () => {
  let isCorrected = false
  await runner.start(processor('old', 'in', ({ offset }) => offset === 1n && !isCorrected))
  await runner.start(processor('other', 'in', () => false))
  await runner.start(processor('notes', quarantine.name, () => false))
  const values = ['a', 'b', 'c'].map(text => Buffer.from(text))
  await broker.append(
    'in',
    1,
    values.map(value => ({ key: `key ${value}`, value, headers: { colour: 'red' }, timestampMs: 1 })),
  )
  await until(() => by('old').length === 2 && by('other').length === 3 && by('notes').length === 1)

  isCorrected = true
  const [aside] = by('notes').flatMap(({ record }) => decodeRows(quarantine, record.value))
  const replay = createReplay({ broker, events: silentEvents, now: () => 5 })
  const to = await replay({
    stream: 'in',
    partition: aside!.Partition,
    offset: aside!.Offset,
    processors: [aside!.Processor],
    key: aside!.Key,
    headers: aside!.Headers,
    value: Buffer.from(aside!.Record, 'base64'),
  })
  // One more behind it: when that has come, whatever came of the replay has come as well.
  await broker.append('in', 1, [{ value: Buffer.from('d'), timestampMs: 1 }])
  await until(() => by('old').length === 4 && by('other').length === 4 && by('notes').length === 3)

  expect(to).toBe('in/1/3')
  expect(by('other').map(({ record }) => record.offset)).toEqual([0n, 1n, 2n, 4n])
  expect(by('old').map(({ record }) => record.offset)).toEqual([0n, 2n, 3n, 4n])
  expect(by('old')[2]).toMatchObject({
    partition: 1,
    record: {
      key: 'key b',
      value: Buffer.from('b'),
      headers: { colour: 'red', 'replay-of': 'in/1/1', 'replay-for': 'old' },
      timestampMs: 5,
    },
  })
  const notes = by('notes').flatMap(({ record }) => decodeRows(quarantine, record.value))
  const place = { Stream: 'in', Partition: 1, Offset: 1n }
  expect(notes).toMatchObject([
    { ...place, Processor: 'old', Code: 'record_refused', Error: 'not by this version.' },
    { ...place, Processor: '', Code: 'replaying', Record: '' },
    { ...place, Processor: '', Code: 'replayed', Error: 'in/1/3', Record: '' },
  ])
})

it('leaves the note that it began when the log refuses the record', async () => {
  const appended: string[] = []
  const replay = createReplay({
    broker: {
      append: async stream => {
        if (stream !== quarantine.name) throw new WattlineError('disk_full', 'no room.')
        appended.push(stream)
        return { partition: 0, offset: 0n }
      },
    },
    events: silentEvents,
    now: () => 5,
  })
  const record = {
    stream: 'in',
    partition: 0,
    offset: 0n,
    processors: ['old'],
    headers: {},
    value: Buffer.of(1),
  }
  await expect(replay(record)).rejects.toMatchObject({ code: 'disk_full' })
  expect(appended).toEqual([quarantine.name])
})

it('says where it comes from last, and no longer what was wrong with the old place', () => {
  const headers = { [RECORD_CORRUPT]: 'checksum', 'replay-of': 'in/0/1', 'replay-for': 'store' }
  const record = { stream: 'in', partition: 0, offset: 7n, processors: ['meter', 'store'], headers }
  expect(replayOf({ ...record, value: Buffer.of(1) }, 5)).toEqual({
    value: Buffer.of(1),
    headers: { 'replay-of': 'in/0/7', 'replay-for': 'meter,store' },
    timestampMs: 5,
  })
})
