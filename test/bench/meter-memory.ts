/**
 * What hosts, series, names, words and samples take in the meter, beside what its budget estimates for them: the constants of
 * processors/meter/state/budget.ts come from here.
 *
 *   node --expose-gc test/bench/meter-memory.ts
 *
 * Each case in turn: records through the worker as the loop drives it, then the heap after a collection, less what it was
 * before. Printed: MB and bytes a host or series, and the estimate as a multiple of what was measured.
 */
import type { AssignedPartition, StoredRecord } from '../../core/broker/broker.ts'
import { configSchema } from '../../core/catalogue/config/schema.ts'
import { silentEvents } from '../../core/catalogue/events/events.ts'
import { encodeRows } from '../../core/columns/rows.ts'
import { readings } from '../../core/model/streams/index.ts'
import { Step } from '../../processors/loop/step.ts'
import { createMeter } from '../../processors/meter/meter.ts'
import { createMeterProcessor } from '../../processors/meter/processor.ts'
import { StateBudget } from '../../processors/meter/state/budget.ts'
import { NOON, type Reading, reading } from '../processors/meter/support.ts'

const ROWS_A_RECORD = 1_000

interface Case {
  readonly name: string
  /** What the bytes are divided by. */
  readonly of: string
  readonly units: number
  readonly rows: number
  row(index: number): Partial<Reading>
}

const word = (index: number, length: number): string => `${index}-`.padEnd(length, 'x')

const container = (index: number, length: number): Partial<Reading> => ({
  Host: `host-${index % 10}`,
  Quantity: 'cpu_time',
  WorkloadKind: 'container',
  WorkloadId: word(index, length),
})

/** A minute of hosts with 30 containers each, sampled every 5 s, all with the labels of Kubernetes. */
const FLEET_HOSTS = 100
const FLEET_SERIES = FLEET_HOSTS * 60

const fleetRow = (index: number): Partial<Reading> => {
  const one = index % FLEET_SERIES
  const container = Math.floor(one / 2)
  const id = word(container, 64)
  const isMemory = one % 2 === 1
  return {
    Host: `host-${Math.floor(one / 60)}`,
    Quantity: isMemory ? 'memory' : 'cpu_time',
    Domain: isMemory ? 'working_set' : '',
    WorkloadKind: 'container',
    WorkloadId: id,
    Timestamp: NOON + BigInt(Math.floor(index / FLEET_SERIES)) * 5_000_000_000n,
    Value: BigInt(index),
    Attributes: {
      'container.id': id,
      'k8s.container.name': `app-${container % 11}`,
      'k8s.namespace.name': `team-${container % 7}`,
      'k8s.node.name': `host-${Math.floor(one / 60)}`,
      'k8s.pod.name': word(container, 30),
      'k8s.pod.uid': word(container, 36),
      'workload.name': `app-${container % 11}`,
      'workload.namespace': `team-${container % 7}`,
    },
  }
}

const CASES: readonly Case[] = [
  {
    name: 'series of a fleet',
    of: 'series',
    units: FLEET_SERIES,
    rows: FLEET_SERIES * 18,
    row: fleetRow,
  },
  {
    name: 'hosts with one series',
    of: 'host',
    units: 50_000,
    rows: 50_000,
    row: index => ({ Host: word(index, 36), Domain: 'package-0' }),
  },
  {
    name: 'workloads of ten hosts',
    of: 'series',
    units: 50_000,
    rows: 50_000,
    row: index => container(index, 64),
  },
  {
    name: 'workloads with ids of 1,024 characters',
    of: 'series',
    units: 20_000,
    rows: 20_000,
    row: index => container(index, 1_024),
  },
  {
    name: 'workloads with 20 words of 100 characters',
    of: 'series',
    units: 10_000,
    rows: 10_000,
    row: index => ({
      ...container(index, 64),
      Attributes: Object.fromEntries(
        Array.from({ length: 20 }, (_, at) => [`k8s.pod.label.word-${at}`, word(index * 20 + at, 100)]),
      ),
    }),
  },
  {
    name: 'gauges with 500 samples',
    of: 'sample',
    units: 500_000,
    rows: 500_000,
    row: index => ({
      Host: `host-${index % 1_000}`,
      Quantity: 'power',
      Domain: 'gpu',
      Device: '0',
      Timestamp: NOON + BigInt(Math.floor(index / 1_000)) * 100_000_000n,
      Value: BigInt(200_000_000 + ((index * 7_919) % 90_000_000)),
    }),
  },
  {
    name: 'rows of ten hosts that are not metered',
    of: 'row',
    units: 50_000,
    rows: 50_000,
    row: index => ({ ...container(index, 64), Quantity: 'utilization' }),
  },
]

async function heapBytes(): Promise<number> {
  if (gc === undefined) throw new Error('Run it with --expose-gc.')
  for (let round = 0; round < 3; round++) {
    await new Promise(setImmediate)
    gc()
  }
  const { heapUsed, arrayBuffers } = process.memoryUsage()
  return heapUsed + arrayBuffers
}

async function measure({ name, of, units, rows, row }: Case): Promise<string> {
  const budget = new StateBudget(Number.POSITIVE_INFINITY, silentEvents)
  const processor = createMeterProcessor({
    meter: createMeter({ metering: configSchema.parse({}).metering, isSensor: () => false }),
    retentionNano: 10n ** 18n,
    partitions: 1,
    events: silentEvents,
    budget,
    appendFlushes: async () => {},
  })
  const nowhere = { partition: 0, loadState: async () => new Map() } as unknown as AssignedPartition
  const before = await heapBytes()
  const worker = await processor.open(nowhere)
  for (let from = 0; from < rows; from += ROWS_A_RECORD) {
    const batch = Array.from({ length: ROWS_A_RECORD }, (_, index) => reading(row(from + index)))
    const value = encodeRows(readings, batch)
    const record: StoredRecord = { value, offset: BigInt(from), headers: {}, timestampMs: 0 }
    const step = new Step()
    await worker.apply(record, step)
    await worker.finish?.(step)
  }
  const taken = (await heapBytes()) - before
  const estimate = [...budget.samples().values()].reduce((sum, bytes) => sum + bytes, 0)
  worker.close?.()
  return (
    `${name}: ${(taken / 1e6).toFixed(1)} MB, ${(taken / units).toFixed(0)} bytes a ${of}; ` +
    `estimated ${(estimate / 1e6).toFixed(1)} MB, ${(estimate / taken).toFixed(2)} times as much`
  )
}

for (const one of CASES) console.log(await measure(one))
