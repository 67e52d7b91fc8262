/**
 * What an open live page costs: CPU of an answer of `/api/v1/live`, with readings of this many hosts over this many minutes that
 * are merged as after hours, and new ones every round, as an instance has them.
 *
 *   npx node test/bench/live-hosts.ts --hosts 500 --minutes 60 --series 70
 *
 * Readings are written by the engine itself. Between two answers lie five seconds of the clock that the server is given. CPU
 * is that of the process, all threads, while it answers.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { Session } from 'chdb'
import { configSchema } from '../../core/catalogue/config/schema.ts'
import { silentEvents } from '../../core/catalogue/events/events.ts'
import { STREAMS } from '../../core/model/streams/index.ts'
import { openEmbeddedWarehouse } from '../../core/warehouse/embedded/embedded.ts'
import { createQueryServer } from '../../query/server.ts'
import { parseArgs } from '../support/arguments.ts'

const { values } = parseArgs({
  options: {
    hosts: { type: 'string', default: '500' },
    minutes: { type: 'string', default: '60' },
    series: { type: 'string', default: '70' },
    answers: { type: 'string', default: '12' },
  },
})
const [hosts, minutes, series] = [Number(values.hosts), Number(values.minutes), Number(values.series)]
const STEP_S = 5

const path = mkdtempSync(join(tmpdir(), 'wattline-live-'))
const config = configSchema.parse({ factors: { zone: 'DE' } })
const warehouse = await openEmbeddedWarehouse({
  path,
  maxMemoryBytes: config.warehouse.max_memory_bytes,
  events: silentEvents,
})
await warehouse.migrate(STREAMS, { signalsDays: 30, ledgerDays: 400 })
const session = new Session(join(path, 'engine'))
let at = Math.floor(Date.now() / 3_600_000) * 3_600 - minutes * 60

/** Readings of all hosts for this many seconds, as counters of 2 meters, 8 CPU modes and workloads. */
function fill(seconds: number): void {
  const place = `number % ${series}`
  const host = `intDiv(number, ${series}) % ${hosts}`
  const columns: Readonly<Record<string, string>> = {
    Tenant: "'default'",
    Host: `concat('id-', toString(${host}))`,
    HostName: `concat('host-', toString(${host}))`,
    BootId: "'boot'",
    Timestamp: `toDateTime64(${at} + ${STEP_S} * intDiv(number, ${series * hosts}), 9, 'UTC')`,
    Quantity: `if(${place} < 2, 'energy', 'cpu_time')`,
    Domain: `multiIf(${place} < 2, concat('package-', toString(${place})), ${place} < 10, concat('mode-', toString(${place})), '')`,
    WorkloadKind: `if(${place} < 10, '', 'container')`,
    WorkloadId: `if(${place} < 10, '', concat('w-', toString(${place})))`,
    Value: `toInt64(toUnixTimestamp(Timestamp)) * 1000000`,
    Source: "'otlp'",
    Quality: "'measured'",
  }
  session.query(
    `INSERT INTO wattline.readings (${Object.keys(columns).join(', ')}) ` +
      `SELECT ${Object.entries(columns).map(([name, text]) => `${text} AS ${name}`)} ` +
      `FROM numbers(${(seconds / STEP_S) * series * hosts}) SETTINGS max_threads = 1, max_insert_threads = 1`,
  )
  at += seconds
}

for (let minute = 0; minute < minutes; minute++) fill(60)
session.query('OPTIMIZE TABLE wattline.readings FINAL')
const [size] = await warehouse.query<{ rows: string }>('SELECT count() AS rows FROM wattline.readings')

const server = createQueryServer({
  config,
  warehouse,
  events: silentEvents,
  readiness: async () => ({}),
  page: new Map(),
  version: '0',
  started: new Date(),
  now: () => at * 1000,
})

try {
  const { port } = await server.listen('127.0.0.1', 0)
  const cpuMs: number[] = []
  // The first answers read everything and warm caches: they are reported separately.
  for (let round = 0; round < Number(values.answers) + 2; round++) {
    fill(STEP_S)
    // The cost of storing, including merges, is not part of the page.
    await delay(1_000)
    const cpu = process.cpuUsage()
    const answer = await fetch(`http://127.0.0.1:${port}/api/v1/live?minutes=5`)
    const text = await answer.text()
    const used = process.cpuUsage(cpu)
    if (!answer.ok) throw new Error(text)
    cpuMs.push((used.user + used.system) / 1000)
  }
  const counted = cpuMs.slice(2)
  // The mean, because an answer occasionally reads all hosts.
  const usual = counted.reduce((sum, ms) => sum + ms, 0) / counted.length
  process.stdout.write(
    `${hosts} hosts, ${size?.rows} readings: first ${cpuMs[0]?.toFixed(0)} CPU ms, then ${usual.toFixed(0)}: ` +
      `${((usual / (STEP_S * 1000)) * 100).toFixed(2)} % of a core for a page\n`,
  )
} finally {
  await server.stop()
  session.close()
  await warehouse.close()
  rmSync(path, { recursive: true, force: true })
}
