/**
 * What a million spans, a million points and a day of metering a host cost: CPU seconds by process, bytes on the wire, in
 * the log and in the tables, memory. The numbers of docs/scaling.md come from here.
 *
 *   node test/bench/unit-costs.ts --out costs.json      both set-ups, 12 minutes or more
 *   node test/bench/unit-costs.ts --spans 200000 --hosts 20 --minutes 5 --rounds 1 --set-ups embedded
 *
 * Set-ups: `embedded` (one process, embedded log and engine) and `kafka` (a process for the collector, one for processors
 * and query, a real broker of one node). Load is a simulated fleet. A first, smaller round warms up and is not counted; then
 * rounds of spans and of readings alternate, and medians are printed. CPU is that of the servers alone; what they use at
 * rest is taken off. Everything sent in a round is in its table before the round's CPU is read; merges that come later are
 * counted apart, as the CPU of one merge of everything. After `kafka`, `meter`, its memory and small records are measured alone, and the unit costs are
 * printed as simulate/plan/unit-costs.json wants them, with the table of docs/scaling.md.
 */
import { execFile } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { renderCosts } from '../../simulate/plan/render.ts'
import { type SimulationReport, simulate } from '../../simulate/run.ts'
import { parseArgs } from '../support/arguments.ts'
import { startKafka } from '../support/kafka/kafka-server.ts'
import { startProcess, type WattlineProcess } from '../support/wattline-process.ts'
import { type Alone, deriveUnitCosts, type Measured } from './costs/derive.ts'
import {
  calm,
  cpuSeconds,
  drained,
  idleRate,
  median,
  memory,
  streamCounter,
  topicBytes,
} from './costs/process.ts'
import type { TableCost } from './costs/tables.ts'

const { values } = parseArgs({
  options: {
    spans: { type: 'string', default: '1000000' },
    hosts: { type: 'string', default: '200' },
    workloads: { type: 'string', default: '30' },
    minutes: { type: 'string', default: '6' },
    rounds: { type: 'string', default: '3' },
    'set-ups': { type: 'string', default: 'embedded,kafka' },
    machine: { type: 'string', default: '2 shared cores' },
    out: { type: 'string' },
  },
})
const spans = Number(values.spans)
const hosts = Number(values.hosts)
const workloads = Number(values.workloads)
const minutes = Number(values.minutes)
const rounds = Number(values.rounds)

/** Processes that are counted, by name. */
interface SetUp {
  readonly name: string
  readonly otlp: string
  readonly http: string
  readonly pids: Readonly<Record<string, number>>
  /** Data made durable in the log, by stream: bytes, or records. */
  log(counter: 'bytes' | 'records'): Promise<Map<string, number>>
  /** Bytes of the broker's segments, by topic; empty without a broker. */
  brokerBytes(): Map<string, number>
  /** Ends the processes; keeps the engine's folder. */
  end(): Promise<void>
  readonly engine: string
}

const QUIET_LOG = { WATTLINE_LOG_LEVEL: 'error' }

async function startEmbedded(folder: string): Promise<SetUp> {
  const one = await startProcess({ data: folder, environment: QUIET_LOG })
  return {
    name: 'embedded',
    otlp: one.otlp,
    http: one.http,
    pids: { all: one.pid },
    log: counter => streamCounter(one.http, `wattline_log_${counter}_total`),
    brokerBytes: () => new Map(),
    end: async () => void (await one.end('SIGTERM')),
    engine: join(folder, 'warehouse', 'engine'),
  }
}

async function startWithKafka(folder: string): Promise<SetUp> {
  const kafka = await startKafka()
  const environment = {
    ...QUIET_LOG,
    WATTLINE_BROKER_KIND: 'kafka',
    WATTLINE_BROKER_BROKERS: kafka.bootstrap,
    WATTLINE_BROKER_REPLICATION: '1',
  }
  const start = (name: string, roles: string): Promise<WattlineProcess> => {
    mkdirSync(join(folder, name))
    return startProcess({ data: join(folder, name), environment, roles })
  }
  const [front, back] = await Promise.all([
    start('collector', 'collector'),
    start('rest', 'processors,query'),
  ])
  const sum = (maps: readonly Map<string, number>[]): Map<string, number> => {
    const all = new Map<string, number>()
    for (const [name, value] of maps.flatMap(map => [...map])) all.set(name, (all.get(name) ?? 0) + value)
    return all
  }
  return {
    name: 'kafka',
    otlp: front.otlp,
    http: back.http,
    pids: { collector: front.pid, processors: back.pid, broker: kafka.pid },
    log: async counter =>
      sum(
        await Promise.all(
          [front, back].map(({ http }) => streamCounter(http, `wattline_log_${counter}_total`)),
        ),
      ),
    brokerBytes: () => topicBytes(kafka.pid),
    end: async () => {
      await front.end('SIGTERM')
      await back.end('SIGTERM')
      await kafka.destroy()
    },
    engine: join(folder, 'rest', 'warehouse', 'engine'),
  }
}

