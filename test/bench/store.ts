/**
 * How fast `store` moves records from the log into the engine, against the engine loading the same files by itself.
 *
 *   UV_THREADPOOL_SIZE=32 node test/bench/store.ts [--records 24] [--spans 32768] [--rounds 5] [--kafka]
 *
 * One process, one engine, two databases with the same tables, trace index and settings; merges are stopped in both, so
 * that inserts alone are compared. Ours: the records are in the log already (embedded, or with --kafka a real Kafka, on
 * the same machine); the clock runs from when the processor may read until all are stored and their offsets committed. The engine: `INSERT ... FROM INFILE ... FORMAT ArrowStream`
 * over the same bytes as files that are there already, by as many sessions as `store` has partitions, ids left raw. The
 * two take turns; the median of the ratios of neighbours is printed (1: Wattline costs nothing).
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Session } from 'chdb'
import { silentEvents } from '../../core/catalogue/events/events.ts'
import { STREAMS, traces } from '../../core/model/streams/index.ts'
import { relaxHeap } from '../../core/runtime/heap.ts'
import { openEmbeddedWarehouse } from '../../core/warehouse/embedded/embedded.ts'
import { quoteName } from '../../core/warehouse/tables/column-types.ts'
import { createTable, type Dialect, LOCAL_DIALECT } from '../../core/warehouse/tables/ddl.ts'
import { createTraceIndex } from '../../core/warehouse/tables/ddl-derived.ts'
import { Runner } from '../../processors/loop/runner.ts'
import { createStore } from '../../processors/store/store.ts'
import { parseArgs } from '../support/arguments.ts'
import { openGatedBroker } from '../support/gated-broker.ts'
import { spanRecord } from '../support/span-records.ts'

const { values } = parseArgs({
  options: {
    records: { type: 'string', default: '24' },
    spans: { type: 'string', default: '32768' },
    rounds: { type: 'string', default: '5' },
    kafka: { type: 'boolean', default: false },
  },
})
const [records, spans, rounds] = [Number(values.records), Number(values.spans), Number(values.rounds)]
const PARTITIONS = 2
const RETENTION = { signalsDays: 9_000, ledgerDays: 9_000 }
const BARE: Dialect = { ...LOCAL_DIALECT, database: 'bare' }

interface Turn {
  readonly ms: number
  readonly cpuMs: number
}

async function timed(job: () => Promise<unknown>): Promise<Turn> {
  const cpu = process.cpuUsage()
  const started = performance.now()
  await job()
  const ms = performance.now() - started
  const used = process.cpuUsage(cpu)
  return { ms, cpuMs: (used.user + used.system) / 1000 }
}

const median = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[values.length >> 1] as number

const bareInsert = (file: string, token: string): string =>
  [
    `INSERT INTO ${BARE.database}.otel_traces (${traces.columns.map(column => quoteName(column.name)).join(', ')})`,
    `FROM INFILE '${file}' SETTINGS insert_deduplication_token = '${token}',`,
    'deduplicate_blocks_in_dependent_materialized_views = 1, materialize_skip_indexes_on_insert = 0,',
    'max_insert_threads = 1, max_threads = 1 FORMAT ArrowStream',
  ].join(' ')

async function loadByItself(
  sessions: readonly Session[],
  files: readonly string[],
  round: number,
): Promise<void> {
  const waiting = Array.from({ length: records }, (_, index) => index)
  const work = async (session: Session): Promise<void> => {
    for (let index = waiting.shift(); index !== undefined; index = waiting.shift()) {
      await session.queryAsync(bareInsert(files[index % files.length] as string, `${round}/${index}`))
    }
  }
  await Promise.all(sessions.map(work))
}

const path = mkdtempSync(join(tmpdir(), 'wattline-store-'))
const kind = values.kafka ? 'kafka' : 'embedded'
relaxHeap(kind)
const log = await openGatedBroker(kind, join(path, 'log'))
const retention = { timeMs: 1, bytes: 1 }
await log.broker.createStreams(
  [traces.name, 'quarantine'].map(name => ({ name, partitions: PARTITIONS, groups: ['store'], retention })),
)
const warehouse = await openEmbeddedWarehouse({ path, maxMemoryBytes: 2 ** 32, events: silentEvents })
await warehouse.migrate(STREAMS, RETENTION)
const sessions = Array.from({ length: PARTITIONS }, () => new Session(join(path, 'engine')))
const control = sessions[0] as Session
control.query(`CREATE DATABASE ${BARE.database}`)
for (const text of [createTable(traces, RETENTION, BARE) as string, ...createTraceIndex(RETENTION, BARE)])
  control.query(text)
control.query('SYSTEM STOP MERGES')

const bodies = [1, 2, 3].map(seed => spanRecord(spans, seed))
const files = bodies.map((body, index) => {
  const file = join(path, `bench-${index}.arrow.zst`)
  writeFileSync(file, body)
  return file
})
await log.shut()
const runner = new Runner({ broker: log.broker, events: silentEvents, now: Date.now })
await runner.start(createStore({ streams: [traces], warehouse, events: silentEvents }))
const ours: Turn[] = []
const theirs: Turn[] = []
// One unmeasured round first: both sides load code and caches.
for (let round = -1; round < rounds; round++) {
  for (let index = 0; index < records; index++) {
    const value = bodies[index % bodies.length] as Uint8Array
    await log.broker.append(traces.name, index % PARTITIONS, [{ value, timestampMs: Date.now() }])
  }
  await log.expect('store', traces.name)
  const ourTurn = await timed(() => log.drain())
  await log.shut()
  const theirTurn = await timed(() => loadByItself(sessions, files, round))
  if (round >= 0) {
    ours.push(ourTurn)
    theirs.push(theirTurn)
  }
  for (const database of ['wattline', BARE.database]) control.query(`TRUNCATE TABLE ${database}.otel_traces`)
}
const rate = (turns: readonly Turn[]): number =>
  Math.round((records * spans) / (median(turns.map(({ ms }) => ms)) / 1000))
const cpu = (turns: readonly Turn[]): string =>
  (median(turns.map(({ cpuMs }) => cpuMs)) / 1000 / ((records * spans) / 1e6)).toFixed(2)
process.stdout.write(
  `${log.broker.kind} log, ${records} records of ${spans} spans, ${bodies[0]?.length} bytes each, ${rounds} rounds\n`,
)
process.stdout.write(`store:             ${rate(ours)} spans/s, ${cpu(ours)} CPU s per million\n`)
process.stdout.write(`engine by itself:  ${rate(theirs)} spans/s, ${cpu(theirs)} CPU s per million\n`)
process.stdout.write(
  `ratio of rates, median of pairs: ${median(ours.map((turn, i) => (theirs[i] as Turn).ms / turn.ms)).toFixed(2)}\n`,
)
for (const session of sessions) session.close()
await runner.stop()
await warehouse.close()
await log.close()
rmSync(path, { recursive: true, force: true })
