// Guarantees: `meter` and `rate` over the real log give every output exactly once, with the same rows and the same state,
// however often they are cut off between applying records and committing them; state survives a restart, a flush is carried
// out once, a record that the log cannot read back is set aside while the partition goes on, and nothing is rated before
// its factors are in the log.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { type AssignedPartition, type Broker, RECORD_CORRUPT } from '../../core/broker/broker.ts'
import { openEmbeddedBroker } from '../../core/broker/embedded/embedded-broker.ts'
import { configSchema } from '../../core/catalogue/config/schema.ts'
import { WattlineError } from '../../core/catalogue/errors/errors.ts'
import { silentEvents } from '../../core/catalogue/events/events.ts'
import { decodeRows, encodeRows } from '../../core/columns/rows.ts'
import { energy, lateReadings, ledger, quarantine, readings } from '../../core/model/streams/index.ts'
import type { StreamDeclaration } from '../../core/model/streams/stream.ts'
import { type Processor, Runner } from '../../processors/loop/runner.ts'
import { createMeter } from '../../processors/meter/meter.ts'
import { createMeterProcessor, FLUSH_KIND } from '../../processors/meter/processor.ts'
import { StateBudget } from '../../processors/meter/state/budget.ts'
import { createRateProcessor } from '../../processors/rate/processor.ts'
import { createRate } from '../../processors/rate/rate.ts'
import { onPartition, readNow } from '../core/broker/folder.ts'
import { until } from '../support/until.ts'
import { energyAt, grid, modeAt, WORKED_EXAMPLE, WORKED_EXAMPLE_ROWS, workAt } from './meter/support.ts'

const config = configSchema.parse({})

let path: string
let broker: Broker
/** What the processors of this run are told the time is. */
let nowMs: number

beforeEach(async () => {
  path = mkdtempSync(join(tmpdir(), 'wattline-restart-'))
  nowMs = 0
  await open()
  await createStreams()
})

afterEach(async () => {
  await broker.close()
  rmSync(path, { recursive: true, force: true })
})

async function open(): Promise<void> {
  broker = await openEmbeddedBroker({ path, maxBytes: 1e9, events: silentEvents })
}

const createStreams = (): Promise<void> =>
  broker.createStreams(
    [readings, energy, lateReadings, ledger, quarantine].map(({ name }) => ({
      name,
      partitions: 1,
      groups: [],
      // Records are dated 1970: nothing may drop them while they are compared.
      retention: { timeMs: 1e15, bytes: 1e9 },
    })),
  )

/** The meter, polling so few records at a time. */
const meterOf = (maxRecords: number): Processor => ({
  ...createMeterProcessor({
    meter: createMeter({ metering: config.metering, isSensor: () => false }),
    retentionNano: 10n ** 18n,
    partitions: 1,
    events: silentEvents,
    budget: new StateBudget(Number.POSITIVE_INFINITY, silentEvents),
    appendFlushes: async (partition, flushes) => {
      const records = flushes.map(flush => ({
        value: Buffer.from(JSON.stringify(flush)),
        headers: { kind: FLUSH_KIND },
        timestampMs: nowMs,
      }))
      await broker.append(readings.name, partition, records)
    },
  }),
  poll: { maxRecords, maxBytes: 1e6, maxWaitMs: 10 },
})

const rateOf = (maxRecords: number, publish = async (): Promise<void> => {}): Processor => ({
  ...createRateProcessor({
    rate: createRate(config),
    events: silentEvents,
    publish,
    follow: async () => undefined,
    catchUp: async () => undefined,
  }),
  poll: { maxRecords, maxBytes: 1e6, maxWaitMs: 10 },
})

const caughtUp = async (group: string, stream: string): Promise<boolean> =>
  (await broker.lag(group, stream)).every(({ end, committed }) => end === committed)

/** Runs the processor until it has read everything there is. */
async function run(processor: Processor): Promise<void> {
  const runner = new Runner({ broker, events: silentEvents, now: () => nowMs })
  await runner.start(processor)
  await until(() => caughtUp(processor.name, processor.streams[0] ?? ''))
  await runner.stop()
  expect(runner.problems()).toEqual([])
}

