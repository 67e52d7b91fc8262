/**
 * What a second process of a collector brings (`collector.processes: 2`), on a real Kafka.
 *
 *   node test/bench/processes.ts [--rounds 5] [--cpus 0.3] [--seconds 10] [--connections 32] [--spans 1000]
 *
 * One process and two take turns; each is sent spans by connections that send the next request when the last one is answered.
 * Each process that takes telemetry is confined to `--cpus` processors, as a container's CPU limit does (root, control groups), since
 * the generator and Kafka share the machine: two unconfined processes would measure what these leave over. Printed are the
 * medians, the ratio (2: a second process does as much as the first), and the CPU time of all, the supervisor included.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { parseArgs } from '../support/arguments.ts'
import { type KafkaServer, startKafka } from '../support/kafka/kafka-server.ts'
import { eventually } from '../support/until.ts'
import { startProcess, type WattlineProcess } from '../support/wattline-process.ts'
import type { Order, Report } from './collector/load.ts'
import { confine } from './cpu-quota.ts'
import { cpuMs } from './replica.ts'

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '5' },
    cpus: { type: 'string', default: '0.3' },
    seconds: { type: 'string', default: '10' },
    connections: { type: 'string', default: '32' },
    spans: { type: 'string', default: '1000' },
  },
})
const spans = Number(values.spans)
const WARM_UP_SECONDS = 5

interface Turn {
  readonly perSecond: number
  readonly p99Ms: number
  /** CPU seconds for a million spans. */
  readonly workers: number
  readonly supervisor: number
  readonly kafka: number
  /** Share of the workers' CPU time used by the busiest one. */
  readonly busiest: number
}

/** Processes that receive telemetry: the process itself, or those that it has started. */
async function workersOf(wattline: WattlineProcess, processes: number): Promise<readonly number[]> {
  if (processes === 1) return [wattline.pid]
  const pids = () =>
    wattline.stderr.flatMap(line => (line.includes('"workerStarted"') ? [Number(JSON.parse(line).pid)] : []))
  return await eventually(
    async () => pids(),
    found => found.length === processes,
  )
}

async function load(child: ChildProcess, order: Order): Promise<Report> {
  const answer = once(createInterface({ input: child.stdout as NodeJS.ReadableStream }), 'line')
  child.stdin?.write(`${JSON.stringify(order)}\n`)
  return JSON.parse((await answer)[0] as string) as Report
}

async function turn(kafka: KafkaServer, generator: ChildProcess, processes: number): Promise<Turn> {
  const data = mkdtempSync(join(tmpdir(), 'wattline-processes-'))
  const wattline = await startProcess({
    data,
    roles: 'collector',
    environment: {
      WATTLINE_COLLECTOR_PROCESSES: String(processes),
      WATTLINE_BROKER_KIND: 'kafka',
      WATTLINE_BROKER_BROKERS: kafka.bootstrap,
      WATTLINE_BROKER_REPLICATION: '1',
      WATTLINE_BROKER_PARTITIONS: '6',
      WATTLINE_LOG_LEVEL: 'info',
    },
  })
  const workers = await workersOf(wattline, processes)
  const quotas = workers.map(pid => confine(pid, Number(values.cpus)))
  try {
    const connections = Number(values.connections)
    const port = Number(new URL(wattline.otlp).port)
    const kind = { signal: 'traces', items: spans, gzip: false, grpc: false, spansOfTrace: 5 } as const
    const order = { ...kind, port, connections }
    await load(generator, { ...order, seconds: WARM_UP_SECONDS })
    const pids = [kafka.pid, wattline.pid, ...workers]
    const before = pids.map(cpuMs)
    const startedMs = performance.now()
    const report = await load(generator, { ...order, seconds: Number(values.seconds) })
    const tookMs = performance.now() - startedMs
    if (report.refused > 0) throw new Error(`${report.refused} requests were refused`)
    const taken = report.requests * spans
    const usedMs = pids.map((pid, at) => cpuMs(pid) - (before[at] as number))
    const [kafkaMs = 0, mainMs = 0, ...workersMs] = usedMs
    const allMs = workersMs.reduce((sum, ms) => sum + ms, 0)
    const perMillion = (ms: number): number => (ms * 1e3) / taken
    return {
      perSecond: (taken * 1_000) / tookMs,
      p99Ms: report.p99Ms,
      workers: perMillion(allMs),
      supervisor: processes === 1 ? 0 : perMillion(mainMs),
      kafka: perMillion(kafkaMs),
      busiest: Math.max(...workersMs) / allMs,
    }
  } finally {
    await wattline.end('SIGTERM')
    for (const quota of quotas) quota.remove()
    rmSync(data, { recursive: true, force: true })
  }
}

const median = (numbers: readonly number[]): number =>
  numbers.toSorted((a, b) => a - b)[numbers.length >> 1] as number

const describe = (one: Turn): string =>
  `${(one.perSecond / 1e3).toFixed(0)}k spans/s, p99 ${one.p99Ms.toFixed(0)} ms; CPU s a million spans: ` +
  `workers ${one.workers.toFixed(2)} (the busiest ${(100 * one.busiest).toFixed(0)} %), ` +
  `supervisor ${one.supervisor.toFixed(3)}, Kafka ${one.kafka.toFixed(2)}`

const kafka = await startKafka()
const generator = spawn(process.execPath, [new URL('./collector/load.ts', import.meta.url).pathname], {
  stdio: ['pipe', 'pipe', 'inherit'],
})
process.once('exit', () => generator.kill('SIGKILL'))
try {
  console.log(`each process confined to ${values.cpus} processors, ${values.connections} connections`)
  const turns = new Map<number, Turn[]>([
    [1, []],
    [2, []],
  ])
  for (let round = 0; round < Number(values.rounds); round++) {
    for (const [processes, done] of turns) {
      const one = await turn(kafka, generator, processes)
      done.push(one)
      console.log(`round ${round + 1}, ${processes} process(es): ${describe(one)}`)
    }
  }
  const of = (processes: number, what: (one: Turn) => number): number =>
    median((turns.get(processes) ?? []).map(what))
  const [one, two] = [1, 2].map(processes => of(processes, ({ perSecond }) => perSecond)) as [number, number]
  console.log(
    `medians: ${(one / 1e3).toFixed(0)}k and ${(two / 1e3).toFixed(0)}k spans/s: two processes do ${(two / one).toFixed(2)} times the work of one`,
  )
} finally {
  generator.kill()
  await kafka.destroy()
}
