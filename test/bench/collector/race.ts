/**
 * Wattline against the OpenTelemetry Collector 0.155: items per CPU second of the server process (user and system time, all
 * threads), with the OK after the same kind of durability. README.md says how, and what was found.
 *
 *   node test/bench/collector/race.ts [--only kafka-zstd-16,gzip] [--rounds 3] [--seconds 8] [--warm-up 3]
 *     [--spans-of-trace 5]
 *
 * The sides take turns within each round, so that what else the machine does meets both; medians are compared.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync, writeFileSync } from 'node:fs'
import { loadavg } from 'node:os'
import { createInterface } from 'node:readline'
import { parseArgs } from '../../support/arguments.ts'
import { type KafkaServer, startKafka } from '../../support/kafka/kafka-server.ts'
import { cpuMs } from '../replica.ts'
import { type Contestant, collector, type Target, wattline } from './contestants.ts'
import type { Order, Report } from './load.ts'
import type { RaceSignal } from './payloads.ts'
import { createTopics, topicBytes } from './topics.ts'

interface Discipline {
  readonly name: string
  readonly target: Target
  readonly signal: RaceSignal
  readonly items: number
  readonly gzip: boolean
  readonly grpc: boolean
  readonly connections: number
  /** The required ratio. */
  readonly goal: number
}

const discipline = (
  name: string,
  target: Target,
  goal: number,
  { signal = 'traces' as RaceSignal, items = 1_000, gzip = false, grpc = false, connections = 16 } = {},
): Discipline => ({ name, target, goal, signal, items, gzip, grpc, connections })

const DISCIPLINES: readonly Discipline[] = [
  discipline('kafka-zstd-16', 'kafka-zstd', 2.5),
  discipline('kafka-zstd-4', 'kafka-zstd', 2.2, { connections: 4 }),
  discipline('kafka-none-16', 'kafka-none', 1.5),
  discipline('gzip', 'kafka-zstd', 2, { gzip: true }),
  discipline('ingest-alone', 'discard', 1.3),
  discipline('grpc-kafka', 'kafka-zstd', 1.7, { grpc: true }),
  discipline('grpc-alone', 'discard', 1, { grpc: true }),
  discipline('metrics', 'kafka-none', 1, { signal: 'metrics' }),
  discipline('small-requests', 'kafka-zstd', 1.5, { items: 100 }),
]

const { values } = parseArgs({
  options: {
    only: { type: 'string' },
    rounds: { type: 'string', default: '3' },
    seconds: { type: 'string', default: '8' },
    'warm-up': { type: 'string', default: '3' },
    'spans-of-trace': { type: 'string', default: '5' },
  },
})
const only = values.only?.split(',')
const chosen = DISCIPLINES.filter(({ name }) => only === undefined || only.includes(name))

const child = spawn(process.execPath, [new URL('./load.ts', import.meta.url).pathname], {
  stdio: ['pipe', 'pipe', 'inherit'],
})
process.once('exit', () => child.kill('SIGKILL'))
const answers = createInterface({ input: child.stdout })

async function load(order: Order): Promise<Report> {
  const answer = once(answers, 'line')
  child.stdin.write(`${JSON.stringify(order)}\n`)
  return JSON.parse((await answer)[0] as string) as Report
}

interface Turn {
  readonly perCpuSecond: number
  readonly perSecond: number
  /** Items, including the warm-up. */
  readonly sent: number
  readonly peakMiB: number
  readonly p50Ms: number
  readonly p99Ms: number
}

