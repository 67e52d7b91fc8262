/**
 * CPU time of `meter` per million readings, from a record's bytes to rows and stored state.
 *
 *   node test/bench/meter.ts --hosts 200 --workloads 40 --rounds 5 [--kafka]
 *
 * A fleet of hosts, half measured by sensors of ours, half by a kubelet's OTLP, one sample of every meter each 5 s; a round
 * is a minute of them: 12 records. Four things take turns over the same records, and medians are printed:
 *
 * - limit:   zstd, Arrow, and a sum over values and times: what any consumer of these records pays
 * - record:  `meter` as the loop drives it when each poll gives one record: rows and state are written out after each
 * - poll:    the same when it is behind, and a poll gives the whole minute
 * - log:     the same from the log (embedded, with --kafka a real Kafka): polled, applied, transacted
 *
 * CPU is that of this process, all threads. An audit at the end: energy of all rows = what the counters rose by, within
 * the minutes that are closed.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { AssignedPartition, StoredRecord } from '../../core/broker/broker.ts'
import { configSchema } from '../../core/catalogue/config/schema.ts'
import { silentEvents } from '../../core/catalogue/events/events.ts'
import { readRecord } from '../../core/columns/record-reader.ts'
import { decodeRows } from '../../core/columns/rows.ts'
import { energy, lateReadings, quarantine, readings } from '../../core/model/streams/index.ts'
import { type PartitionWorker, type Processor, Runner } from '../../processors/loop/runner.ts'
import { Step } from '../../processors/loop/step.ts'
import { createMeter } from '../../processors/meter/meter.ts'
import { createMeterProcessor } from '../../processors/meter/processor.ts'
import { StateBudget } from '../../processors/meter/state/budget.ts'
import { parseArgs } from '../support/arguments.ts'
import { openGatedBroker } from '../support/gated-broker.ts'
import { Fleet } from '../support/reading-records.ts'

const { values } = parseArgs({
  options: {
    hosts: { type: 'string', default: '200' },
    workloads: { type: 'string', default: '40' },
    rounds: { type: 'string', default: '5' },
    seed: { type: 'string', default: '1' },
    only: { type: 'string', default: 'limit,record,poll,log' },
    kafka: { type: 'boolean', default: false },
  },
})
const [hosts, workloads, rounds, seed] = [values.hosts, values.workloads, values.rounds, values.seed].map(
  Number,
)
const RECORDS_A_ROUND = 12
const WARM_ROUNDS = 3

const median = (numbers: readonly number[]): number => numbers.toSorted((a, b) => a - b)[numbers.length >> 1]!

const processor: Processor = createMeterProcessor({
  meter: createMeter({
    metering: configSchema.parse({}).metering,
    isSensor: source => source === 'rapl' || source === 'proc' || source === 'cgroup2',
  }),
  retentionNano: 10n ** 18n,
  partitions: 1,
  events: silentEvents,
  budget: new StateBudget(Number.POSITIVE_INFINITY, silentEvents),
  appendFlushes: async () => {},
})

/** What one way of running does with the records of a minute. */
interface Way {
  readonly name: string
  prepare?(records: readonly Uint8Array[]): Promise<void>
  run(records: readonly Uint8Array[]): Promise<void> | void
  close?(): Promise<void>
}

let checksum = 0
const limit: Way = {
  name: 'limit',
  run(records) {
    for (const record of records) {
      const { rows, columns } = readRecord(readings, record)
      const [times, amounts] = [columns.Timestamp.values, columns.Value.values].map(
        column => new Uint32Array(column.buffer, column.byteOffset, rows * 2),
      ) as [Uint32Array, Uint32Array]
      let sum = 0
      for (let at = 0; at < rows * 2; at += 2)
        sum += times[at]! + amounts[at]! + amounts[at + 1]! * 4_294_967_296
      checksum += sum
    }
  },
}

interface Driven extends Way {
  readonly energyUj: () => bigint
  readonly stateBytes: () => number
}

