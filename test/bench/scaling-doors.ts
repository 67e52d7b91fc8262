/**
 * Answers to autoscalers under load: a process of role scaling alone, with the rest of the product away, gets 2,000 requests a
 * second on each listener. A request counts from the moment at which it was due, so that a pause is seen by all requests that fell
 * into it.
 *
 *   node test/bench/scaling-doors.ts [--seconds 20] [--rate 2000] [--door json|keda|external|custom] [--policies 100]
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { Agent as HttpAgent, request as requestHttp } from 'node:http'
import { connect } from 'node:http2'
import { Agent as HttpsAgent, request as requestHttps } from 'node:https'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { answerOf } from '../query/scaling/answers.ts'
import { parseArgs } from '../support/arguments.ts'
import { createAuthority } from '../support/certificates.ts'

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '20' },
    rate: { type: 'string', default: '2000' },
    policies: { type: 'string', default: '100' },
    door: { type: 'string' },
  },
})
const [seconds, rate, policies] = [Number(values.seconds), Number(values.rate), Number(values.policies)]
const CONNECTIONS = 8
const WARM_UP_S = 3

const authority = createAuthority('Front proxy CA')
const server = authority.issue(['127.0.0.1'])
const proxy = authority.issue(['front-proxy-client'])
const folder = mkdtempSync(join(tmpdir(), 'wattline-doors-'))

/** Calls `done` once the answer has been read to its end. */
type Ask = (policy: number, done: (error: unknown) => void) => void
interface Door {
  readonly ask: Ask
  readonly close: () => void
}

function httpDoor(base: string, pathOf: (policy: number) => string): Door {
  const isTls = base.startsWith('https')
  const how = { keepAlive: true, maxSockets: CONNECTIONS }
  const agent = isTls ? new HttpsAgent({ ...how, ...proxy, rejectUnauthorized: false }) : new HttpAgent(how)
  const headers = isTls ? { 'x-remote-user': 'hpa', accept: 'application/json' } : {}
  const ask: Ask = (policy, done) => {
    const request = (isTls ? requestHttps : requestHttp)(
      `${base}${pathOf(policy)}`,
      { agent, headers },
      reply => {
        reply.resume()
        reply.on('end', () => done(reply.statusCode === 200 ? null : `status ${reply.statusCode}`))
      },
    )
    request.on('error', done).end()
  }
  return { ask, close: () => agent.destroy() }
}

/** GetMetrics{scaledObjectRef{scalerMetadata{policy}}}, of short texts. */
function kedaMessage(policy: string): Buffer {
  const field = (number: number, content: Buffer): Buffer =>
    Buffer.concat([Buffer.of(number * 8 + 2, content.length), content])
  const entry = Buffer.concat([field(1, Buffer.from('policy')), field(2, Buffer.from(policy))])
  const message = Buffer.concat([field(1, field(3, entry)), field(2, Buffer.from('wattline_replicas'))])
  return Buffer.concat([Buffer.of(0, 0, 0, 0, message.length), message])
}

function kedaDoor(base: string): Door {
  const sessions = Array.from({ length: CONNECTIONS }, () => connect(base))
  let next = 0
  const ask: Ask = (policy, done) => {
    next += 1
    const stream = sessions[next % CONNECTIONS]!.request({
      ':method': 'POST',
      ':path': '/externalscaler.ExternalScaler/GetMetrics',
      'content-type': 'application/grpc',
      te: 'trailers',
    })
    let status: unknown = 'no trailers'
    stream.on('trailers', trailers => {
      status = trailers['grpc-status'] === '0' ? null : trailers['grpc-message']
    })
    stream
      .on('error', done)
      .on('end', () => done(status))
      .resume()
    stream.end(kedaMessage(nameOf(policy)))
  }
  return { ask, close: () => sessions.map(session => session.destroy()) }
}

const nameOf = (policy: number): string => `policy-${policy}`

interface Measured {
  readonly latenciesMs: number[]
  readonly failures: string[]
}

/** An open loop: requests are due at fixed times, whether earlier ones are answered or not. */
async function load({ ask }: Door, durationS: number): Promise<Measured> {
  const measured: Measured = { latenciesMs: [], failures: [] }
  const total = Math.round(durationS * rate)
  const startMs = performance.now()
  const { promise, resolve } = Promise.withResolvers<void>()
  let sent = 0
  let answered = 0
  const tick = (): void => {
    for (; sent < total; sent++) {
      const dueMs = startMs + (sent * 1_000) / rate
      if (dueMs > performance.now()) break
      ask(sent % policies, error => {
        measured.latenciesMs.push(performance.now() - dueMs)
        if (error !== null) measured.failures.push(String(error))
        answered += 1
        if (answered === total) resolve()
      })
    }
    if (sent < total) setTimeout(tick, 1)
  }
  tick()
  await promise
  return measured
}

