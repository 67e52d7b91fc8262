/**
 * How fast `warehouse.insert` is against the engine loading the same files by itself.
 *
 *   UV_THREADPOOL_SIZE=16 node test/bench/store-load.ts [records=12] [spans=32768]
 *
 * One process, one engine, two databases with the same tables, index of traces and settings; merges are stopped. The
 * record bytes are the same. The engine by itself: `INSERT ... FROM INFILE ... FORMAT ArrowStream` over files that are
 * there already, in a session of its own, ids stored raw (no hex). Wattline: `warehouse.insert` with the bytes in
 * memory, so that writing the file and making ids hex count. The two take turns, and the median of the ratios of
 * neighbours is printed; 1 means that Wattline costs nothing.
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Session } from 'chdb'
import { encodeRows } from '../../core/columns/rows.ts'
import { STREAMS, traces } from '../../core/model/streams/index.ts'
import { silentEvents } from '../../core/runtime/events.ts'
import { quoteName } from '../../core/warehouse/column-types.ts'
import { createTable, type Dialect, LOCAL_DIALECT } from '../../core/warehouse/ddl.ts'
import { createTraceIndex } from '../../core/warehouse/ddl-derived.ts'
import { openEmbeddedWarehouse } from '../../core/warehouse/embedded/embedded.ts'
import { MONTH_START_S, span } from '../contract/warehouse/sample-rows.ts'
import { seededRandom } from '../support/random.ts'

const RETENTION = { signalsDays: 9_000, ledgerDays: 9_000 }
const BARE: Dialect = { ...LOCAL_DIALECT, database: 'bare' }

/** Spans as of a shop of 20 services: 8 resource attributes, 8 of their own, every fifth with an event. */
function record(spans: number, seed: number): Uint8Array {
  const random = seededRandom(seed)
  const pick = (count: number): number => Math.floor(random() * count)
  const hex = (length: number): string =>
    Array.from({ length: length / 8 }, () =>
      pick(2 ** 32)
        .toString(16)
        .padStart(8, '0'),
    ).join('')
  const resources = Array.from({ length: 20 }, (_, service) =>
    Object.fromEntries(
      Array.from({ length: 8 }, (_, key) => [`resource.key.${key}`, `service-${service}-value-${key}`]),
    ),
  )
  const rows = Array.from({ length: spans }, (_, index) => {
    const service = pick(20)
    const event = index % 5 === 0
    return span({
      Tenant: 'default',
      Timestamp: BigInt(MONTH_START_S) * 1_000_000_000n + BigInt(index) * 30_000n + BigInt(pick(30_000)),
      TraceId: hex(32),
      SpanId: hex(16),
      ParentSpanId: hex(16),
      SpanName: `GET /route/${pick(50)}`,
      ServiceName: `service-${service}`,
      ResourceAttributes: resources[service]!,
      SpanAttributes: Object.fromEntries(
        Array.from({ length: 8 }, (_, key) => [`span.key.${key}`, key < 5 ? `value-${pick(40)}` : hex(16)]),
      ),
      Duration: BigInt(pick(500_000_000)),
      'Events.Timestamp': event ? [BigInt(MONTH_START_S) * 1_000_000_000n] : [],
      'Events.Name': event ? ['exception'] : [],
      'Events.Attributes': event ? [{ 'exception.message': `failed ${pick(1000)}` }] : [],
    })
  })
  return encodeRows(traces, rows)
}

const bareInsert = (file: string, token: string): string =>
  [
    `INSERT INTO ${BARE.database}.otel_traces (${traces.columns.map(column => quoteName(column.name)).join(', ')})`,
    `FROM INFILE '${file}' SETTINGS insert_deduplication_token = '${token}',`,
    'deduplicate_blocks_in_dependent_materialized_views = 1, materialize_skip_indexes_on_insert = 0,',
    'max_insert_threads = 1, max_threads = 1 FORMAT ArrowStream',
  ].join(' ')

const timed = async (job: () => Promise<unknown>): Promise<{ ms: number; cpuMs: number }> => {
  const cpu = process.cpuUsage()
  const started = performance.now()
  await job()
  const ms = performance.now() - started
  const used = process.cpuUsage(cpu)
  return { ms, cpuMs: (used.user + used.system) / 1000 }
}

const median = (values: readonly number[]): number => values.toSorted((a, b) => a - b)[values.length >> 1]!

async function main(): Promise<void> {
  const [records = 12, spans = 32_768] = process.argv.slice(2).map(Number)
  const path = await mkdtemp(join(tmpdir(), 'wattline-store-load-'))
  const warehouse = await openEmbeddedWarehouse({ path, maxMemoryBytes: 2 ** 32, events: silentEvents })
  const bare = new Session(join(path, 'engine'))
  try {
    await warehouse.migrate(STREAMS, RETENTION)
    bare.query(`CREATE DATABASE ${BARE.database}`)
    for (const text of [createTable(traces, RETENTION, BARE)!, ...createTraceIndex(RETENTION, BARE)])
      bare.query(text)
    bare.query('SYSTEM STOP MERGES')

    const bytes = [1, 2, 3].map(seed => record(spans, seed))
    const files = await Promise.all(
      bytes.map(async (body, index) => {
        const file = join(path, `bench-${index}.arrow.zst`)
        await writeFile(file, body)
        return file
      }),
    )
    const ours: { ms: number; cpuMs: number }[] = []
    const theirs: { ms: number; cpuMs: number }[] = []
    // Two unmeasured turns first: both sides load code and caches.
    for (let turn = -2; turn < records; turn += 1) {
      const which = (turn + 3) % 3
      const ourTurn = await timed(() => warehouse.insert(traces, bytes[which]!, `ours/${turn}`))
      const theirTurn = await timed(() => bare.queryAsync(bareInsert(files[which]!, `theirs/${turn}`)))
      if (turn < 0) continue
      ours.push(ourTurn)
      theirs.push(theirTurn)
    }
    const [{ n }] = (await warehouse.query<{ n: string }>(
      `SELECT toString(least((SELECT count() FROM wattline.otel_traces), (SELECT count() FROM bare.otel_traces))) AS n`,
    )) as [{ n: string }]
    const report = {
      records,
      spansPerRecord: spans,
      recordBytes: bytes[0]!.length,
      storedByBoth: Number(n),
      wattline: { ms: median(ours.map(turn => turn.ms)), cpuMs: median(ours.map(turn => turn.cpuMs)) },
      engine: { ms: median(theirs.map(turn => turn.ms)), cpuMs: median(theirs.map(turn => turn.cpuMs)) },
      rateRatio: median(ours.map((turn, index) => theirs[index]!.ms / turn.ms)),
    }
    process.stdout.write(`${JSON.stringify(report, null, 2)}\n`)
  } finally {
    bare.close()
    await warehouse.close()
    await rm(path, { recursive: true, force: true })
  }
}

await main()