/**
 * Runs the processor against a log whose transaction number `at` fails as a process that dies there leaves it: nothing
 * written, the worker gone. Then everything is closed and reopened. False when there was no such transaction.
 */
async function runAndDie(processor: Processor, at: number): Promise<boolean> {
  let left = at
  let died = false
  const dying: Broker = Object.create(broker, {
    subscribe: {
      value: (options: Parameters<Broker['subscribe']>[0]) =>
        broker.subscribe({ ...options, work: partition => options.work(mortal(partition)) }),
    },
  })
  const mortal = (partition: AssignedPartition): AssignedPartition => ({
    stream: partition.stream,
    partition: partition.partition,
    logOf: offset => partition.logOf(offset),
    originOf: offset => partition.originOf(offset),
    historyOf: offset => partition.historyOf(offset),
    revoked: partition.revoked,
    poll: limits => partition.poll(limits),
    commit: next => partition.commit(next),
    loadState: () => partition.loadState(),
    transact: async step => {
      if (left-- > 0) return await partition.transact(step)
      died = true
      throw new WattlineError('invariant_broken', 'the process ends here.')
    },
  })
  const runner = new Runner({ broker: dying, events: silentEvents, now: () => nowMs })
  await runner.start(processor)
  await until(async () => died || (await caughtUp(processor.name, processor.streams[0] ?? '')))
  await runner.stop()
  await broker.close()
  await open()
  await createStreams()
  return died
}

const rowsOf = async <S extends StreamDeclaration>(stream: S) =>
  (await readNow(broker, stream.name, `audit-${Math.random()}`)).flatMap(record =>
    decodeRows(stream, record.value),
  )

/** The committed state of the meter, as bytes. */
const stateOf = (): Promise<string[]> =>
  onPartition(broker, 'meter', readings.name, async partition =>
    [...(await partition.loadState())].map(([key, value]) => `${key} ${Buffer.from(value).toString('hex')}`),
  )

const appendReadings = (rows: Parameters<typeof encodeRows<typeof readings>>[1]) =>
  broker.append(readings.name, 0, [{ value: encodeRows(readings, rows), timestampMs: 1000 }])

/** Five minutes of a host, one record for every ten seconds. */
async function appendMinutes(): Promise<void> {
  for (let t = 0; t <= 300; t += 10) {
    const seconds = BigInt(t)
    await appendReadings([
      energyAt(t, seconds * 1_234_567n + 3n),
      modeAt(t, 'user', seconds * 400_000n),
      modeAt(t, 'idle', seconds * 1_600_000n),
      workAt(t, 'A', seconds * 123_457n),
    ])
  }
}

it('gives every row once, wherever the meter and the rater were cut off', async () => {
  await appendMinutes()
  let cuts = 0
  for (let at = 0; at < 3; at++) {
    if (await runAndDie(meterOf(4), at)) cuts++
  }
  await run(meterOf(4))
  for (let at = 0; at < 2; at++) {
    if (await runAndDie(rateOf(1), at)) cuts++
  }
  await run(rateOf(1))
  expect(cuts).toBe(5)
  const [metered, rated, state] = [await rowsOf(energy), await rowsOf(ledger), await stateOf()]

  // The same records through processors that were never cut off.
  await broker.close()
  rmSync(path, { recursive: true, force: true })
  await open()
  await createStreams()
  await appendMinutes()
  await run(meterOf(4))
  await run(rateOf(1))
  expect(metered).toEqual(await rowsOf(energy))
  expect(rated).toEqual(await rowsOf(ledger))
  expect(state).toEqual(await stateOf())
  expect(metered.length).toBeGreaterThan(8)
  expect(new Set(rated.map(row => row.EntryId)).size).toBe(rated.length)
  expect(rated.length).toBe(metered.length)
})

it('goes on with its state after a restart, and carries out a flush once', async () => {
  const half = WORKED_EXAMPLE.length / 2
  await appendReadings(WORKED_EXAMPLE.slice(0, half))
  await run(meterOf(64))
  await broker.close()
  await open()
  await appendReadings(WORKED_EXAMPLE.slice(half))
  await run(meterOf(64))
  expect(await rowsOf(energy)).toEqual([])
  // The host falls silent: two runs in a row notice it.
  nowMs = 1000 + config.metering.idle_flush * 1000
  const flushed = async () => (await rowsOf(energy)).length > 0
  for (let restart = 0; restart < 2; restart++) {
    const runner = new Runner({ broker, events: silentEvents, now: () => nowMs })
    await runner.start(meterOf(64))
    await until(flushed)
    await runner.stop()
    await broker.close()
    await open()
  }
  expect(grid(await rowsOf(energy))).toEqual(WORKED_EXAMPLE_ROWS)
})

