/**
 * What the main questions cost with so much history in the books: CPU seconds and time of an answer at 1, 30 and 400 days
 * of ledger.
 *
 *   UV_THREADPOOL_SIZE=32 node test/bench/query-costs.ts --hosts 2 --workloads 10 --days 1,30,400
 *
 * The ledger is written by the engine itself, a row for each host, minute, workload and share as `meter` and `rate` would
 * write them (one component), a partition of 30 days at a time; the server is asked over HTTP in this process. CPU is that
 * of the process, all threads; medians of five answers after one that is not counted.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Session } from 'chdb'
import { configSchema } from '../../core/catalogue/config/schema.ts'
import { silentEvents } from '../../core/catalogue/events/events.ts'
import { STREAMS } from '../../core/model/streams/index.ts'
import { openEmbeddedWarehouse } from '../../core/warehouse/embedded/embedded.ts'
import { createQueryServer } from '../../query/server.ts'
import { parseArgs } from '../support/arguments.ts'
import { median } from './costs/process.ts'

const { values } = parseArgs({
  options: {
    hosts: { type: 'string', default: '2' },
    workloads: { type: 'string', default: '10' },
    days: { type: 'string', default: '1,30,400' },
    answers: { type: 'string', default: '5' },
  },
})
const hosts = Number(values.hosts)
const workloads = Number(values.workloads)
const days = values.days.split(',').map(Number)
/** Workloads, idle and unattributed. */
const rowsPerMinute = hosts * (workloads + 2)
const MINUTES_A_DAY = 1440
const DAYS_A_BATCH = 30

const path = mkdtempSync(join(tmpdir(), 'wattline-queries-'))
const config = configSchema.parse({ factors: { zone: 'DE' }, tariffs: { price_per_kwh: '0.25' } })
const warehouse = await openEmbeddedWarehouse({
  path,
  maxMemoryBytes: config.warehouse.max_memory_bytes,
  events: silentEvents,
})
await warehouse.migrate(STREAMS, { signalsDays: 30, ledgerDays: 500 })
const session = new Session(join(path, 'engine'))
const end = Math.floor(Date.now() / 60_000) * 60
const now = (): number => end * 1000 + 30_000

/** Rows of this many days up to this many days ago. */
function fill(from: number, until: number): void {
  const rows = (from - until) * MINUTES_A_DAY * rowsPerMinute
  const row = `number % ${rowsPerMinute}`
  const place = `${row} % ${workloads + 2}`
  const share = `multiIf(${place} = 0, 'idle', ${place} = 1, 'unattributed', 'active')`
  const id = `if(${place} < 2, '', concat('w', toString(${place})))`
  const values: Readonly<Record<string, string>> = {
    Tenant: "'default'",
    Host: `concat('host-', toString(intDiv(${row}, ${workloads + 2})))`,
    HostName: "'host'",
    WindowStart: `toDateTime(${end - from * 86_400} + 60 * intDiv(number, ${rowsPerMinute}))`,
    WorkloadKind: `if(${place} < 2, '', 'container')`,
    WorkloadId: id,
    WorkloadName: id,
    Namespace: `if(${place} < 2, '', concat('ns-', toString(${place} % 4)))`,
    Component: "'cpu'",
    Share: share,
    EnergyUj: '100000000 + cityHash64(number) % 50000000',
    CpuUs: 'cityHash64(number, 1) % 60000000',
    Coverage: '1',
    EnergyQuality: "'measured'",
    EnergySource: "'otlp:hw.energy'",
    Method: "'ratio'",
    IdlePolicy: "'none'",
    Boundary: "'components'",
    Account: `if(${place} < 2, 'operator', concat('ns-', toString(${place} % 4)))`,
    Zone: "'DE'",
    CarbonOperationalUg: 'intDiv(EnergyUj * 344, 3600000)',
    CostEnergyNano: 'intDiv(EnergyUj * 250, 3600)',
    Currency: "'EUR'",
    IntensityVersion: "'v1'",
    IntensityState: "'final'",
    IntensityKind: "'average'",
    Pue: "'1'",
    TariffVersion: "'t1'",
    EntryKind: "'original'",
    EntryId: 'hex(sipHash128(number, WindowStart))',
  }
  const columns = Object.keys(values).map(name => `\`${name}\``)
  const expressions = Object.entries(values).map(([name, expression]) => `${expression} AS ${name}`)
  session.query(
    `INSERT INTO wattline.ledger (${columns.join(', ')}) SELECT ${expressions.join(', ')} FROM numbers(${rows}) ` +
      'SETTINGS max_insert_threads = 1, max_partitions_per_insert_block = 100',
  )
}

const server = createQueryServer({
  config,
  warehouse,
  events: silentEvents,
  readiness: async () => ({}),
  page: new Map(),
  version: '0',
  started: new Date(),
  now,
})
const { port } = await server.listen('127.0.0.1', 0)

const window = (length: number): string =>
  [end - length * 86_400, end].map(second => new Date(second * 1000).toISOString()).join(',')

/** Route of each question over a window of this many days. */
const QUESTIONS: Readonly<Record<string, (length: number) => string>> = {
  'usage, all of it, by namespace': length => `usage?window=${window(length)}&group_by=namespace`,
  'usage, all of it, by workload and share': length =>
    `usage?window=${window(length)}&group_by=workload,share`,
  'usage, all of it, a row a day': length => `usage?window=${window(length)}&step=1d&group_by=account`,
  'usage, last hour, by workload': () => `usage?window=${window(1 / 24)}&group_by=workload`,
}

interface Cost {
  readonly ms: number
  readonly cpuMs: number
}

async function ask(route: string): Promise<Cost> {
  const cpu = process.cpuUsage()
  const started = performance.now()
  const answer = await fetch(`http://127.0.0.1:${port}/api/v1/${route}`)
  const text = await answer.text()
  if (!answer.ok) throw new Error(text)
  const used = process.cpuUsage(cpu)
  return { ms: performance.now() - started, cpuMs: (used.user + used.system) / 1000 }
}

const results: Record<string, unknown>[] = []
let filled = 0
try {
  for (const length of days) {
    const cpu = process.cpuUsage()
    for (; filled < length; filled = Math.min(length, filled + DAYS_A_BATCH)) {
      fill(Math.min(length, filled + DAYS_A_BATCH), filled)
    }
    session.query('OPTIMIZE TABLE wattline.ledger FINAL')
    const used = process.cpuUsage(cpu)
    const [size] = await warehouse.query<{ rows: string; bytes: string }>(
      "SELECT sum(rows) AS rows, sum(bytes_on_disk) AS bytes FROM system.parts WHERE active AND table = 'ledger'",
    )
    process.stderr.write(
      `${length} days: ${size?.rows} rows, ${size?.bytes} bytes, written in ${((used.user + used.system) / 1e6).toFixed(1)} CPU s\n`,
    )
    for (const [question, route] of Object.entries(QUESTIONS)) {
      await ask(route(length))
      const costs: Cost[] = []
      for (let at = 0; at < Number(values.answers); at++) costs.push(await ask(route(length)))
      results.push({
        days: length,
        rows: Number(size?.rows),
        bytes: Number(size?.bytes),
        question,
        ms: Math.round(median(costs.map(cost => cost.ms))),
        cpu_ms: Math.round(median(costs.map(cost => cost.cpuMs))),
      })
    }
  }
  process.stdout.write(`${JSON.stringify(results, null, 2)}\n`)
} finally {
  await server.stop()
  session.close()
  await warehouse.close()
  rmSync(path, { recursive: true, force: true })
}