interface Turn {
  readonly report: SimulationReport
  /** CPU seconds by process, until all data was in its table. */
  readonly cpu: Readonly<Record<string, number>>
  readonly logBytes: ReadonlyMap<string, number>
  readonly logRecords: ReadonlyMap<string, number>
}

const difference = (after: ReadonlyMap<string, number>, before: ReadonlyMap<string, number>) =>
  new Map([...after].map(([name, value]) => [name, value - (before.get(name) ?? 0)]))

let seed = 0
const THIN_REQUESTS = 40

interface Load {
  readonly of: 'spans' | 'readings'
  readonly scale: number
  readonly gzip?: boolean
  /** One client with a few spans at a time: the fixed cost of a record, however small. */
  readonly isThin?: boolean
}

/** One load, and what it cost. */
async function turn(setUp: SetUp, { of: load, scale, gzip = false, isThin = false }: Load): Promise<Turn> {
  const names = Object.keys(setUp.pids)
  const pids = Object.values(setUp.pids)
  await calm(setUp.pids['processors'] ?? setUp.pids['all']!)
  // A thin load lasts a minute and costs about as much as an idle process: an estimate of the idle cost from a few
  // seconds is too coarse.
  const idle = await idleRate(pids, isThin ? 60 : 5)
  const [bytesBefore, recordsBefore] = [await setUp.log('bytes'), await setUp.log('records')]
  const before = pids.map(cpuSeconds)
  const started = Date.now()
  seed += 1
  const lengthMinutes = load === 'readings' ? Math.max(2, minutes * scale) : 1
  const { report } = await simulate({
    seed,
    hosts: load === 'readings' ? hosts : 20,
    workloads: load === 'readings' ? workloads : 10,
    fromMs: Math.floor(Date.now() / 1000) * 1000 - lengthMinutes * 60_000 - 150_000,
    minutes: lengthMinutes,
    // Spans only: hosts send almost nothing.
    intervalMs: load === 'readings' ? 5_000 : 60_000,
    gpus: 0,
    churn: 0.1,
    silent: 0,
    reboots: 0,
    late: 0,
    duplicates: 0,
    url: setUp.otlp,
    gzip,
    // Many clients: with few, each waits for its answer, and records stay small.
    concurrency: isThin ? 2 : load === 'spans' ? 48 : 24,
    isRealtime: false,
    spansPerSecond: isThin ? (8 * THIN_REQUESTS) / 60 : load === 'spans' ? (spans * scale) / 60 : 0,
    spansPerRequest: isThin ? 8 : 1_000,
    hostsPerRequest: 0,
    giveUpMs: 120_000,
    signal: new AbortController().signal,
  })
  await drained(setUp.http)
  const seconds = (Date.now() - started) / 1000
  const cpu = pids.map((pid, index) => cpuSeconds(pid) - before[index]! - idle[index]! * seconds)
  return {
    report,
    cpu: Object.fromEntries(names.map((name, index) => [name, cpu[index]!])),
    logBytes: difference(await setUp.log('bytes'), bytesBefore),
    logRecords: difference(await setUp.log('records'), recordsBefore),
  }
}

const items = ({ report }: Turn, load: 'spans' | 'readings'): number =>
  load === 'spans' ? report.spans_acknowledged : report.points_acknowledged

/** Medians over turns, per million items. */
function perMillion(turns: readonly Turn[], load: 'spans' | 'readings') {
  const rate = (value: (one: Turn) => number): number =>
    median(turns.map(one => (value(one) / items(one, load)) * 1e6))
  const processes = Object.keys(turns[0]!.cpu)
  const streams = [...new Set(turns.flatMap(one => [...one.logBytes.keys()]))].sort()
  return {
    items: items(turns[0]!, load),
    cpu_seconds: Object.fromEntries(processes.map(name => [name, rate(one => one.cpu[name]!)])),
    cpu_seconds_range: Object.fromEntries(
      processes.map(name => {
        const all = turns.map(one => (one.cpu[name]! / items(one, load)) * 1e6)
        return [name, [Math.min(...all), Math.max(...all)]]
      }),
    ),
    generator_cpu_seconds: rate(one => one.report.generator_cpu_seconds),
    wire_bytes: rate(one => one.report.body_bytes) / 1e6,
    log_bytes_by_stream: Object.fromEntries(
      streams.map(name => [name, rate(one => one.logBytes.get(name) ?? 0) / 1e6]),
    ),
    records_by_stream: Object.fromEntries(
      streams.map(name => [name, rate(one => one.logRecords.get(name) ?? 0)]),
    ),
    items_per_second: median(turns.map(one => one.report.items_per_second)),
  }
}

const note = (text: string): void => void process.stderr.write(`${new Date().toISOString()} ${text}\n`)

