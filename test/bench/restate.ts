/**
 * What restating costs: a zone's intensity is revised for all minutes of a ledger, and entries are restated over the real log
 * and engine. Prints entries per CPU second, from the revision until the tables hold the corrections and the last pass has
 * found nothing more; and for how many hours of accounts the sum is not the analytic one.
 *
 *   UV_THREADPOOL_SIZE=32 node test/bench/restate.ts --hosts 10 --workloads 100 --days 3
 *
 * The engine writes the ledger itself, one row for each workload and minute and without rollups; that is not counted.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Session } from 'chdb'
import { openEmbeddedBroker } from '../../core/broker/embedded/embedded-broker.ts'
import { configSchema } from '../../core/catalogue/config/schema.ts'
import { silentEvents } from '../../core/catalogue/events/events.ts'
import { putIntensities } from '../../core/factors/intensity-log.ts'
import { factorsOf, intensityValues } from '../../core/factors/intensity-values.ts'
import { ledger, STREAMS } from '../../core/model/streams/index.ts'
import { openEmbeddedWarehouse } from '../../core/warehouse/embedded/embedded.ts'
import { Runner } from '../../processors/loop/runner.ts'
import { streamSettings } from '../../processors/processors.ts'
import { createRestate, RESTATE } from '../../processors/restate/processor.ts'
import { createStore } from '../../processors/store/store.ts'
import { parseArgs } from '../support/arguments.ts'
import { followerOf } from '../support/factor-follower.ts'
import { pause } from './costs/process.ts'

const { values } = parseArgs({
  options: {
    hosts: { type: 'string', default: '10' },
    workloads: { type: 'string', default: '100' },
    days: { type: 'string', default: '3' },
  },
})
const [hosts, workloads, days] = [Number(values.hosts), Number(values.workloads), Number(values.days)]
const minutes = days * 1440
const entries = hosts * workloads * minutes
const START = Date.UTC(2026, 10, 1) / 1000
const [OLD, REVISED] = [300n, 320n]

const path = mkdtempSync(join(tmpdir(), 'wattline-restate-'))
const config = configSchema.parse({ data: path })
const warehouse = await openEmbeddedWarehouse({
  path: join(path, 'warehouse'),
  maxMemoryBytes: config.warehouse.max_memory_bytes,
  events: silentEvents,
})
await warehouse.migrate(STREAMS, { signalsDays: 10_000, ledgerDays: 10_000 })
const session = new Session(join(path, 'warehouse', 'engine'))
const rollups = ledger.table.projections.map(text => ({ name: text.split(' ', 1)[0] ?? '', text }))
for (const { name } of rollups) session.query(`ALTER TABLE wattline.ledger DROP PROJECTION ${name}`)
const workload = `intDiv(number, ${minutes})`
session.query(
  `INSERT INTO wattline.ledger (Tenant, Host, HostName, WindowStart, WorkloadKind, WorkloadId, Component, Share, EnergyUj, Coverage,
     EnergyQuality, EnergySource, Method, Account, Zone, Pue, CarbonOperationalUg, CostEnergyNano, Currency, IntensityVersion,
     IntensityKind, IntensityState, EntryKind, EntryId)
   SELECT 'default', concat('host-', toString(intDiv(${workload}, ${workloads}))) AS h, h,
     toDateTime(${START} + 60 * (number % ${minutes})), 'container', concat('w-', toString(${workload})), 'cpu', 'active',
     100000000 + cityHash64(number) % 50000000 AS e, 1, 'measured', 'bench', 'ratio', concat('a-', toString(${workload} % 20)), 'DE', '1',
     intDiv(e * ${OLD}, 3600000), intDiv(e * 250, 3600), 'EUR', 'old', 'average', 'estimated', 'original', hex(cityHash64(number))
   FROM numbers(${entries}) SETTINGS max_insert_threads = 1, max_threads = 1, max_block_size = 65536`,
)
for (const { text } of rollups) session.query(`ALTER TABLE wattline.ledger ADD PROJECTION ${text}`)

const broker = await openEmbeddedBroker({ path: join(path, 'log'), maxBytes: 1e10, events: silentEvents })
await broker.createStreams(streamSettings(config))
const follower = followerOf(broker, () => performance.now())
const runner = new Runner({ broker, events: silentEvents, now: Date.now })
await runner.start(createStore({ streams: STREAMS, warehouse, events: silentEvents }))
const { statements } = warehouse
if (statements === undefined) throw new Error('the engine takes no statements')
const book = async () => {
  return (await follower.catchUp()).intensities
}
const sum = async (): Promise<bigint> => {
  const [found] = await warehouse.query<{ ug: string }>(
    'SELECT toString(sum(toInt128(CarbonOperationalUg))) AS ug FROM wattline.ledger',
  )
  return BigInt(found?.ug ?? 0)
}
const before = await sum()
await runner.start(
  createRestate({
    broker,
    statements,
    folder: join(path, 'warehouse', 'incoming'),
    book,
    // Nothing is rated meanwhile.
    raters: [],
    events: silentEvents,
    now: Date.now,
  }),
)
const cpu = process.cpuUsage()
const startedMs = performance.now()
const body = intensityValues.parse({
  zone: 'DE',
  source: 'bench',
  values: [
    {
      from: new Date(START * 1000).toISOString(),
      to: new Date((START + days * 86_400) * 1000).toISOString(),
      g_per_kwh: `${REVISED}`,
    },
  ],
})
await putIntensities(broker, factorsOf(body, 'api'), Date.now())
const isDone = (): boolean =>
  (broker.holdings?.(RESTATE, 'factors') ?? []).every(
    ({ state, committed, end }) => committed === end && [...state.keys()].every(name => name === 'next'),
  )
do await pause(200)
while (!isDone() || (await broker.lag('store', 'ledger')).some(({ committed, end }) => committed < end))
const used = process.cpuUsage(cpu)
const seconds = (used.user + used.system) / 1e6
const wrong = await warehouse.query<{ hour: string }>(
  // Of each account and hour. Like the rounding of `rate`, with PUE 1: half to even.
  `SELECT concat(Account, ' ', toString(toStartOfHour(WindowStart))) AS hour,
     sum(toInt128(CarbonOperationalUg)) AS booked,
     sumIf(toInt128(q + if(r * 2 > 3600000 OR (r * 2 = 3600000 AND q % 2 = 1), 1, 0)), EntryKind = 'original') AS right
   FROM (SELECT Account, WindowStart, EntryKind, CarbonOperationalUg, intDiv(EnergyUj * ${REVISED}, 3600000) AS q,
     EnergyUj * ${REVISED} - q * 3600000 AS r FROM wattline.ledger)
   GROUP BY hour HAVING booked != right`,
)
const [corrections] = await warehouse.query<{ n: number }>(
  "SELECT toFloat64(count()) AS n FROM wattline.ledger WHERE EntryKind = 'correction' AND CorrectionReason = 'intensity_revised'",
)
const after = await sum()
const wall = ((performance.now() - startedMs) / 1000).toFixed(1)
process.stdout.write(
  `${entries} entries, ${corrections?.n} corrections in ${seconds.toFixed(1)} CPU s (${wall} s): ${Math.round(entries / seconds)} entries per CPU second\n` +
    `sum ${before} -> ${after} ug; ${wrong.length} hours of accounts differ from what the revised value gives\n`,
)
await runner.stop()
await broker.close()
await warehouse.close()
rmSync(path, { recursive: true, force: true })
process.exit(wrong.length === 0 ? 0 : 1)
