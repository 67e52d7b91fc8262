/**
 * Answers to autoscalers under load: a process of role scaling alone, with the rest of the product away, gets 2,000 requests a
 * second on each listener. A request counts from the moment at which it was due, so that a pause is seen by all requests that fell
 * into it. The load comes from a program in Go if Go is installed. Before each listener, a server that answers the same bytes to
 * everything gets the same load: what it takes is not the product's.
 *
 *   node test/bench/scaling-doors.ts [--seconds 20] [--rate 2000] [--door json|keda|external|custom] [--policies 100]
 *     [--connections 8] [--generator go|node] [--control-seconds 20]
 *
 * Exits with 1 if a request failed, or if a 99th percentile is above 10 ms though that of the control is not.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { parseArgs } from '../support/arguments.ts'
import { createAuthority } from '../support/certificates.ts'
import { type Load, openGenerator } from './doors/load.ts'
import { startProduct } from './doors/product.ts'

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '20' },
    'control-seconds': { type: 'string', default: '20' },
    rate: { type: 'string', default: '2000' },
    policies: { type: 'string', default: '100' },
    /** KEDA makes all calls to an address on one. */
    connections: { type: 'string' },
    generator: { type: 'string' },
    door: { type: 'string' },
  },
})
const WARM_UP_S = 3
const GOAL_MS = 10

const folder = mkdtempSync(join(tmpdir(), 'wattline-doors-'))
const authority = createAuthority('Front proxy CA')
const [server, proxy] = [authority.issue(['127.0.0.1']), authority.issue(['front-proxy-client'])]
const files = {
  cert: server.cert,
  key: server.key,
  ca: authority.cert,
  'client-cert': proxy.cert,
  'client-key': proxy.key,
}
for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text)

/** Of Linux: CPU seconds, and MB of memory. */
function figuresOf(pid: number): { readonly cpuS: number; readonly memoryMb: number } {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]!.split(' ')
  const resident = /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]
  return { cpuS: (Number(fields[11]) + Number(fields[12])) / 100, memoryMb: Number(resident) / 1_024 }
}

type Ports = Readonly<Record<'http' | 'https' | 'grpc', number>>

async function startControl(): Promise<{ readonly child: ChildProcess; readonly ports: Ports }> {
  const entry = new URL('doors/control.ts', import.meta.url).pathname
  const child = spawn(process.execPath, [entry, folder], { stdio: ['pipe', 'pipe', 'inherit'] })
  const [line] = (await once(createInterface({ input: child.stdout! }), 'line')) as [string]
  return { child, ports: JSON.parse(line) as Ports }
}

const generator = await openGenerator(values.generator)

/** @returns the 99th percentile, and whether a request failed */
async function measure(name: string, child: ChildProcess, load: Load) {
  const pid = child.pid as number
  const before = figuresOf(pid)
  const memory: number[] = []
  const timer = setInterval(() => memory.push(figuresOf(pid).memoryMb), 1_000)
  const { p50Ms, p99Ms, p999Ms, maxMs, failures, failure } = await generator.send(load)
  clearInterval(timer)
  const cpuUs =
    ((figuresOf(pid).cpuS - before.cpuS) * 1e6) / (load.rate * (load.seconds + load.warmUpSeconds))
  const counted = memory.slice(load.warmUpSeconds)
  const tenth = Math.max(1, Math.floor(counted.length / 10))
  const mean = (part: readonly number[]): string => (part.reduce((a, b) => a + b, 0) / part.length).toFixed(0)
  const [p50, p99, p999, most] = [p50Ms, p99Ms, p999Ms, maxMs].map(ms => ms.toFixed(2))
  console.log(
    `${name.padEnd(16)} ${p50!.padStart(6)}  ${p99!.padStart(6)}  ${p999!.padStart(8)}  ${most!.padStart(6)}  ` +
      `${String(failures).padStart(8)}  ${cpuUs.toFixed(0).padStart(14)}  ` +
      `${mean(counted.slice(0, tenth))}..${mean(counted.slice(-tenth))}`,
  )
  if (failures > 0) console.log(`  ${failure}`)
  return { p99Ms, failed: failures > 0 }
}

const [control, product] = [await startControl(), await startProduct(folder, Number(values.policies))]
const external =
  '/apis/external.metrics.k8s.io/v1beta1/namespaces/shop/wattline_replicas?labelSelector=policy%3DNAME'
const custom = '/apis/custom.metrics.k8s.io/v1beta2/namespaces/shop/deployments.apps/NAME/wattline_replicas'
const DOORS = {
  json: { at: 'http', path: '/api/v1/scaling/NAME', control: `http://127.0.0.1:${control.ports.http}` },
  keda: { at: 'KEDA', path: '', control: `http://127.0.0.1:${control.ports.grpc}` },
  external: { at: 'metrics API', path: external, control: `https://127.0.0.1:${control.ports.https}` },
  custom: { at: 'metrics API', path: custom, control: `https://127.0.0.1:${control.ports.https}` },
} as const

console.log(
  `${values.rate} requests/s for ${values.seconds} s on each listener, ${values.policies} policies, load by ${generator.language}`,
)
console.log(
  'door             p50 ms  p99 ms  p99.9 ms  max ms  failures  CPU us/request  memory MB first..last',
)
let failed = false
for (const [name, door] of Object.entries(DOORS)) {
  if (values.door !== undefined && values.door !== name) continue
  const load = {
    protocol: name === 'keda' ? ('grpc' as const) : ('http' as const),
    path: door.path,
    folder,
    rate: Number(values.rate),
    warmUpSeconds: WARM_UP_S,
    policies: Number(values.policies),
    connections: Number(values.connections ?? (name === 'keda' ? 1 : 8)),
  }
  const first = { ...load, base: door.control, seconds: Number(values['control-seconds']) }
  const same = await measure(`${name} control`, control.child, first)
  const base = product.address(door.at)
  const found = await measure(name, product.child, { ...load, base, seconds: Number(values.seconds) })
  failed ||= found.failed || (found.p99Ms > GOAL_MS && same.p99Ms <= GOAL_MS)
}
control.child.stdin?.end()
product.child.kill('SIGTERM')
await once(product.child, 'exit')
rmSync(folder, { recursive: true, force: true })
process.exitCode = failed ? 1 : 0