async function measure(start: (folder: string) => Promise<SetUp>): Promise<unknown> {
  const folder = mkdtempSync(join(tmpdir(), 'wattline-costs-'))
  const setUp = await start(folder)
  try {
    note(`${setUp.name}: warming up`)
    await turn(setUp, { of: 'spans', scale: 0.2 })
    await turn(setUp, { of: 'readings', scale: 0.2 })
    const turns: Record<'spans' | 'readings' | 'gzip', Turn[]> = { spans: [], readings: [], gzip: [] }
    for (let round = 0; round < rounds; round++) {
      for (const load of ['spans', 'readings'] as const) {
        turns[load].push(await turn(setUp, { of: load, scale: 1 }))
        note(`${setUp.name}, round ${round + 1}, ${load}: ${JSON.stringify(turns[load].at(-1)!.cpu)}`)
      }
      turns.gzip.push(await turn(setUp, { of: 'spans', scale: 0.3, gzip: true }))
    }
    const thin = await turn(setUp, { of: 'spans', scale: 1, isThin: true })
    const peak = Object.entries(setUp.pids).map(([name, pid]) => [name, memory(pid)] as const)
    const sql = rowsOf(setUp.http)
    const ledger = await sql(
      'SELECT count() AS rows, uniqExact(Host, WindowStart) AS host_minutes FROM ledger',
    )
    const brokerBytes = Object.fromEntries(setUp.brokerBytes())
    const sent = { spans: await count(sql, 'otel_traces'), readings: await count(sql, 'readings') }
    await setUp.end()
    note(`${setUp.name}: merging everything once`)
    const script = new URL('costs/tables.ts', import.meta.url).pathname
    const { stdout } = await promisify(execFile)(process.execPath, [script, setUp.engine])
    return {
      spans: perMillion(turns.spans, 'spans'),
      spans_gzip: perMillion(turns.gzip, 'spans'),
      readings: perMillion(turns.readings, 'readings'),
      thin: {
        records: [...thin.logRecords.values()].reduce((sum, records) => sum + records, 0),
        spans_records: thin.logRecords.get('traces'),
        cpu_seconds: thin.cpu,
      },
      ledger: ledger[0],
      stored: sent,
      memory: Object.fromEntries(peak),
      broker_bytes: brokerBytes,
      tables: JSON.parse(stdout) as TableCost[],
    }
  } finally {
    await setUp.end().catch(() => {})
    rmSync(folder, { recursive: true, force: true })
  }
}

type Select = (query: string) => Promise<readonly Readonly<Record<string, unknown>>[]>

const rowsOf =
  (http: string): Select =>
  async query => {
    const answer = await fetch(`${http}/api/v1/sql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ query }),
    })
    if (!answer.ok) throw new Error(await answer.text())
    return ((await answer.json()) as { readonly data: Awaited<ReturnType<Select>> }).data
  }

const count = async (sql: Select, table: string): Promise<number> =>
  Number((await sql(`SELECT count() AS n FROM ${table}`))[0]?.['n'])

/** What another bench prints. */
const outputOf = async (name: string, ...words: string[]): Promise<string> => {
  const script = new URL(name, import.meta.url).pathname
  const { stdout, stderr } = await promisify(execFile)(process.execPath, ['--expose-gc', script, ...words])
  return stdout + stderr
}

/** What is measured by itself: `meter`, its memory, and small records that share an insert. */
async function measuredAlone(): Promise<Alone> {
  const number = (text: string, pattern: RegExp): number => Number(pattern.exec(text)?.[1] ?? Number.NaN)
  const sizes = ['--hosts', '100', '--workloads', String(workloads), '--rounds', '3', '--only', 'record']
  const cpu = await outputOf('meter.ts', ...sizes)
  const memory = await outputOf('meter-memory.ts')
  const records = 64
  const small = await outputOf('small-records.ts', '--records', String(records))
  const together = number(small, /^together +([\d.]+)/m)
  return {
    cpuSecondsPerMillion: number(cpu, /^record +([\d.]+) CPU s/m),
    memoryBytesPerSeries: number(memory, /^series of a fleet:.* ([\d.]+) bytes a series/m),
    memoryBytesPerHost: number(memory, /^hosts with one series:.* ([\d.]+) bytes a host/m),
    sharedRecordSeconds: Math.max(0, together - number(small, /^alone +([\d.]+)/m) / records) / 1000,
  }
}

const starts = { embedded: startEmbedded, kafka: startWithKafka } as const
const result: Record<string, unknown> = {
  date: new Date().toISOString().slice(0, 10),
  hosts,
  workloads,
  minutes,
}
for (const name of values['set-ups'].split(',')) {
  const start = starts[name as keyof typeof starts]
  if (start === undefined) throw new Error(`no set-up ${name}; there are ${Object.keys(starts).join(', ')}`)
  result[name] = await measure(start)
}
if (result['kafka'] !== undefined) {
  const words = { date: String(result['date']), machine: values.machine }
  const costs = deriveUnitCosts(result['kafka'] as Measured, await measuredAlone(), words)
  result['unit_costs'] = costs
  note(`unit costs of this run:\n\n${renderCosts(costs)}`)
}
const text = `${JSON.stringify(result, null, 2)}\n`
process.stdout.write(text)
if (values.out !== undefined) writeFileSync(values.out, text)
