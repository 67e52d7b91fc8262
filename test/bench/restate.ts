/**
 * What restating costs: the intensity of a zone is revised for every hour of a month whose bills are closed, and the entries are
 * restated over the real log and engine. Prints progress, entries per CPU second from the revision until the tables hold all
 * corrections and the last pass has found nothing more, and what an audit finds: the sum of every account and hour is what the
 * revised values give, another zone and the closed bills have not changed, and the next bills correct the month by the difference.
 *
 *   npm run bench:restate -- --hosts 50 --workloads 100 --days 30
 *
 * Before that, a ledger of this size is filled: 220 M entries need 25 GB of disk. That is not counted. Exits with 1 on any finding.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openEmbeddedBroker } from '../../core/broker/embedded/embedded-broker.ts'
import { configSchema } from '../../core/catalogue/config/schema.ts'
import { type Events, silentEvents } from '../../core/catalogue/events/events.ts'
import { putIntensities } from '../../core/factors/intensity-log.ts'
import { factorsOf, intensityValues } from '../../core/factors/intensity-values.ts'
import { billing, ledger, STREAMS } from '../../core/model/streams/index.ts'
import { openEmbeddedWarehouse } from '../../core/warehouse/embedded/embedded.ts'
import { Runner } from '../../processors/loop/runner.ts'
import { streamSettings } from '../../processors/processors.ts'
import { createRestate, RESTATE } from '../../processors/restate/processor.ts'
import { createStore } from '../../processors/store/store.ts'
import { parseArgs } from '../support/arguments.ts'
import { followerOf } from '../support/factor-follower.ts'
import { sinceStart } from '../support/progress.ts'
import { memory, pause } from './costs/process.ts'
import { openBilling } from './restating/billing.ts'
import {
  billedCorrections,
  billsDigest,
  carbonFindings,
  carbonSums,
  correctionFacts,
  revisedThousandths,
} from './restating/checks.ts'
import { CONFIG, entriesOf, fillMonth, ZONE } from './restating/month.ts'

const { values } = parseArgs({
  options: {
    hosts: { type: 'string', default: '10' },
    workloads: { type: 'string', default: '100' },
    days: { type: 'string', default: '3' },
  },
})
const [MONTH, NEXT_MONTH] = ['2026-11', '2026-12'] as const
const [START, NEXT] = [MONTH, NEXT_MONTH].map(month => Date.parse(`${month}-01T00:00:00Z`) / 1000) as [
  number,
  number,
]
const month = {
  hosts: Number(values.hosts),
  otherHosts: 1,
  workloads: Number(values.workloads),
  hours: Number(values.days) * 24,
  start: START,
}
const note = sinceStart()
const path = mkdtempSync(join(tmpdir(), 'wattline-restate-'))
const config = configSchema.parse({
  ...CONFIG,
  data: path,
  billing: { first_period: MONTH },
  retention: { ledger_days: 4_000 },
})
const warehouse = await openEmbeddedWarehouse({
  path: join(path, 'warehouse'),
  maxMemoryBytes: config.warehouse.max_memory_bytes,
  events: silentEvents,
})
await warehouse.migrate(STREAMS, { signalsDays: 30, ledgerDays: 4_000 })
const { statements } = warehouse
if (statements === undefined) throw new Error('the engine takes no statements')

const entries = entriesOf(month)
let notedMs = 0
await fillMonth(warehouse, month, done => {
  if (done < entries && performance.now() - notedMs < 10_000) return
  notedMs = performance.now()
  note(`${(done / 1e6).toFixed(1)} of ${(entries / 1e6).toFixed(1)} M entries are there`)
})

let restated = 0
const events: Events = {
  emit(name, facts) {
    if (name === 'entriesRestated') restated += facts?.amount ?? 0
  },
}
let nowMs = Date.now()
const broker = await openEmbeddedBroker({ path: join(path, 'log'), maxBytes: 1e10, events: silentEvents })
await broker.createStreams(streamSettings(config))
const follower = followerOf(broker, () => performance.now())
const runner = new Runner({ broker, events: silentEvents, now: () => nowMs })
await runner.start(createStore({ streams: [ledger, billing], warehouse, events: silentEvents }))
const bills = await openBilling({ broker, runner, warehouse, config, now: () => nowMs })

nowMs = (NEXT + 86_400) * 1000
const billed = await bills.close(MONTH)
const digest = await billsDigest(warehouse, MONTH)
const before = await carbonSums(warehouse)
note(`${billed} bills of ${MONTH} are closed; ${before.revised} µg in ${ZONE}, ${before.others} µg elsewhere`)

await runner.start(
  createRestate({
    broker,
    statements,
    folder: join(path, 'warehouse', 'incoming'),
    book: async () => (await follower.catchUp()).intensities,
    // Nothing is rated meanwhile.
    raters: [],
    events,
    now: Date.now,
  }),
)
const iso = (second: number): string => new Date(second * 1000).toISOString()
const body = intensityValues.parse({
  zone: ZONE,
  source: 'bench',
  values: Array.from({ length: month.hours }, (_, hour) => ({
    from: iso(START + 3_600 * hour),
    to: iso(START + 3_600 * (hour + 1)),
    g_per_kwh: (revisedThousandths(hour) / 1_000).toFixed(3),
  })),
})
const isDone = async (): Promise<boolean> =>
  (broker.holdings?.(RESTATE, 'factors') ?? []).every(
    ({ state, committed, end }) => committed === end && [...state.keys()].every(name => name === 'next'),
  ) && (await broker.lag('store', 'ledger')).every(({ committed, end }) => committed === end)
const cpu = process.cpuUsage()
const startedMs = performance.now()
await putIntensities(broker, factorsOf(body, 'api'), Date.now())
do {
  await pause(200)
  if (performance.now() - notedMs < 10_000) continue
  notedMs = performance.now()
  const used = process.cpuUsage(cpu)
  note(`${restated} corrections, ${((used.user + used.system) / 1e6).toFixed(0)} CPU s`)
} while (!(await isDone()))
const used = process.cpuUsage(cpu)
const seconds = (used.user + used.system) / 1e6
const wall = (performance.now() - startedMs) / 1000
const ofZone = entriesOf({ ...month, otherHosts: 0 })
note(
  `${ofZone} entries restated in ${seconds.toFixed(1)} CPU s (${wall.toFixed(1)} s): ${Math.round(ofZone / seconds)} entries per CPU second`,
)

const findings: string[] = []
const after = await carbonSums(warehouse)
const { wrong, right } = await carbonFindings(warehouse, NEXT)
const difference = right - before.revised
findings.push(...wrong)
if (after.revised - before.revised !== difference) findings.push('the sum did not change by the difference')
if (after.others !== before.others) findings.push('the carbon of another zone has changed')
const facts = await correctionFacts(warehouse)
note(`corrections: ${JSON.stringify(facts)}`)
if (facts['cost_nano'] !== '0' || facts['energy_uj'] !== '0')
  findings.push('corrections change energy or cost')
note(`sum of ${ZONE}: ${before.revised} -> ${after.revised} µg; analytic difference ${difference} µg`)

nowMs = (NEXT + 32 * 86_400) * 1000
await bills.close(NEXT_MONTH)
if ((await billsDigest(warehouse, MONTH)) !== digest) findings.push(`bills of ${MONTH} have changed`)
const corrected = await billedCorrections(warehouse, NEXT_MONTH)
note(`bills of ${NEXT_MONTH} correct: ${JSON.stringify(corrected)}`)
const [only, ...others] = corrected
if (only?.period !== MONTH || others.length > 0 || BigInt(only.ug) !== difference) {
  findings.push(`bills of ${NEXT_MONTH} do not correct ${MONTH} by ${difference} µg`)
}
for (const finding of findings) process.stdout.write(`FINDING ${finding}\n`)
process.stdout.write(
  `${ofZone} entries, ${restated} corrections, ${Math.round(ofZone / seconds)} entries per CPU second, at most ${memory(process.pid).peakMb.toFixed(0)} MB; ${findings.length} findings\n`,
)
await runner.stop()
await broker.close()
await warehouse.close()
rmSync(path, { recursive: true, force: true })
process.exitCode = findings.length === 0 ? 0 : 1