/** Of Linux: CPU seconds, and MB of memory. */
function figuresOf(pid: number): { readonly cpuS: number; readonly memoryMb: number } {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]!.split(' ')
  const resident = /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]
  return { cpuS: (Number(fields[11]) + Number(fields[12])) / 100, memoryMb: Number(resident) / 1_024 }
}

async function start(): Promise<{ readonly child: ChildProcess; readonly addresses: Map<string, string> }> {
  const nowS = Date.now() / 1_000
  const answers = Array.from({ length: policies }, (_, policy) => {
    const object = { namespace: 'shop', apiVersion: 'apps/v1', kind: 'Deployment', name: nameOf(policy) }
    const answer = answerOf({ tenant: 'default', name: nameOf(policy), decidedAt: nowS, asOf: nowS, object })
    return { ...answer, staleAfterSeconds: 86_400 }
  })
  writeFileSync(join(folder, 'scaling-answers.json'), JSON.stringify({ version: 1, answers }))
  for (const [name, text] of Object.entries({ cert: server.cert, key: server.key, ca: authority.cert }))
    writeFileSync(join(folder, name), text)
  const config = {
    roles: ['scaling'],
    data: folder,
    listen: { http: 0, clickhouse: 0, keda: 0, kubernetes: 0 },
    // Nothing listens there: the rest of the product is away.
    scaling_source: { url: 'http://127.0.0.1:9' },
    telemetry: { traces: false },
    log: { level: 'error' },
    autoscalers: {
      namespaces: [{ match: '*', tenant: 'default' }],
      kubernetes: { cert: join(folder, 'cert'), key: join(folder, 'key'), client_ca: join(folder, 'ca') },
    },
  }
  writeFileSync(join(folder, 'wattline.yaml'), JSON.stringify(config))
  const entry = new URL('../../cli/wattline.ts', import.meta.url).pathname
  const child = spawn(process.execPath, [entry, 'run', '--config', join(folder, 'wattline.yaml')], {
    cwd: folder,
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const addresses = new Map<string, string>()
  for await (const line of createInterface({ input: child.stdout! })) {
    const url = /https?:\/\/[\d.]+:\d+/.exec(line)?.[0]
    if (url !== undefined) addresses.set(/KEDA|metrics API/.exec(line)?.[0] ?? 'http', url)
    if (line.includes('Stop with Ctrl-C')) break
  }
  return { child, addresses }
}

const { child, addresses } = await start()
const pid = child.pid as number
const address = (name: string): string => addresses.get(name) ?? ''
const kubernetes = (path: (policy: string) => string) => (): Door =>
  httpDoor(address('metrics API'), policy => path(nameOf(policy)))
const DOORS: Readonly<Record<string, () => Door>> = {
  json: () => httpDoor(address('http'), policy => `/api/v1/scaling/${nameOf(policy)}`),
  keda: () => kedaDoor(address('KEDA')),
  external: kubernetes(
    name =>
      `/apis/external.metrics.k8s.io/v1beta1/namespaces/shop/wattline_replicas?labelSelector=policy%3D${name}`,
  ),
  custom: kubernetes(
    name => `/apis/custom.metrics.k8s.io/v1beta2/namespaces/shop/deployments.apps/${name}/wattline_replicas`,
  ),
}

console.log(`${rate} requests/s for ${seconds} s on each listener, ${policies} policies`)
console.log('door      p50 ms  p99 ms  p99.9 ms  max ms  failures  CPU us/request  memory MB first..last')
let failed = false
for (const [name, open] of Object.entries(DOORS)) {
  if (values.door !== undefined && values.door !== name) continue
  const door = open()
  await load(door, WARM_UP_S)
  const before = figuresOf(pid)
  const memory = [before.memoryMb]
  const timer = setInterval(() => memory.push(figuresOf(pid).memoryMb), 1_000)
  const { latenciesMs, failures } = await load(door, seconds)
  clearInterval(timer)
  const after = figuresOf(pid)
  door.close()
  const sorted = latenciesMs.toSorted((a, b) => a - b)
  const quantile = (part: number): string => (sorted[Math.floor(part * (sorted.length - 1))] ?? 0).toFixed(2)
  const cpuUs = ((after.cpuS - before.cpuS) * 1e6) / sorted.length
  const tenth = Math.max(1, Math.floor(memory.length / 10))
  const mean = (part: readonly number[]): string => (part.reduce((a, b) => a + b, 0) / part.length).toFixed(0)
  console.log(
    `${name.padEnd(9)} ${quantile(0.5).padStart(6)}  ${quantile(0.99).padStart(6)}  ${quantile(0.999).padStart(8)}  ` +
      `${quantile(1).padStart(6)}  ${String(failures.length).padStart(8)}  ${cpuUs.toFixed(0).padStart(14)}  ` +
      `${mean(memory.slice(0, tenth))}..${mean(memory.slice(-tenth))}`,
  )
  if (failures.length > 0) console.log(`  ${failures[0]}`)
  failed ||= failures.length > 0
}
child.kill('SIGTERM')
await once(child, 'exit')
rmSync(folder, { recursive: true, force: true })
process.exitCode = failed ? 1 : 0
