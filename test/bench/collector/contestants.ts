/** The two sides of the race, each a process with OTLP over HTTP and over gRPC on ports of its own. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { collectorBinary } from '../../support/collector/build.ts'
import { freePorts } from '../../support/kafka/kafka-server.ts'
import { startProcess } from '../../support/wattline-process.ts'

export interface Contestant {
  readonly name: string
  readonly pid: number
  /** For OTLP over HTTP. */
  readonly port: number
  readonly grpcPort: number
  end(): Promise<void>
}

/** Where a request is acknowledged: `discard` keeps nothing; otherwise Kafka with acks=all, compressed or not. */
export type Target = 'discard' | 'kafka-zstd' | 'kafka-none'

const DISCARD = new URL('./discard-entry.ts', import.meta.url).pathname
const FLAGS = ['--max-semi-space-size=4']

/** Wattline as a collector before Kafka; its records are always zstd. */
export async function wattline(
  bootstrap: string | null,
  flags: readonly string[] = FLAGS,
): Promise<Contestant> {
  if (bootstrap === null) return await discarding(flags)
  const data = mkdtempSync(join(tmpdir(), 'wattline-race-'))
  const running = await startProcess({
    data,
    roles: 'collector',
    environment: {
      WATTLINE_BROKER_KIND: 'kafka',
      WATTLINE_BROKER_BROKERS: bootstrap,
      WATTLINE_BROKER_REPLICATION: '1',
      WATTLINE_BROKER_PARTITIONS: '6',
    },
  })
  return {
    name: 'Wattline',
    pid: running.pid,
    port: Number(new URL(running.otlp).port),
    grpcPort: Number(/:(\d+)$/.exec(running.otlpGrpc)?.[1]),
    end: async () => {
      await running.end('SIGTERM')
      rmSync(data, { recursive: true, force: true })
    },
  }
}

async function discarding(flags: readonly string[]): Promise<Contestant> {
  const child = spawn(process.execPath, [...flags, DISCARD], { stdio: ['ignore', 'pipe', 'inherit'] })
  killWithUs(child)
  const lines = createInterface({ input: child.stdout as NodeJS.ReadableStream })
  const [line] = (await once(lines, 'line')) as [string]
  return {
    name: 'Wattline',
    pid: child.pid as number,
    port: Number(line.split(' ')[0]),
    grpcPort: Number(line.split(' ')[1]),
    end: () => end(child),
  }
}

/**
 * The OpenTelemetry Collector with GOGC=400, its best fair setting, and without a queue: it acknowledges after its
 * exporter does, as Wattline acknowledges after the log does.
 */
export async function collector(target: Target, bootstrap: string | null): Promise<Contestant> {
  const [port = 0, grpcPort = 0] = await freePorts(2)
  const folder = mkdtempSync(join(tmpdir(), 'wattline-otelcol-'))
  const file = join(folder, 'config.yaml')
  writeFileSync(file, JSON.stringify(collectorConfig(target, bootstrap, { http: port, grpc: grpcPort })))
  const child = spawn(await collectorBinary(), ['--config', file], {
    env: { ...process.env, GOGC: '400' },
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  killWithUs(child)
  let said = ''
  child.stderr?.on('data', chunk => {
    said = `${said}${chunk}`.slice(-4_000)
  })
  await listening(port, () => {
    if (child.exitCode !== null) throw new Error(`the Collector ended with ${child.exitCode}: ${said}`)
  })
  return {
    name: 'Collector',
    pid: child.pid as number,
    port,
    grpcPort,
    end: async () => {
      await end(child)
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

interface Ports {
  readonly http: number
  readonly grpc: number
}

function collectorConfig(target: Target, bootstrap: string | null, ports: Ports): object {
  const kafka = {
    brokers: [bootstrap],
    producer: {
      required_acks: -1,
      max_message_bytes: 8_000_000,
      compression: target === 'kafka-zstd' ? 'zstd' : 'none',
    },
    traces: { topic: 'otelcol.traces', encoding: 'otlp_proto' },
    metrics: { topic: 'otelcol.metrics', encoding: 'otlp_proto' },
    sending_queue: { enabled: false },
  }
  const protocols = {
    http: { endpoint: `127.0.0.1:${ports.http}` },
    grpc: { endpoint: `127.0.0.1:${ports.grpc}` },
  }
  const exporter = target === 'discard' ? 'nop' : 'kafka'
  const pipeline = { receivers: ['otlp'], exporters: [exporter] }
  return {
    receivers: { otlp: { protocols } },
    exporters: target === 'discard' ? { nop: null } : { kafka },
    service: {
      telemetry: { metrics: { level: 'none' }, logs: { level: 'error' } },
      pipelines: { traces: pipeline, metrics: pipeline },
    },
  }
}

async function listening(port: number, check: () => void): Promise<void> {
  for (;;) {
    check()
    const socket = connect(port, '127.0.0.1')
    const isOpen = await new Promise<boolean>(resolve => {
      socket.once('connect', () => resolve(true)).once('error', () => resolve(false))
    })
    socket.destroy()
    if (isOpen) return
    await new Promise(resolve => setTimeout(resolve, 100))
  }
}

function killWithUs(child: ChildProcess): void {
  const kill = (): boolean => child.kill('SIGKILL')
  process.once('exit', kill)
  child.once('exit', () => process.removeListener('exit', kill))
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const ended = once(child, 'exit')
  child.kill('SIGTERM')
  await ended
}
