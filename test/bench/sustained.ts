/**
 * What one machine stores for long, with merges keeping up: records of spans go through the embedded log and `store` into
 * the engine, as fast as the number of unmerged parts allows.
 *
 *   UV_THREADPOOL_SIZE=32 node test/bench/sustained.ts --minutes 60
 *   ... --records 150 --set min_parts_to_merge_at_once=10     this many records; a setting of the table tried out
 *
 * Feeding pauses while the table has more than --parts parts: a rate at which parts only pile up is no sustained one. No
 * two records share an id. Every half minute a line; CPU is that of this process less what making records cost (that is
 * printed apart: a collector would cost about two to three times as much). `written` is rows written by merges for each row
 * inserted. After the end merges are waited for with --settle, and what they still cost is counted in.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openEmbeddedBroker } from '../../core/broker/embedded/embedded-broker.ts'
import { silentEvents } from '../../core/catalogue/events/events.ts'
import { STREAMS, traces } from '../../core/model/streams/index.ts'
import { openEmbeddedWarehouse } from '../../core/warehouse/embedded/embedded.ts'
import { Runner } from '../../processors/loop/runner.ts'
import { createStore } from '../../processors/store/store.ts'
import { parseArgs } from '../support/arguments.ts'
import { FreshSpans } from '../support/fresh-spans.ts'

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '5' },
    records: { type: 'string', default: '1000000' },
    spans: { type: 'string', default: '32768' },
    parts: { type: 'string', default: '300' },
    seed: { type: 'string', default: '1' },
    set: { type: 'string', multiple: true, default: [] },
    settle: { type: 'boolean', default: false },
    quiet: { type: 'boolean', default: false },
  },
})
const spans = Number(values.spans)
const mostParts = Number(values.parts)
const PARTITIONS = 2
/** Records that wait in the log: enough to keep `store` busy. */
const WAITING = 8
const REPORT_MS = 30_000
/** The spans of a record, at the expected rate. */
const MOVE_NS = BigInt(Math.round((spans / 200_000) * 1e9))

const pause = (ms: number): Promise<void> => new Promise(resolve => setTimeout(resolve, ms))

const path = mkdtempSync(join(tmpdir(), 'wattline-sustained-'))
const broker = await openEmbeddedBroker({ path: join(path, 'log'), maxBytes: 2 ** 32, events: silentEvents })
const retention = { timeMs: 1, bytes: 1 }
await broker.createStreams(
  [traces.name, 'quarantine'].map(name => ({ name, partitions: PARTITIONS, groups: ['store'], retention })),
)
const warehouse = await openEmbeddedWarehouse({ path, maxMemoryBytes: 2 ** 32, events: silentEvents })
await warehouse.migrate(STREAMS, { signalsDays: 9_000, ledgerDays: 9_000 })
for (const setting of values.set) {
  for (const table of ['otel_traces', 'otel_traces_trace_id_ts']) {
    await warehouse.query(`ALTER TABLE wattline.${table} MODIFY SETTING ${setting.replace('=', ' = ')}`)
  }
}

let appended = 0
let stored = 0
const runner = new Runner({ broker, events: silentEvents, now: Date.now })
await runner.start(
  createStore({
    streams: [traces],
    warehouse: {
      ...warehouse,
      kind: warehouse.kind,
      insert: async (stream, record, token) => {
        await warehouse.insert(stream, record, token)
        stored += 1
      },
    },
    events: silentEvents,
  }),
)

interface Parts {
  readonly parts: number
  readonly small: number
  readonly level: number
  readonly bytes: number
  readonly merges: number
}

/** Rows written by merges in all tables: for each span one in the table and one in the index of traces. */
async function look(): Promise<Parts & { readonly merged: number; readonly inserted: number }> {
  const [row] = await warehouse.query<Record<string, string>>(
    `SELECT count() AS parts, countIf(rows < 1000000) AS small, max(level) AS level, sum(bytes_on_disk) AS bytes,
       (SELECT count() FROM system.merges) AS merges,
       (SELECT sum(value) FROM system.events WHERE event = 'MergedRows') AS merged,
       (SELECT sum(value) FROM system.events WHERE event = 'MergeTreeDataWriterRows') AS inserted
     FROM system.parts WHERE active AND database = 'wattline' AND table = 'otel_traces'`,
  )
  const number = (name: string): number => Number(row?.[name] ?? 0)
  return {
    parts: number('parts'),
    small: number('small'),
    level: number('level'),
    bytes: number('bytes'),
    merges: number('merges'),
    merged: number('merged'),
    inserted: number('inserted'),
  }
}