/** Linux: resets the peak of memory. */
const resetPeak = (pid: number): void => writeFileSync(`/proc/${pid}/clear_refs`, '5')
const peakMiB = (pid: number): number =>
  Number(/VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1024

async function turn(side: Contestant, what: Discipline): Promise<Turn> {
  const { signal, items, gzip, grpc, connections } = what
  const order = {
    port: grpc ? side.grpcPort : side.port,
    signal,
    items,
    gzip,
    grpc,
    connections,
    spansOfTrace: Number(values['spans-of-trace']),
  }
  const warmUp = await load({ ...order, seconds: Number(values['warm-up']) })
  resetPeak(side.pid)
  const [cpu, startedMs] = [cpuMs(side.pid), performance.now()]
  const report = await load({ ...order, seconds: Number(values.seconds) })
  const [usedMs, tookMs] = [cpuMs(side.pid) - cpu, performance.now() - startedMs]
  if (report.refused > 0) throw new Error(`${side.name} refused ${report.refused} requests in ${what.name}`)
  return {
    perCpuSecond: (report.requests * items * 1_000) / usedMs,
    perSecond: (report.requests * items * 1_000) / tookMs,
    sent: (warmUp.requests + report.requests) * items,
    peakMiB: peakMiB(side.pid),
    p50Ms: report.p50Ms,
    p99Ms: report.p99Ms,
  }
}

const median = (numbers: readonly number[]): number =>
  numbers.toSorted((a, b) => a - b)[numbers.length >> 1] as number
const k = (number: number): string => `${(number / 1e3).toFixed(0)}k`

/** One topic for each table: points need three. */
const TOPICS: Readonly<Record<RaceSignal, readonly string[]>> = {
  traces: ['traces'],
  metrics: ['metric_points', 'metric_histograms'],
}

async function bytesIn(kafka: KafkaServer, { name }: Contestant, signal: RaceSignal): Promise<number> {
  const topics =
    name === 'Wattline' ? TOPICS[signal].map(topic => `wattline.${topic}`) : [`otelcol.${signal}`]
  const bytes = await Promise.all(topics.map(topic => topicBytes(kafka, topic)))
  return bytes.reduce((sum, one) => sum + one, 0)
}

async function race(what: Discipline, kafka: KafkaServer): Promise<void> {
  const bootstrap = what.target === 'discard' ? null : kafka.bootstrap
  const sides = [await wattline(bootstrap), await collector(what.target, bootstrap)]
  const turns = new Map<string, Turn[]>(sides.map(({ name }) => [name, []]))
  const wire = new Map<string, number[]>(sides.map(({ name }) => [name, []]))
  try {
    for (let round = 0; round < Number(values.rounds); round++) {
      for (const side of sides) {
        const before = await bytesIn(kafka, side, what.signal)
        const one = await turn(side, what)
        turns.get(side.name)?.push(one)
        const bytes = (await bytesIn(kafka, side, what.signal)) - before
        wire.get(side.name)?.push(bytes / one.sent)
      }
    }
  } finally {
    for (const side of sides) await side.end()
  }
  const of = (name: string, pick: (one: Turn) => number): number => median((turns.get(name) ?? []).map(pick))
  for (const { name } of sides) {
    const all = (turns.get(name) ?? []).map(one => k(one.perCpuSecond)).join(' ')
    console.log(
      `${what.name.padEnd(15)} ${name.padEnd(10)} ${k(of(name, one => one.perCpuSecond)).padStart(6)} per CPU s (${all}), ` +
        `${k(of(name, one => one.perSecond))}/s, p50 ${of(name, one => one.p50Ms).toFixed(1)} p99 ${of(name, one => one.p99Ms).toFixed(0)} ms, ` +
        `peak ${Math.max(...(turns.get(name) ?? []).map(one => one.peakMiB)).toFixed(0)} MiB`,
    )
  }
  const ratio = of('Wattline', one => one.perCpuSecond) / of('Collector', one => one.perCpuSecond)
  const bytesOf = (name: string): string => median(wire.get(name) ?? []).toFixed(0)
  const bytes =
    bootstrap === null ? '' : `; bytes an item in Kafka ${bytesOf('Wattline')} and ${bytesOf('Collector')}`
  console.log(
    `${what.name.padEnd(15)} ratio ${ratio.toFixed(2)}, goal ${what.goal}: ${ratio >= what.goal ? 'reached' : 'NOT reached'}` +
      `${bytes}; load average ${loadavg()[0]?.toFixed(1)}`,
  )
}

const kafka = await startKafka({ properties: { 'log.retention.bytes': '1000000000' } })
try {
  await createTopics(kafka, ['otelcol.traces', 'otelcol.metrics'])
  for (const what of chosen) await race(what, kafka)
} finally {
  await kafka.destroy()
  child.kill()
}
process.exit(0)
