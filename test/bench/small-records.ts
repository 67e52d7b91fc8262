/**
 * What a small record costs `store` until it is in its table: each in an insert of its own, and some together.
 *
 *   UV_THREADPOOL_SIZE=32 node test/bench/small-records.ts [--records 64] [--rows 105] [--rounds 12]
 *
 * A poll gives `--records` records of `--rows` readings, as many collectors make them for a partition of many hosts. The two
 * ways take turns over the same records; CPU is that of the process with the engine in it, merges stopped. Reading the log is
 * not in it. At the end: all rows are there, each once.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { AssignedPartition, StoredRecord } from '../../core/broker/broker.ts'
import { silentEvents } from '../../core/catalogue/events/events.ts'
import { readings, STREAMS } from '../../core/model/streams/index.ts'
import { openEmbeddedWarehouse } from '../../core/warehouse/embedded/embedded.ts'
import { Step } from '../../processors/loop/step.ts'
import { createStore } from '../../processors/store/store.ts'
import { parseArgs } from '../support/arguments.ts'
import { Fleet } from '../support/reading-records.ts'

const { values } = parseArgs({
  options: {
    records: { type: 'string', default: '64' },
    rows: { type: 'string', default: '105' },
    rounds: { type: 'string', default: '12' },
  },
})
const [count, rows, rounds] = [values.records, values.rows, values.rounds].map(Number) as [
  number,
  number,
  number,
]
const WARM_ROUNDS = 3
/** Rows of a host without workloads, and of a workload, see reading-records.ts. */
const workloads = Math.max(1, Math.round((rows - 12) / 3))

const path = mkdtempSync(join(tmpdir(), 'wattline-small-'))
const warehouse = await openEmbeddedWarehouse({ path, maxMemoryBytes: 2 ** 32, events: silentEvents })
await warehouse.migrate(STREAMS, { signalsDays: 9_000, ledgerDays: 9_000 })
await warehouse.statements?.run('SYSTEM STOP MERGES')

async function opened(origin: string, combines: boolean) {
  const partition = {
    stream: readings.name,
    partition: 0,
    revoked: new AbortController().signal,
    originOf: () => origin,
    loadState: async () => new Map(),
    commit: async () => undefined,
    transact: async () => undefined,
  } as unknown as AssignedPartition
  const store = createStore({ streams: [readings], warehouse, events: silentEvents, combines })
  return store.open(partition)
}

const fleets = Array.from({ length: count }, (_, seed) => new Fleet({ hosts: 1, workloads, seed }))
const ways = [
  { name: 'alone', worker: await opened('alone', false), ms: [] as number[] },
  { name: 'together', worker: await opened('together', true), ms: [] as number[] },
]
const median = (numbers: readonly number[]): number => numbers.toSorted((a, b) => a - b)[numbers.length >> 1]!

let offset = 0n
let sent = 0
for (let round = -WARM_ROUNDS; round < rounds; round++) {
  const records: StoredRecord[] = fleets.map(fleet => ({
    value: fleet.nextRecord(),
    offset: offset++,
    headers: {},
    timestampMs: 0,
  }))
  for (const { worker, ms } of round % 2 === 0 ? ways : ways.toReversed()) {
    const before = process.cpuUsage()
    const step = new Step()
    for (const record of records) await worker.apply(record, step)
    await worker.finish?.(step)
    const { user, system } = process.cpuUsage(before)
    if (round >= 0) ms.push((user + system) / 1000)
    sent += fleets.reduce((sum, fleet) => sum + fleet.rows, 0)
  }
}
process.stdout.write(
  `polls of ${count} records of ${fleets[0]?.rows} readings, ${rounds} of them, in turns: CPU ms a record\n`,
)
for (const { name, ms } of ways) {
  const each = ms.map(one => one / count)
  process.stdout.write(
    `${name.padEnd(9)} ${median(each).toFixed(2)} (${Math.min(...each).toFixed(2)} to ${Math.max(...each).toFixed(2)})\n`,
  )
}
const [found] = await warehouse.query<{ rows: string }>(
  `SELECT count() AS rows FROM ${warehouse.database}.readings`,
)
if (Number(found?.rows) !== sent) throw new Error(`${found?.rows} rows are stored, ${sent} were sent`)
await warehouse.close()
rmSync(path, { recursive: true, force: true })
