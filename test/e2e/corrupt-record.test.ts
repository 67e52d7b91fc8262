// Guarantees: a record of the log that the disk has spoilt, of spans or of readings, goes to table `quarantine` with its
// bytes and its error, once for each processor that reads it; its partition goes on, everything else is stored, and the
// ledger sums to what the meter counted.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, it } from 'vitest'
import { openEmbeddedBroker } from '../../core/broker/embedded/embedded-broker.ts'
import { recordKey } from '../../core/broker/embedded/keys.ts'
import { openStore } from '../../core/broker/embedded/store.ts'
import { loadStreams } from '../../core/broker/embedded/streams.ts'
import { encodeRows } from '../../core/columns/rows.ts'
import { partitionOf } from '../../core/model/partition.ts'
import { readings, traces } from '../../core/model/streams/index.ts'
import { silentEvents } from '../../core/runtime/events.ts'
import { energyAt, modeAt, type Reading } from '../processors/meter/support.ts'
import { spanRecord } from '../support/span-records.ts'
import { eventually, startProcess } from '../support/wattline-process.ts'

const data = mkdtempSync(join(tmpdir(), 'wattline-corrupt-'))
const log = join(data, 'log')
afterAll(() => rmSync(data, { recursive: true, force: true }))

const MAX_BYTES = 1_000_000_000
const HOST = 'corrupt'
const PARTITION = partitionOf('default', HOST, 2)
const environment = {
  WATTLINE_METERING_IDLE_FLUSH: '1',
  WATTLINE_METERING_GAP: '300',
  // The records are of a fixed day.
  WATTLINE_RETENTION_SIGNALS_DAYS: '10000',
}

/** Appends to the log of a process that is down, as intake would have done a moment before. */
async function append(stream: string, partition: number, values: readonly Uint8Array[]): Promise<void> {
  const broker = await openEmbeddedBroker({ path: log, maxBytes: MAX_BYTES, events: silentEvents })
  const timestampMs = Date.now() - 400_000
  await broker.append(
    stream,
    partition,
    values.map(value => ({ value, timestampMs })),
  )
  await broker.close()
}

/** Flips one byte in the last entry of a record. */
async function spoil(stream: string, partition: number, offset: bigint): Promise<void> {
  const store = openStore(log, MAX_BYTES)
  const place = loadStreams(store).get(stream)?.partitions[partition]
  if (place === undefined) throw new Error(`no ${stream}/${partition}`)
  const range = { start: recordKey(place, offset, 0), end: recordKey(place, offset + 1n, 0) }
  const entry = [...store.entries(range)].at(-1)
  if (entry === undefined) throw new Error(`no record ${offset}`)
  const value = Buffer.from(entry.value)
  value[value.length - 5]! ^= 0xff
  await store.write([{ key: entry.key, value }])
  await store.close()
}

const sample = (seconds: number, uj: bigint): Uint8Array => {
  const facts: Partial<Reading> = { Host: HOST, HostName: HOST }
  return encodeRows(readings, [
    energyAt(seconds, uj, facts),
    modeAt(seconds, 'user', BigInt(seconds) * 1_000_000n, facts),
    modeAt(seconds, 'idle', BigInt(seconds) * 3_000_000n, facts),
  ])
}

it('sets spoilt records aside and goes on', async () => {
  const fresh = await startProcess({ data, environment })
  expect(await fresh.end('SIGTERM')).toBe(0)
  await append(traces.name, 0, [spanRecord(100, 1), spanRecord(100, 2), spanRecord(100, 3)])
  await append(readings.name, PARTITION, [
    sample(0, 0n),
    sample(20, 7n),
    sample(40, 1000n),
    sample(60, 1_000_003n),
  ])
  await spoil(traces.name, 0, 1n)
  await spoil(readings.name, PARTITION, 1n)

  const wattline = await startProcess({ data, environment })
  const aside = await eventually(
    () =>
      wattline.sql<Record<string, unknown>>(
        'SELECT Processor, Stream, Partition, toString(Offset) AS Offset, Code, Error, length(Record) > 0 AS kept FROM quarantine ORDER BY Processor, Stream',
      ),
    rows => rows.length >= 3,
  )
  const spoilt = { Offset: '1', Code: 'record_corrupt', Error: expect.stringContaining('checksum'), kept: 1 }
  expect(aside).toEqual([
    { Processor: 'meter', Stream: 'readings', Partition: PARTITION, ...spoilt },
    { Processor: 'store', Stream: 'readings', Partition: PARTITION, ...spoilt },
    { Processor: 'store', Stream: 'traces', Partition: 0, ...spoilt },
  ])

  const count = async (sql: string): Promise<string | undefined> =>
    (await wattline.sql<{ n: string }>(`SELECT toString(${sql}) AS n`))[0]?.n
  await eventually(
    () => count('(SELECT count() FROM otel_traces)'),
    n => n === '200',
  )
  await eventually(
    () => count('(SELECT count() FROM readings)'),
    n => n === '9',
  )
  await eventually(
    () => count('(SELECT sum(EnergyUj) FROM ledger)'),
    n => n === '1000003',
  )
  expect(await (await fetch(`${wattline.http}/readyz`)).json()).toEqual({ ready: true, reasons: [] })
  expect(await wattline.end('SIGTERM')).toBe(0)
})
