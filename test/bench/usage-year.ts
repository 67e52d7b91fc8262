/**
 * What `usage` costs over a year of books: time and CPU of warm answers over HTTP, and the rows that the engine read.
 *
 *   UV_THREADPOOL_SIZE=32 node test/bench/usage-year.ts --workloads 5000 --days 365 [--folder F] [--answers 5]
 *
 * The ledger is written by the engine itself: one row for each workload and hour, and a month later a correction of each workload
 * in every twentieth hour, whose intensity was revised; two inserts a month. With --folder the
 * books stay there, months that are there already are not written again, and `--fill-only` ends after writing, so that
 * a large ledger can be made in pieces. The server is asked in this process; CPU is that of the process, all threads.
 */
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
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
    workloads: { type: 'string', default: '5000' },
    days: { type: 'string', default: '365' },
    accounts: { type: 'string', default: '50' },
    folder: { type: 'string' },
    answers: { type: 'string', default: '5' },
    months: { type: 'string', default: '12' },
    'fill-only': { type: 'boolean', default: false },
  },
})
const workloads = Number(values.workloads)
const WORKLOADS_A_HOST = 25
/** The end of the year is fixed, whatever the clock says: a kept ledger always covers the same window. */
const END = Date.UTC(2026, 11, 1) / 1000
const start = END - Number(values.days) * 86_400
const now = (): number => END * 1000

const path = values.folder ?? mkdtempSync(join(tmpdir(), 'wattline-year-'))
mkdirSync(path, { recursive: true })
const config = configSchema.parse({ factors: { zone: 'DE' }, tariffs: { price_per_kwh: '0.25' } })
const warehouse = await openEmbeddedWarehouse({
  path,
  maxMemoryBytes: config.warehouse.max_memory_bytes,
  events: silentEvents,
})
await warehouse.migrate(STREAMS, { signalsDays: 10_000, ledgerDays: 10_000 })
const session = new Session(join(path, 'engine'))

const CORRECTED_EVERY_HOURS = 20

/** Each workload's hours from `from` to `to`; every tenth row is a host's idle energy, one in a hundred is unpriced. */
function fill(from: number, to: number, isCorrection: boolean): void {
  const every = isCorrection ? CORRECTED_EVERY_HOURS : 1
  const hours = Math.ceil((to - from) / 3600 / every)
  const workload = `intDiv(number, ${hours})`
  const idle = `${workload} % 10 = 0`
  const columns: Readonly<Record<string, string>> = {
    Tenant: "'default'",
    Host: `concat('host-', toString(intDiv(${workload}, ${WORKLOADS_A_HOST})))`,
    HostName: "'host'",
    WindowStart: `toDateTime(${from} + ${3600 * every} * (number % ${hours}))`,
    WorkloadKind: `if(${idle}, '', 'container')`,
    WorkloadId: `if(${idle}, '', concat('id-', toString(${workload})))`,
    WorkloadName: `if(${idle}, '', concat('name-', toString(${workload})))`,
    Namespace: `if(${idle}, '', concat('ns-', toString(${workload} % 200)))`,
    Component: "'cpu'",
    Share: `if(${idle}, 'idle', 'active')`,
    EnergyUj: isCorrection ? '0' : '100000000 + cityHash64(number) % 50000000',
    CpuUs: isCorrection ? '0' : 'toInt64(number % 60000000)',
    Coverage: '1',
    EnergyQuality: `if(${workload} % 3 = 0, 'measured', 'estimated')`,
    EnergySource: "'otlp:hw.energy'",
    Method: "'ratio'",
    Account: `if(${idle}, 'operator', concat('account-', toString(${workload} % ${values.accounts})))`,
    Zone: "'DE'",
    CarbonOperationalUg: isCorrection
      ? 'toInt64(cityHash64(number) % 2000) - 1000'
      : `if(${workload} % 100 = 1, NULL, intDiv(EnergyUj * 344, 3600000))`,
    CostEnergyNano: 'intDiv(EnergyUj * 250, 3600)',
    Currency: "'EUR'",
    IntensityState: "'final'",
    IntensityKind: "'average'",
    Reason: isCorrection ? "''" : `if(${workload} % 100 = 1, 'no_intensity', '')`,
    EntryKind: isCorrection ? "'correction'" : "'original'",
    CorrectionReason: isCorrection ? "'intensity_revised'" : "''",
    Revision: isCorrection ? '1' : '0',
  }
  session.query(
    `INSERT INTO wattline.ledger (${Object.keys(columns).join(', ')}) ` +
      `SELECT ${Object.entries(columns).map(([name, text]) => `${text} AS ${name}`)} ` +
      `FROM numbers(${workloads * hours}) SETTINGS max_insert_threads = 1, max_threads = 1, min_insert_block_size_rows = 262144, max_block_size = 65536`,
  )
}

