import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { COMPILED } from './compiled.ts'

const ROOT = new URL('../../', import.meta.url).pathname

const ENTRY = `${ROOT}cli/wattline.cjs`
const command = readFileSync(ENTRY, 'utf8')
/** Flags of the runtime in the command's first line: what a user gets by starting the file itself. */
const FLAGS = /^#!\S+ -S node (.*)$/m.exec(command)?.[1]?.split(' ') ?? []
/** Threads of libuv's pool that the command requests: other entries get the same. */
const UV_THREADPOOL_SIZE = /UV_THREADPOOL_SIZE \?\?= '(\d+)'/.exec(command)?.[1]
if (UV_THREADPOOL_SIZE === undefined) throw new Error(`${ENTRY} no longer sets UV_THREADPOOL_SIZE`)

/** A separate Wattline process, as a user starts it, on free ports. */
export interface WattlineProcess {
  readonly pid: number
  /** Base address for queries, or only for health without role `query`. */
  readonly http: string
  /** Base address of OTLP over HTTP; throws if the process has none. */
  readonly otlp: string
  /** Address of OTLP over gRPC; throws if the process has none. */
  readonly otlpGrpc: string
  /** Address of the ClickHouse interface, for Jaeger or KEDA, or of Kubernetes' metric APIs; throws if the process has none. */
  door(name: 'clickhouse' | 'jaeger' | 'keda' | 'kubernetes'): string
  /** Lines written to stderr so far. */
  readonly stderr: readonly string[]
  /** Sends the signal and waits for the end; the exit code, or null after SIGKILL. */
  end(signal: NodeJS.Signals): Promise<number | null>
  /** Runs one SELECT and returns its rows. */
  sql<Row>(query: string): Promise<readonly Row[]>
}

export interface StartOptions {
  readonly data: string
  readonly environment?: Readonly<Record<string, string>>
  /** Another entry than the command line, for proofs that need a changed part. */
  readonly entry?: string
  readonly sensors?: boolean
  /** Default all. */
  readonly roles?: string
  /** Called with the process immediately, long before it is ready: for tests that kill it while it starts. */
  readonly onSpawn?: (child: ChildProcess) => void
}

const QUIET = {
  WATTLINE_SENSORS_CPU_TIME: 'off',
  WATTLINE_SENSORS_RAPL: 'off',
  WATTLINE_SENSORS_HWMON: 'off',
  WATTLINE_SENSORS_BATTERY: 'off',
  WATTLINE_SENSORS_GUEST: 'off',
  WATTLINE_SENSORS_ESTIMATE: 'off',
  WATTLINE_BMC_LOCAL: 'off',
  WATTLINE_TELEMETRY_TRACES: 'false',
}

/** Starts it and waits until it has printed its addresses. Rejects with its stderr if it ends before. */
export async function startProcess(options: StartOptions): Promise<WattlineProcess> {
  const child = spawn(process.execPath, [...FLAGS, options.entry ?? ENTRY, ...argumentsOf(options)], {
    cwd: options.data,
    env: {
      PATH: process.env['PATH'],
      HOME: process.env['HOME'],
      UV_THREADPOOL_SIZE,
      NODE_COMPILE_CACHE: COMPILED,
      WATTLINE_DATA: options.data,
      WATTLINE_LISTEN_HTTP: '0',
      WATTLINE_LISTEN_OTLP_HTTP: '0',
      WATTLINE_LISTEN_OTLP_GRPC: '0',
      WATTLINE_LISTEN_CLICKHOUSE: '0',
      WATTLINE_LISTEN_KEDA: '0',
      WATTLINE_LOG_LEVEL: 'warn',
      ...(options.sensors === true ? {} : QUIET),
      ...options.environment,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  options.onSpawn?.(child)
  // A test that fails or is interrupted leaves nothing running.
  const killChild = (): boolean => child.kill('SIGKILL')
  process.once('exit', killChild)
  child.once('exit', () => process.removeListener('exit', killChild))
  const stderr = collectLines(child)
  const addresses = await readAddresses(child, stderr)
  const http = addresses.http ?? ''
  return {
    pid: child.pid as number,
    http,
    get otlp() {
      if (addresses.otlpHttp === undefined) throw new Error('this process takes no OTLP over HTTP')
      return addresses.otlpHttp
    },
    get otlpGrpc() {
      if (addresses.otlpGrpc === undefined) throw new Error('this process takes no OTLP over gRPC')
      return addresses.otlpGrpc
    },
    door(name) {
      const address = addresses[name]
      if (address === undefined) throw new Error(`this process has no port for ${name}`)
      return address
    },
    stderr,
    end: signal => endProcess(child, signal),
    sql: query => selectRows(http, query),
  }
}

const argumentsOf = ({ roles }: StartOptions): string[] =>
  roles === undefined ? ['run'] : ['run', '--roles', roles]

function collectLines(child: ChildProcess): string[] {
  const lines: string[] = []
  createInterface({ input: child.stderr as NodeJS.ReadableStream }).on('line', line => {
    lines.push(line)
    if (lines.length > 2_000) lines.shift()
  })
  return lines
}

interface Addresses {
  /** Of the page or of health. */
  http?: string
  otlpHttp?: string
  otlpGrpc?: string
  clickhouse?: string
  jaeger?: string
  keda?: string
  kubernetes?: string
}

const LABELS: readonly (readonly [label: RegExp, name: keyof Addresses])[] = [
  [/OTLP over HTTP/, 'otlpHttp'],
  [/OTLP over gRPC/, 'otlpGrpc'],
  [/ClickHouse/, 'clickhouse'],
  [/Jaeger storage/, 'jaeger'],
  [/KEDA/, 'keda'],
  [/metrics API/, 'kubernetes'],
  [/page and API|health/, 'http'],
]

/** Its output up to the line that says how to stop it. */
function readAddresses(child: ChildProcess, stderr: readonly string[]): Promise<Addresses> {
  return new Promise((resolve, reject) => {
    const found: Addresses = {}
    createInterface({ input: child.stdout as NodeJS.ReadableStream }).on('line', line => {
      const address = /https?:\/\/[\d.]+:\d+/.exec(line)?.[0]
      const name = LABELS.find(([label]) => label.test(line))?.[1]
      if (address !== undefined && name !== undefined) found[name] = address
      if (line.includes('Stop with Ctrl-C')) resolve(found)
    })
    child.once('exit', code =>
      reject(new Error(`ended with ${code} before it was ready:\n${stderr.join('\n')}`)),
    )
    child.once('error', reject)
  })
}

async function endProcess(child: ChildProcess, signal: NodeJS.Signals): Promise<number | null> {
  if (child.exitCode !== null || child.signalCode !== null) return child.exitCode
  const ended = once(child, 'exit') as Promise<[number | null]>
  child.kill(signal)
  return (await ended)[0]
}

/** Runs one SELECT over the SQL route. */
export async function selectRows<Row>(http: string, query: string): Promise<readonly Row[]> {
  const response = await fetch(`${http}/api/v1/sql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ query }),
  })
  if (!response.ok) throw new Error(`${response.status}: ${await response.text()}`)
  return ((await response.json()) as { data: readonly Row[] }).data
}
