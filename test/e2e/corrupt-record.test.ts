// Guarantees: a record of the log damaged by the disk, of spans or of readings, goes to table `quarantine` with its
// bytes and its error, once for each processor that reads it; its partition continues, everything else is stored, and
// the ledger sums to what the meter counted.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, it } from 'vitest'
import { encodeRows } from '../../core/columns/rows.ts'
import { partitionOf } from '../../core/model/partition.ts'
import { readings, traces } from '../../core/model/streams/index.ts'
import { energyAt, modeAt, type Reading } from '../processors/meter/support.ts'
import { spanRecord } from '../support/span-records.ts'
import { appendStored, spoil } from '../support/stored-log.ts'
import { eventually } from '../support/until.ts'
import { startProcess } from '../support/wattline-process.ts'

const data = mkdtempSync(join(tmpdir(), 'wattline-corrupt-'))
const log = join(data, 'log')
afterAll(() => rmSync(data, { recursive: true, force: true }))

const HOST = 'corrupt'
const PARTITION = partitionOf('default', HOST, 2)
const environment = {
  WATTLINE_METERING_IDLE_FLUSH: '1',
  WATTLINE_METERING_GAP: '300',
  // The records are of a fixed day.
  WATTLINE_RETENTION_SIGNALS_DAYS: '10000',
}

const sample = (seconds: number, uj: bigint): Uint8Array => {
  const facts: Partial<Reading> = { Host: HOST, HostName: HOST }
  return encodeRows(readings, [
    energyAt(seconds, uj, facts),
    modeAt(seconds, 'user', BigInt(seconds) * 1_000_000n, facts),
    modeAt(seconds, 'idle', BigInt(seconds) * 3_000_000n, facts),
  ])
}

it('quarantines corrupt records and continues', async () => {
  const fresh = await startProcess({ data, environment })
  expect(await fresh.end('SIGTERM')).toBe(0)
  await appendStored(log, traces.name, 0, [spanRecord(100, 1), spanRecord(100, 2), spanRecord(100, 3)])
  await appendStored(log, readings.name, PARTITION, [
    sample(0, 0n),
    sample(20, 7n),
    sample(40, 1000n),
    sample(60, 1_000_003n),
  ])
  await spoil(log, { stream: traces.name, partition: 0, offset: 1n }, 'value')
  await spoil(log, { stream: readings.name, partition: PARTITION, offset: 1n }, 'value')

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
  expect(await (await fetch(`${wattline.http}/readyz`)).json()).toMatchObject({ ready: true, reasons: [] })
  expect(await wattline.end('SIGTERM')).toBe(0)
})
