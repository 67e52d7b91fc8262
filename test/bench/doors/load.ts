/** Load on a server: by a program in Go where Go is installed, as KEDA and Kubernetes are; else by this process. */
import { execFile, spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { Agent as HttpAgent, request as requestHttp } from 'node:http'
import { connect } from 'node:http2'
import { Agent as HttpsAgent, request as requestHttps } from 'node:https'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { builtOnce, go } from '../../support/go-build.ts'
import { nameOf } from './product.ts'

/** What is asked, and how often. */
export interface Load {
  readonly protocol: 'http' | 'grpc'
  /** Base URL. */
  readonly base: string
  /** `NAME` stands for the policy. */
  readonly path: string
  /** Has `client-cert` and `client-key`, for https. */
  readonly folder: string
  readonly rate: number
  readonly seconds: number
  readonly warmUpSeconds: number
  readonly policies: number
  readonly connections: number
}

/** How long requests took from the moment at which they were due. */
export interface Latencies {
  readonly p50Ms: number
  readonly p99Ms: number
  readonly p999Ms: number
  readonly maxMs: number
  readonly failures: number
  readonly failure: string
}

/** Sends load. */
export interface Generator {
  readonly language: 'Go' | 'Node'
  /** Resolves when all is answered. */
  readonly send: (load: Load) => Promise<Latencies>
}

/** @param wanted `go`, `node`, or undefined: Go where it is installed */
export async function openGenerator(wanted: string | undefined): Promise<Generator> {
  const needed: readonly [string, string] = ['go', 'version']
  const hasGo = spawnSync(needed[0], [needed[1]]).status === 0
  if (wanted === 'node' || (wanted === undefined && !hasGo)) return { language: 'Node', send: byNode }
  const source = join(import.meta.dirname, 'load')
  const program = await builtOnce('doors-load-v1', 'load', folder =>
    go(source, 'go', ['build', '-o', join(folder, 'load'), '.']),
  )
  return { language: 'Go', send: load => byGo(program, load) }
}

async function byGo(program: string, load: Load): Promise<Latencies> {
  const isTls = load.base.startsWith('https')
  const options = {
    protocol: load.protocol,
    target: load.protocol === 'grpc' ? load.base.replace(/^.*\/\//, '') : load.base,
    path: load.path,
    ...(isTls
      ? { cert: join(load.folder, 'client-cert'), key: join(load.folder, 'client-key'), user: 'hpa' }
      : {}),
    rate: load.rate,
    seconds: load.seconds,
    'warm-up': load.warmUpSeconds,
    policies: load.policies,
    connections: load.connections,
  }
  const args = Object.entries(options).map(([name, value]) => `-${name}=${value}`)
  const { stdout } = await promisify(execFile)(program, args)
  return JSON.parse(stdout) as Latencies
}

/** Calls `done` once the answer has been read to its end. */
type Ask = (policy: number, done: (error: unknown) => void) => void

interface Client {
  readonly ask: Ask
  readonly close: () => void
}

async function byNode(load: Load): Promise<Latencies> {
  const client = load.protocol === 'grpc' ? grpcClient(load) : httpClient(load)
  await sendAll(client, load, load.warmUpSeconds)
  const { latenciesMs, failures } = await sendAll(client, load, load.seconds)
  client.close()
  const sorted = latenciesMs.toSorted((a, b) => a - b)
  const at = (share: number): number => sorted[Math.floor(share * (sorted.length - 1))] ?? 0
  return {
    p50Ms: at(0.5),
    p99Ms: at(0.99),
    p999Ms: at(0.999),
    maxMs: at(1),
    failures: failures.length,
    failure: failures[0] ?? '',
  }
}

/** An open loop: requests are due at fixed times, whether earlier ones are answered or not. */
async function sendAll({ ask }: Client, { rate, policies }: Load, seconds: number) {
  const latenciesMs: number[] = []
  const failures: string[] = []
  const total = Math.round(seconds * rate)
  const startMs = performance.now()
  const { promise, resolve } = Promise.withResolvers<void>()
  let sent = 0
  const tick = (): void => {
    for (; sent < total; sent++) {
      const dueMs = startMs + (sent * 1_000) / rate
      if (dueMs > performance.now()) break
      ask(sent % policies, error => {
        latenciesMs.push(performance.now() - dueMs)
        if (error !== null) failures.push(String(error))
        if (latenciesMs.length === total) resolve()
      })
    }
    if (sent < total) setTimeout(tick, 1)
  }
  tick()
  await promise
  return { latenciesMs, failures }
}

function httpClient({ base, path, folder, connections }: Load): Client {
  const isTls = base.startsWith('https')
  const how = { keepAlive: true, maxSockets: connections }
  const agent = isTls ? new HttpsAgent({ ...how, ...clientFiles(folder) }) : new HttpAgent(how)
  const headers = isTls ? { 'x-remote-user': 'hpa', accept: 'application/json' } : {}
  const request = isTls ? requestHttps : requestHttp
  const ask: Ask = (policy, done) => {
    request(`${base}${path.replaceAll('NAME', nameOf(policy))}`, { agent, headers }, reply => {
      reply.resume()
      reply.on('end', () => done(reply.statusCode === 200 ? null : `status ${reply.statusCode}`))
    })
      .on('error', done)
      .end()
  }
  return { ask, close: () => agent.destroy() }
}

function clientFiles(folder: string) {
  const [cert, key] = ['client-cert', 'client-key'].map(name => readFileSync(join(folder, name)))
  return { cert, key, rejectUnauthorized: false }
}

/** GetMetrics{scaledObjectRef{scalerMetadata{policy}}}, of short texts. */
function kedaMessage(policy: string): Buffer {
  const field = (number: number, content: Buffer): Buffer =>
    Buffer.concat([Buffer.of(number * 8 + 2, content.length), content])
  const entry = Buffer.concat([field(1, Buffer.from('policy')), field(2, Buffer.from(policy))])
  const message = Buffer.concat([field(1, field(3, entry)), field(2, Buffer.from('wattline_replicas'))])
  return Buffer.concat([Buffer.of(0, 0, 0, 0, message.length), message])
}

function grpcClient({ base, connections }: Load): Client {
  const sessions = Array.from({ length: connections }, () => connect(base))
  let next = 0
  const ask: Ask = (policy, done) => {
    next += 1
    const stream = sessions[next % connections]!.request({
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