it('writes a flush again when it may have been the record that is spoilt', async () => {
  await appendReadings(WORKED_EXAMPLE)
  nowMs = 1000 + config.metering.idle_flush * 1000
  const spoiling: Broker = Object.create(broker, {
    subscribe: {
      value: (options: Parameters<Broker['subscribe']>[0]) =>
        broker.subscribe({ ...options, work: partition => options.work(spoilt(partition)) }),
    },
  })
  let spoiltOnce = false
  const spoilt = (partition: AssignedPartition): AssignedPartition => ({
    stream: partition.stream,
    partition: partition.partition,
    logOf: offset => partition.logOf(offset),
    originOf: offset => partition.originOf(offset),
    historyOf: offset => partition.historyOf(offset),
    revoked: partition.revoked,
    commit: next => partition.commit(next),
    loadState: () => partition.loadState(),
    transact: step => partition.transact(step),
    poll: async limits =>
      (await partition.poll(limits)).map(record => {
        if (record.headers['kind'] !== FLUSH_KIND || spoiltOnce) return record
        spoiltOnce = true
        return { ...record, headers: { [RECORD_CORRUPT]: 'checksum does not match' } }
      }),
  })
  const runner = new Runner({ broker: spoiling, events: silentEvents, now: () => nowMs })
  await runner.start(meterOf(64))
  await until(async () => (await rowsOf(energy)).length > 0)
  await runner.stop()
  expect(grid(await rowsOf(energy))).toEqual(WORKED_EXAMPLE_ROWS)
  expect((await rowsOf(quarantine)).map(row => [row.Processor, row.Stream, row.Code])).toEqual([
    ['meter', 'readings', 'record_corrupt'],
  ])
})

it('sets a record aside that does not decode, and meters the rest', async () => {
  await appendReadings(WORKED_EXAMPLE.slice(0, 6))
  await broker.append(readings.name, 0, [{ value: Buffer.from('no record'), timestampMs: 1000 }])
  await appendReadings(WORKED_EXAMPLE.slice(6))
  await appendReadings([energyAt(120, 9_000_000_000n)])
  await run(meterOf(64))
  expect(grid(await rowsOf(energy))).toEqual(WORKED_EXAMPLE_ROWS)
  await broker.append(energy.name, 0, [{ value: Buffer.from('no record either'), timestampMs: 1000 }])
  await run(rateOf(64))
  expect((await rowsOf(ledger)).length).toBe(WORKED_EXAMPLE_ROWS.length)
  expect((await rowsOf(quarantine)).map(row => [row.Processor, row.Stream, row.Offset, row.Code])).toEqual([
    ['meter', 'readings', 1n, 'record_corrupt'],
    ['rate', 'energy', 1n, 'record_corrupt'],
  ])
})

it('rates nothing before its factors are known, waits while the log does not take them, and says so', async () => {
  await appendReadings(WORKED_EXAMPLE)
  await appendReadings([energyAt(120, 9_000_000_000n)])
  await run(meterOf(64))
  let isFull = true
  let published = 0
  const runner = new Runner({ broker, events: silentEvents, now: () => nowMs })
  await runner.start(
    rateOf(64, async () => {
      if (isFull) throw new WattlineError('disk_full', 'no room for factors.')
      published += 1
    }),
  )
  await until(() => runner.problems().length > 0)
  expect(runner.problems()).toEqual([expect.stringMatching(/^rate energy\/0 waiting: disk_full: no room/)])
  expect(await rowsOf(ledger)).toEqual([])
  isFull = false
  await until(async () => (await rowsOf(ledger)).length > 0)
  await runner.stop()
  expect(published).toBe(1)
  expect((await rowsOf(ledger)).length).toBe(WORKED_EXAMPLE_ROWS.length)
})