let written = 0
for (let at = start; at < END && written < Number(values.months); ) {
  const month = new Date(at * 1000)
  const to = Math.min(END, Date.UTC(month.getUTCFullYear(), month.getUTCMonth() + 1, 1) / 1000)
  const mark = join(path, `filled-${at}`)
  if (!existsSync(mark)) {
    const cpu = process.cpuUsage()
    fill(at, to, false)
    fill(at, to, true)
    writeFileSync(mark, '')
    const used = process.cpuUsage(cpu)
    process.stderr.write(
      `${month.toISOString().slice(0, 7)}: ${((used.user + used.system) / 1e6).toFixed(1)} CPU s\n`,
    )
    written += 1
  }
  at = to
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

const iso = (seconds: number): string => new Date(seconds * 1000).toISOString()
const year = `window=${iso(start)},${iso(END)}`
const QUESTIONS: Readonly<Record<string, string>> = {
  'a year by account, a row a month': `${year}&group_by=account&step=month`,
  'a year by account': `${year}&group_by=account`,
  'a year by account, 30-day steps': `${year}&group_by=account&step=30d`,
  'a year, one account, by namespace': `${year}&group_by=namespace&filter=account:account-7`,
  'a year, one workload, a row a day': `${year}&filter=workload:name-77&step=1d`,
  'a year by workload': `${year}&group_by=workload`,
  'a year to 13:37 by account': `window=${iso(start + 48_000)},${iso(END - 37_380)}&group_by=account`,
  'a day by account, a row an hour': `window=${iso(END - 86_400)},${iso(END)}&group_by=account&step=1h`,
  'an hour by account': `window=${iso(END - 3_600)},${iso(END)}&group_by=account`,
}

async function main(port: number): Promise<void> {
  const [size] = await warehouse.query<{ rows: string; bytes: string }>(
    "SELECT sum(rows) AS rows, sum(bytes_on_disk) AS bytes FROM system.parts WHERE active AND table = 'ledger'",
  )
  process.stdout.write(`${size?.rows} rows, ${size?.bytes} bytes\n`)
  for (const [question, query] of Object.entries(QUESTIONS)) {
    const ms: number[] = []
    const cpuMs: number[] = []
    let told = ''
    // The first two answers warm caches and are not counted.
    for (let at = -2; at < Number(values.answers); at++) {
      const cpu = process.cpuUsage()
      const begun = performance.now()
      const answer = await fetch(`http://127.0.0.1:${port}/api/v1/usage?${query}`)
      const text = await answer.text()
      const used = process.cpuUsage(cpu)
      if (!answer.ok) told = ` ${answer.status} ${text.slice(0, 200)}`
      if (at < 0) continue
      ms.push(performance.now() - begun)
      cpuMs.push((used.user + used.system) / 1000)
    }
    process.stdout.write(
      `${question}: ${median(ms).toFixed(0)} ms, ${median(cpuMs).toFixed(0)} CPU ms${told}\n`,
    )
  }
}

try {
  if (!values['fill-only']) await main((await server.listen('127.0.0.1', 0)).port)
} finally {
  await server.stop()
  session.close()
  await warehouse.close()
  if (values.folder === undefined) rmSync(path, { recursive: true, force: true })
}
