// Guarantees: a collector of two processes accepts spans over HTTP and gRPC on shared ports, both processes take part,
// and what it acknowledged is in a real Kafka once, also when one of them is killed under load, and restarted while the
// other continues; its counters are the sum of both; this machine is measured once; SIGTERM drains it with exit 0, and
// no process outlives it, not even after SIGKILL; a port in use is reported.
import { randomBytes } from 'node:crypto'
import { mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-grpc'
import { resourceFromAttributes } from '@opentelemetry/resources'
import { NodeTracerProvider, SimpleSpanProcessor } from '@opentelemetry/sdk-trace-node'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { readColumn } from '../../../core/columns/record-reader.ts'
import { traces } from '../../../core/model/streams/index.ts'
import { RawClient } from '../../collector/http/http-rig.ts'
import { type Auditor, startAuditor } from '../../support/kafka/auditor.ts'
import { kafkaIsAvailable } from '../../support/kafka/jars.ts'
import { type KafkaServer, startKafka } from '../../support/kafka/kafka-server.ts'
import { encodeTraces, randomSpans } from '../../support/otlp.ts'
import { eventually } from '../../support/until.ts'
import { startProcess, type WattlineProcess } from '../../support/wattline-process.ts'

const SPANS = 10
const CONNECTIONS = 24
const HEADERS = { 'content-type': 'application/x-protobuf' }

describe.runIf(kafkaIsAvailable())('a collector of two processes', { timeout: 120_000 }, () => {
  let kafka: KafkaServer
  let auditor: Auditor
  const data = mkdtempSync(join(tmpdir(), 'wattline-processes-'))
  beforeAll(async () => {
    kafka = await startKafka()
  })
  afterAll(async () => {
    await auditor?.close()
    await kafka.destroy()
    rmSync(data, { recursive: true, force: true })
  })

  const start = (environment: Readonly<Record<string, string>> = {}): Promise<WattlineProcess> =>
    startProcess({
      data,
      roles: 'collector',
      environment: {
        WATTLINE_COLLECTOR_PROCESSES: '2',
        WATTLINE_BROKER_KIND: 'kafka',
        WATTLINE_BROKER_BROKERS: kafka.bootstrap,
        WATTLINE_BROKER_REPLICATION: '1',
        WATTLINE_LOG_LEVEL: 'info',
        ...environment,
      },
    })

  it('shares work between both, loses nothing when one is killed, and reports the sum', async () => {
    const wattline = await start()
    const pids = await workerPids(wattline, 2)
    auditor = await startAuditor(kafka.bootstrap, ['wattline.traces'])
    const port = Number(new URL(wattline.otlp).port)
    const load = new Load(port)
    await eventually(
      async () => load.acknowledged.size,
      n => n >= 2_000,
    )
    for (const pid of pids) expect(connectionsOf(pid, port)).toBeGreaterThan(0)
    // Nothing is counted twice or omitted while both run.
    await load.pause()
    await eventually(
      () => acceptedSpans(wattline),
      n => n === load.acknowledged.size,
    )
    load.resume()
    process.kill(pids[1] as number, 'SIGKILL')
    const before = load.acknowledged.size
    const again = await workerPids(wattline, 3)
    expect(again[2]).not.toBe(pids[1])
    await eventually(
      async () => load.acknowledged.size,
      n => n >= before + 2_000,
    )
    expect(wattline.stderr.filter(line => line.includes('"workerEnded"'))).toHaveLength(1)
    expect(await (await fetch(`${wattline.http}/readyz`)).json()).toMatchObject({ ready: true, reasons: [] })
    await load.stop()
    // Only the counts of the killed one's last second may be missing from the sum.
    expect(
      await eventually(
        () => acceptedSpans(wattline),
        n => n >= before,
      ),
    ).toBeLessThanOrEqual(load.acknowledged.size + load.unanswered.size)
    expect(await wattline.end('SIGTERM')).toBe(0)
    for (const pid of [pids[0], again[2]]) expect(isRunning(pid as number)).toBe(false)

    const stored = await eventually(
      async () => storedSpans(auditor),
      found => [...load.acknowledged].every(id => found.has(id)),
    )
    const sent = new Set([...load.acknowledged, ...load.unanswered])
    expect([...stored].filter(([id, times]) => times !== 1 || !sent.has(id))).toEqual([])
  })

  it('accepts gRPC, measures once, ends when its first process is killed, and names the address that is in use', async () => {
    const wattline = await start({ WATTLINE_SENSORS_CPU_TIME: 'on', WATTLINE_TELEMETRY_TRACES: 'true' })
    const pids = await workerPids(wattline, 2)
    const sensors = linesOf(wattline).filter(({ msg }) => msg === 'sensorStarted')
    // With what goes with it: the accounting of processes that end between two rounds.
    expect(sensors.filter(line => line.sensor === 'cpu_time').map(line => line.process)).toEqual([0])
    expect(new Set(sensors.map(line => line.process))).toEqual(new Set([0]))
    await exportByGrpc(wattline.otlpGrpc)
    await eventually(
      () => acceptedSpans(wattline),
      n => n >= 1,
    )
    const { port } = new URL(wattline.otlp)
    await expect(start({ WATTLINE_LISTEN_OTLP_HTTP: port })).rejects.toThrow(
      /address_in_use: .*OTLP over HTTP.*Stop the process that uses the port/,
    )
    await wattline.end('SIGKILL')
    await eventually(
      async () => pids.filter(isRunning),
      left => left.length === 0,
    )
  })

  it('shows the error of a process that cannot start, and ends with it', async () => {
    const impossible = { WATTLINE_BROKER_TOPIC_PREFIX: 'other', WATTLINE_BROKER_REPLICATION: '3' }
    await expect(start(impossible)).rejects.toThrow(/ended with 1 [\s\S]*config_invalid: .*replication/)
  })
})

/** One span, by the official exporter; throws the answer. */
async function exportByGrpc(url: string): Promise<void> {
  const exporter = new OTLPTraceExporter({ url })
  const provider = new NodeTracerProvider({
    resource: resourceFromAttributes({ 'service.name': 'grpc' }),
    spanProcessors: [new SimpleSpanProcessor(exporter)],
  })
  provider.getTracer('test').startSpan('operation').end()
  await provider.shutdown()
}

/** Connections that each send the next spans when the last ones are answered, and reconnect when they are closed. */
class Load {
  readonly acknowledged = new Set<string>()
  /** May be stored or not. */
  readonly unanswered = new Set<string>()
  readonly #clients: Promise<void>[]
  #paused = Promise.withResolvers<void>()
  #isPaused = false
  #inFlight = 0
  #stopped = false

  constructor(port: number) {
    this.#clients = Array.from({ length: CONNECTIONS }, () => this.#drive(port))
  }

  /** Resolves when nothing is in flight. */
  async pause(): Promise<void> {
    this.#isPaused = true
    await eventually(
      async () => this.#inFlight,
      n => n === 0,
    )
  }

  resume(): void {
    this.#isPaused = false
    this.#paused.resolve()
    this.#paused = Promise.withResolvers()
  }

  async stop(): Promise<void> {
    this.#stopped = true
    await Promise.all(this.#clients)
  }

  async #drive(port: number): Promise<void> {
    let client = new RawClient(port)
    while (!this.#stopped) {
      if (this.#isPaused) await this.#paused.promise
      const spans = randomSpans(SPANS).map(span => ({ ...span, spanId: randomBytes(8) }))
      const ids = spans.map(({ spanId }) => spanId.toString('hex'))
      this.#inFlight += 1
      try {
        client.post('/v1/traces', HEADERS, encodeTraces({ 'service.name': 'processes' }, spans))
        const { status } = await client.reply()
        for (const id of ids) (status === 200 ? this.acknowledged : this.unanswered).add(id)
      } catch {
        for (const id of ids) this.unanswered.add(id)
        client.socket.destroy()
        client = new RawClient(port)
      }
      this.#inFlight -= 1
    }
    client.socket.destroy()
  }
}

interface Line {
  readonly msg: string
  readonly process?: number
  readonly pid?: number
  readonly sensor?: string
}

const linesOf = ({ stderr }: WattlineProcess): readonly Line[] =>
  stderr.flatMap(line => (line.startsWith('{') ? [JSON.parse(line) as Line] : []))

/** Of all workers started so far, once there are enough; in order of their numbers, then of their start. */
async function workerPids(wattline: WattlineProcess, count: number): Promise<readonly number[]> {
  const pids = (): readonly number[] =>
    linesOf(wattline)
      .filter(({ msg }) => msg === 'workerStarted')
      .map(({ pid }) => pid as number)
  return await eventually(
    async () => pids(),
    found => found.length >= count,
  )
}

/** Connections to a port that a process of this machine has accepted. */
function connectionsOf(pid: number, port: number): number {
  const local = `:${port.toString(16).toUpperCase().padStart(4, '0')}`
  const ESTABLISHED = '01'
  const inodes = readFileSync('/proc/net/tcp', 'utf8')
    .split('\n')
    .map(line => line.trim().split(/\s+/))
    .filter(([, at, , state]) => at?.endsWith(local) === true && state === ESTABLISHED)
    .map(fields => `socket:[${fields[9]}]`)
  const open = readdirSync(`/proc/${pid}/fd`).map(fd => linkOf(`/proc/${pid}/fd/${fd}`))
  return open.filter(link => inodes.includes(link)).length
}

/** '' for a connection that was just closed. */
function linkOf(path: string): string {
  try {
    return readlinkSync(path)
  } catch {
    return ''
  }
}

async function acceptedSpans({ http }: WattlineProcess): Promise<number> {
  const text = await (await fetch(`${http}/metrics`)).text()
  return Number(/^wattline_intake_items_total\{signal="traces"\} (\d+)$/m.exec(text)?.[1] ?? 0)
}

const isRunning = (pid: number): boolean => {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}

function storedSpans({ records }: Auditor): ReadonlyMap<string, number> {
  const times = new Map<string, number>()
  for (const { value } of records) {
    const ids = readColumn(traces, value, 'SpanId')
    for (let row = 0; row < ids.length; row++) {
      const id = ids.get(row) as string
      times.set(id, (times.get(id) ?? 0) + 1)
    }
  }
  return times
}
