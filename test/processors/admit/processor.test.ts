// Guarantees: rows that are forwarded get the tenant of the credential; rows dated beyond what doors take are left out and
// counted; what a crash or a stranger has spoilt is set aside and the rest goes on; many small records become few; a record
// that an operator appends again is taken, wherever its sender is by now.
import { afterEach, beforeEach, expect, it } from 'vitest'
import type { Broker } from '../../../core/broker/broker.ts'
import { replayOf } from '../../../core/broker/replay.ts'
import { encodeRows } from '../../../core/columns/rows.ts'
import { ADMIT_HEADERS, FORWARD_HEADERS, manifestText } from '../../../core/model/forwarding.ts'
import { logs, quarantine } from '../../../core/model/streams/index.ts'
import type { RowOf } from '../../../core/model/streams/stream.ts'
import { createAdmit } from '../../../processors/admit/processor.ts'
import type { Runner } from '../../../processors/loop/runner.ts'
import { RecordedEvents } from '../../collector/intake/fakes.ts'
import { caughtUp, openLog, readStream, run } from '../forward/rig.ts'
import { logRow, nowNano } from '../forward/rows.ts'

const DAY_NANO = 86_400_000_000_000n
let log: Awaited<ReturnType<typeof openLog>>
let broker: Broker
let runner: Runner
let events: RecordedEvents

beforeEach(async () => {
  log = await openLog(1)
  broker = log.broker
  events = new RecordedEvents()
})
afterEach(async () => {
  await runner.stop()
  await log.destroy()
})

const incoming = (offset: number, rows: readonly RowOf<typeof logs>[], tenant = 'shop') => ({
  value: encodeRows(logs, rows),
  headers: {
    [FORWARD_HEADERS.origin]: 'log-of-the-sender',
    [FORWARD_HEADERS.partition]: '0',
    [FORWARD_HEADERS.records]: manifestText([
      { offset: BigInt(offset), rows: rows.length, checksum: offset },
    ]),
    [ADMIT_HEADERS.stream]: 'logs',
    [ADMIT_HEADERS.tenant]: tenant,
  },
  timestampMs: Date.now(),
})

async function admitAll(thinWaitMs = 1): Promise<void> {
  const pastNano = 30n * DAY_NANO
  const options = { partitionsOf: () => 1, futureNano: DAY_NANO / 24n, pastNano, thinWaitMs, events }
  runner = await run(broker, createAdmit(options))
  while (!(await caughtUp(broker, 'admit', ['forwarded'])))
    await new Promise(resolve => setTimeout(resolve, 5))
}

const bodies = async (): Promise<string[]> =>
  (await readStream(broker, logs)).flatMap(({ rows }) => rows.map(({ Tenant, Body }) => `${Tenant} ${Body}`))

it('gives rows the tenant of the credential', async () => {
  await broker.append('forwarded', 0, [incoming(0, [logRow('a'), logRow('b')])])
  await admitAll()
  expect(await bodies()).toEqual(['shop a', 'shop b'])
})

it('leaves out what is dated beyond what doors take', async () => {
  const old = logRow('old', { Timestamp: nowNano() - 31n * DAY_NANO })
  const ahead = logRow('ahead', { Timestamp: nowNano() + DAY_NANO })
  await broker.append('forwarded', 0, [incoming(0, [old, logRow('now'), ahead])])
  await admitAll()
  expect(await bodies()).toEqual(['shop now'])
  const left = events.all.filter(({ name }) => name === 'rowsNotAdmitted').map(({ facts }) => facts)
  expect(left).toEqual([
    { stream: 'logs', reason: 'time_in_past', amount: 1 },
    { stream: 'logs', reason: 'time_in_future', amount: 1 },
  ])
})

it('sets aside what cannot be read or is not what it says, and goes on', async () => {
  const spoilt = incoming(1, [logRow('spoilt')])
  const first = incoming(0, [logRow('another first')])
  const other = manifestText([{ offset: 0n, rows: 1, checksum: 77 }])
  const nameless = { ...incoming(2, [logRow('nameless')]), headers: {} }
  await broker.append('forwarded', 0, [
    incoming(0, [logRow('first')]),
    { ...spoilt, value: spoilt.value.subarray(0, 100) },
    nameless,
    { ...first, headers: { ...first.headers, [FORWARD_HEADERS.records]: other } },
    incoming(3, [logRow('last')]),
  ])
  await admitAll()
  expect(await bodies()).toEqual(['shop first', 'shop last'])
  const aside = (await readStream(broker, quarantine)).flatMap(({ rows }) => rows)
  expect(aside.map(({ Processor, Offset, Code }) => [Processor, Offset, Code])).toEqual([
    ['admit', 1n, 'record_corrupt'],
    ['admit', 2n, 'record_corrupt'],
    ['admit', 3n, 'origin_conflict'],
  ])
})

it('makes one record of many small ones', async () => {
  for (let i = 0; i < 60; i++) await broker.append('forwarded', 0, [incoming(i, [logRow(`${i}`)])])
  await admitAll()
  const records = await readStream(broker, logs)
  expect(records.length).toBe(1)
  expect(records[0]!.rows.map(({ Body }) => Body)).toEqual(Array.from({ length: 60 }, (_, i) => `${i}`))
})

it('takes what an operator appends again', async () => {
  await broker.append('forwarded', 0, [incoming(5, [logRow('five')])])
  await admitAll()
  const { value, headers } = incoming(2, [logRow('two')])
  const aside = { stream: 'forwarded', partition: 0, offset: 9n, processors: ['admit'], headers, value }
  await broker.append('forwarded', 0, [replayOf(aside, Date.now()), incoming(6, [logRow('six')])])
  while ((await bodies()).length < 3) await new Promise(resolve => setTimeout(resolve, 5))
  expect(await bodies()).toEqual(['shop five', 'shop two', 'shop six'])
})