async function driven(name: string, recordsAPoll: number): Promise<Driven> {
  const nowhere = { partition: 0, loadState: async () => new Map() } as unknown as AssignedPartition
  const worker: PartitionWorker = await processor.open(nowhere)
  const outputs: Uint8Array[] = []
  let stateBytes = 0
  let offset = 0n
  return {
    name,
    async run(records) {
      for (let from = 0; from < records.length; from += recordsAPoll) {
        const step = new Step()
        for (const value of records.slice(from, from + recordsAPoll)) {
          const record: StoredRecord = { value, offset: offset++, headers: {}, timestampMs: 0 }
          await worker.apply(record, step)
        }
        worker.finish?.(step)
        stateBytes = [...step.state.values()].reduce((sum, bytes) => sum + (bytes?.length ?? 0), 0)
        for (const { stream, record } of step.outputs) if (stream === energy.name) outputs.push(record.value)
      }
    },
    energyUj: () =>
      outputs.flatMap(value => decodeRows(energy, value)).reduce((sum, row) => sum + row.EnergyUj, 0n),
    stateBytes: () => stateBytes,
  }
}

async function fromLog(): Promise<Way> {
  const path = mkdtempSync(join(tmpdir(), 'wattline-meter-'))
  const log = await openGatedBroker(values.kafka ? 'kafka' : 'embedded', path)
  await log.broker.createStreams(
    [readings, energy, lateReadings, quarantine].map(({ name }) => ({
      name,
      partitions: 1,
      groups: name === readings.name ? ['meter'] : [],
      retention: { timeMs: 3_600_000, bytes: 2 ** 28 },
    })),
  )
  await log.shut()
  const runner = new Runner({ broker: log.broker, events: silentEvents, now: () => 0 })
  await runner.start(processor)
  return {
    name: 'log',
    async prepare(records) {
      await log.shut()
      for (const value of records) {
        await log.broker.append(readings.name, 0, [{ value, timestampMs: Date.now() }])
      }
      await log.expect('meter', readings.name)
    },
    async run() {
      await log.drain()
      if (runner.problems().length > 0) throw new Error(runner.problems().join('\n'))
    },
    async close() {
      await runner.stop()
      await log.close()
      rmSync(path, { recursive: true, force: true })
    },
  }
}

async function cpuMsOf(job: () => Promise<void> | void): Promise<number> {
  const before = process.cpuUsage()
  await job()
  const { user, system } = process.cpuUsage(before)
  return (user + system) / 1000
}

const fleet = new Fleet({ hosts: hosts!, workloads: workloads!, seed: seed! })
const byRecord = await driven('record', 1)
const byPoll = await driven('poll', RECORDS_A_ROUND)
const all: readonly Way[] = [
  limit,
  byRecord,
  byPoll,
  ...(values.only.includes('log') ? [await fromLog()] : []),
]
const ways = all.filter(({ name }) => values.only.split(',').includes(name))
const rowsARound = fleet.rows * RECORDS_A_ROUND
const found = new Map(ways.map(({ name }) => [name, [] as number[]]))
let bytes = 0
// Created in advance: the garbage of creating them must not be counted here.
const minutes = Array.from({ length: WARM_ROUNDS + rounds! }, () =>
  Array.from({ length: RECORDS_A_ROUND }, () => fleet.nextRecord()),
)
for (const [index, records] of minutes.entries()) {
  const round = index - WARM_ROUNDS
  bytes = records.reduce((sum, record) => sum + record.length, 0)
  for (const way of ways) {
    await way.prepare?.(records)
    const ms = await cpuMsOf(() => way.run(records))
    if (round >= 0) found.get(way.name)!.push(ms)
  }
}
process.stdout.write(
  `${hosts} hosts, ${workloads} workloads each: records of ${fleet.rows} readings, ${(bytes / rowsARound).toFixed(1)} bytes a reading; ` +
    `${rounds} rounds of ${rowsARound} readings; checksum ${checksum.toExponential(3)}\n`,
)
for (const { name } of ways) {
  const seconds = found.get(name)!.map(ms => ms / 1000 / (rowsARound / 1e6))
  const middle = median(seconds)
  const range = `${Math.min(...seconds).toFixed(3)} to ${Math.max(...seconds).toFixed(3)}`
  process.stdout.write(
    `${name.padEnd(7)} ${middle.toFixed(3)} CPU s per million (${range}) = ${(1 / middle).toFixed(2)} M readings per CPU second\n`,
  )
}
process.stdout.write(
  `state: ${((byPoll.stateBytes() || byRecord.stateBytes()) / hosts!).toFixed(0)} bytes a host\n`,
)
for (const way of ways) await way.close?.()
if (
  values.only.includes('record') &&
  values.only.includes('poll') &&
  byRecord.energyUj() !== byPoll.energyUj()
) {
  throw new Error(`energy differs: ${byRecord.energyUj()} by record, ${byPoll.energyUj()} by poll`)
}