const cpuSeconds = (): number => {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1e6
}

const source = new FreshSpans(spans, Number(values.seed))
const cpuBefore = cpuSeconds()
let makingSeconds = 0
const started = performance.now()
const until = started + Number(values.minutes) * 60_000
let reported = { ms: started, stored: 0, cpu: 0 }
let parts = 0
let paused = 0
let lookedAt = 0

function spent(): number {
  return cpuSeconds() - cpuBefore - makingSeconds
}

async function report(title: string): Promise<void> {
  const now = await look()
  const [ms, cpu] = [performance.now(), spent()]
  const done = ((stored - reported.stored) * spans) / 1e6
  const minutes = ((ms - started) / 60_000).toFixed(1)
  const rate = (done * 1e6) / ((ms - reported.ms) / 1000)
  const { rss } = process.memoryUsage()
  process.stdout.write(
    `${title} ${minutes} min: ${((stored * spans) / 1e6).toFixed(1)} M spans, ${(rate / 1000).toFixed(0)}k/s, ` +
      `${((cpu - reported.cpu) / done).toFixed(2)} CPU s per million (so far ${(cpu / ((stored * spans) / 1e6)).toFixed(2)}), ` +
      `${now.parts} parts (${now.small} below 1 M rows, level ${now.level}), ${now.merges} merges, ` +
      `written ${(now.merged / now.inserted).toFixed(2)}, ${(now.bytes / 2 ** 30).toFixed(2)} GiB, RSS ${(rss / 1e6).toFixed(0)} MB\n`,
  )
  reported = { ms, stored, cpu }
}

while (performance.now() < until && appended < Number(values.records)) {
  if (performance.now() - lookedAt > 1000) {
    parts = (await look()).parts
    lookedAt = performance.now()
  }
  if (appended - stored >= WAITING || parts > mostParts) {
    if (parts > mostParts) paused += 20
    await pause(20)
  } else {
    const before = process.threadCpuUsage()
    const value = source.nextRecord(MOVE_NS)
    const { user, system } = process.threadCpuUsage(before)
    makingSeconds += (user + system) / 1e6
    await broker.append(traces.name, appended % PARTITIONS, [{ value, timestampMs: Date.now() }])
    appended += 1
  }
  if (!values.quiet && performance.now() - reported.ms > REPORT_MS) await report('at')
}
while (stored < appended && runner.problems().length === 0) await pause(20)
const feedingSeconds = (performance.now() - started) / 1000
reported = { ms: started, stored: 0, cpu: 0 }
await report('fed after')
if (values.settle) {
  // No merge runs or ran for a while: the selector sleeps for 5 s and longer between checks.
  for (let quiet = 0; quiet < 8; quiet++) {
    await pause(1000)
    if ((await look()).merges > 0) quiet = -1
  }
  reported = { ms: started, stored: 0, cpu: 0 }
  await report('merged after')
}
const millions = (stored * spans) / 1e6
process.stdout.write(
  `${values.set.join(' ') || 'as it is'}: ${((millions * 1e6) / feedingSeconds / 1000).toFixed(0)}k spans/s over ${(feedingSeconds / 60).toFixed(1)} min, ` +
    `${(spent() / millions).toFixed(2)} CPU s per million (making records: ${(makingSeconds / millions).toFixed(2)} more); ` +
    `feeding paused for ${(paused / 1000).toFixed(0)} s\n`,
)
if (runner.problems().length > 0) process.stdout.write(`${runner.problems().join('\n')}\n`)
await runner.stop()
await warehouse.close()
await broker.close()
rmSync(path, { recursive: true, force: true })
