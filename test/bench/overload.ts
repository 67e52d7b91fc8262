/**
 * A process that is offered several times what it can take: does it shed with the right status, stay within its memory, keep
 * every acknowledged span, and answer as before soon after the load ends?
 *
 *   node test/bench/overload.ts --seconds 60 --times 5 --memory 1610612736
 *
 * First a calm probe for its latency, then a closed loop that finds what the process takes, then requests at a multiple of
 * that rate, whoever is not answered yet. A request is due at its time; those for which no connection is free are counted as
 * not sent. Client and process share the machine: what one spends the other lacks.
 */
import { randomBytes } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { RawClient } from '../collector/http/http-rig.ts'
import { parseArgs } from '../support/arguments.ts'
import { encodeTraces, randomSpans } from '../support/otlp.ts'
import { eventually } from '../support/until.ts'
import { startProcess } from '../support/wattline-process.ts'

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '60' },
    times: { type: 'string', default: '5' },
    memory: { type: 'string', default: String(1.5 * 2 ** 30) },
    'in-flight': { type: 'string', default: String(16 * 2 ** 20) },
    spans: { type: 'string', default: '200' },
    connections: { type: 'string', default: '1000' },
    'settle-minutes': { type: 'string', default: '10' },
  },
})
const spans = Number(values.spans)
const CALIBRATE_MS = 8_000
const CALM_MS = 5_000
const RECOVERY_MS = 10_000
const PROBE_MS = 100
const HEADERS = { 'content-type': 'application/x-protobuf' }

/** A request whose spans share one trace id, its own. */
class Requests {
  readonly #pattern: Buffer
  readonly #traceAt: readonly number[]
  readonly #spanAt: readonly number[]

  constructor() {
    const marker = randomBytes(24)
    const list = randomSpans(spans).map(span => ({
      ...span,
      traceId: marker.subarray(0, 16),
      spanId: marker.subarray(16),
    }))
    this.#pattern = encodeTraces({ 'service.name': 'overload' }, list)
    this.#traceAt = placesOf(this.#pattern, marker.subarray(0, 16))
    this.#spanAt = placesOf(this.#pattern, marker.subarray(16))
  }

  next(): { readonly id: string; readonly body: Buffer } {
    const body = Buffer.from(this.#pattern)
    const ids = randomBytes(24)
    for (const at of this.#traceAt) ids.copy(body, at, 0, 16)
    for (const [index, at] of this.#spanAt.entries()) {
      ids.copy(body, at, 16)
      body.writeUInt32LE(index, at)
    }
    return { id: ids.toString('hex', 0, 16), body }
  }
}

function placesOf(bytes: Buffer, marker: Uint8Array): number[] {
  const places: number[] = []
  for (let at = bytes.indexOf(marker); at >= 0; at = bytes.indexOf(marker, at + 1)) places.push(at)
  return places
}

const statuses = new Map<string, number>()
const acknowledged = new Set<string>()
const refused = new Set<string>()
const requests = new Requests()

/** One request; its latency. */
async function send(client: RawClient, phase: string): Promise<number> {
  const { id, body } = requests.next()
  const startedMs = performance.now()
  client.post('/v1/traces', HEADERS, body)
  const { status, headers, body: answer } = await client.reply()
  const isMemory = answer.includes('of limits.memory_bytes (')
  const name = `${phase}${isMemory ? ', memory' : ''} ${status}`
  statuses.set(name, (statuses.get(name) ?? 0) + 1)
  if (status === 200) acknowledged.add(id)
  if (status === 429) refused.add(id)
  if ((status === 429 || status === 503) && !headers.has('retry-after'))
    throw new Error(`${status} without Retry-After`)
  return performance.now() - startedMs
}

async function probe(port: number, forMs: number): Promise<{ atMs: number; tookMs: number }[]> {
  const client = new RawClient(port)
  const probes: { atMs: number; tookMs: number }[] = []
  const startedMs = performance.now()
  while (performance.now() - startedMs < forMs) {
    const atMs = performance.now() - startedMs
    probes.push({ atMs, tookMs: await send(client, 'probe') })
    await setTimeout(PROBE_MS)
  }
  client.socket.destroy()
  return probes
}

/** Requests per second. */
async function capacity(port: number): Promise<number> {
  const until = performance.now() + CALIBRATE_MS
  const before = acknowledged.size
  await Promise.all(
    Array.from({ length: 16 }, async () => {
      const client = new RawClient(port)
      while (performance.now() < until) await send(client, 'closed loop')
      client.socket.destroy()
    }),
  )
  return (acknowledged.size - before) / (CALIBRATE_MS / 1000)
}

async function overload(
  port: number,
  perSecond: number,
  seconds: number,
): Promise<{ due: number; sent: number }> {
  // Opened when needed: an idle connection is closed after a while.
  const idle: RawClient[] = []
  const running = new Set<Promise<void>>()
  const startedMs = performance.now()
  let due = 0
  let sent = 0
  for (let elapsedMs = 0; elapsedMs < seconds * 1000; elapsedMs = performance.now() - startedMs) {
    for (; due < (elapsedMs / 1000) * perSecond; due += 1) {
      if (running.size >= Number(values.connections)) continue
      const client = idle.pop() ?? new RawClient(port)
      sent += 1
      const one = send(client, 'overload').then(() => void idle.push(client))
      const settled: Promise<void> = one.finally(() => running.delete(settled))
      running.add(settled)
    }
    await setTimeout(5)
  }
  await Promise.all(running)
  for (const client of idle) client.socket.destroy()
  return { due, sent }
}

const residentBytes = (pid: number): number =>
  Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) * 1024

const mib = (bytes: number): string => `${(bytes / 2 ** 20).toFixed(0)} MiB`
const percentile = (sorted: readonly number[], share: number): number =>
  sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0
const say = (line: string): void => void process.stdout.write(`${line}\n`)

const data = mkdtempSync(join(tmpdir(), 'wattline-overload-'))
const wattline = await startProcess({
  data,
  environment: {
    WATTLINE_LIMITS_MEMORY_BYTES: values.memory,
    WATTLINE_LIMITS_IN_FLIGHT_BYTES: values['in-flight'],
    WATTLINE_LIMITS_BODY_BYTES: String(4 * 2 ** 20),
    // A single client would wait a second for other requests, which would hide the effects of the load.
    WATTLINE_GROUP_COMMIT_THIN_WAIT_MS: '100',
  },
})
let peakBytes = 0
const watch = setInterval(() => {
  peakBytes = Math.max(peakBytes, residentBytes(wattline.pid))
}, 50)
try {
  const port = Number(new URL(wattline.otlp).port)
  const calm = (await probe(port, CALM_MS)).map(({ tookMs }) => tookMs).sort((a, b) => a - b)
  const calmMs = percentile(calm, 0.99)
  say(`calm: p50 ${percentile(calm, 0.5).toFixed(0)} ms, p99 ${calmMs.toFixed(0)} ms`)
  const perSecond = await capacity(port)
  say(`takes ${perSecond.toFixed(0)} requests of ${spans} spans a second, ${mib(peakBytes)} at most`)
  const { due, sent } = await overload(port, perSecond * Number(values.times), Number(values.seconds))
  say(`offered ${due} in ${values.seconds} s, sent ${sent}: ${JSON.stringify(Object.fromEntries(statuses))}`)
  const probes = await probe(port, RECOVERY_MS)
  // From this time every answer is a 200 about as fast as before.
  const late = probes.findLastIndex(({ tookMs }) => tookMs > Math.max(calmMs * 2, calmMs + 50))
  const recoveredMs = late < 0 ? 0 : (probes[late + 1]?.atMs ?? Number.POSITIVE_INFINITY)
  clearInterval(watch)
  say(
    `latency as before ${recoveredMs.toFixed(0)} ms after the end; most memory ${mib(peakBytes)} of ${mib(Number(values.memory))}`,
  )

  const expected = acknowledged.size * spans
  await eventually(
    async () => Number((await wattline.sql<{ n: string }>('SELECT count() AS n FROM otel_traces'))[0]?.n),
    stored => stored >= expected,
    Number(values['settle-minutes']) * 60_000,
  )
  const traces = await wattline.sql<{ t: string; n: string }>(
    'SELECT TraceId AS t, uniqExact(SpanId) AS n FROM otel_traces GROUP BY t',
  )
  const stored = new Map(traces.map(({ t, n }) => [t, Number(n)]))
  const missing = [...acknowledged].filter(id => stored.get(id) !== spans).length
  const unwanted = [...refused].filter(id => stored.has(id)).length
  say(
    `${acknowledged.size} acknowledged, ${missing} of them missing or in part; ${refused.size} refused, ${unwanted} of them stored`,
  )
  const failures = [
    recoveredMs > 5_000 && 'latency did not return within 5 s',
    peakBytes > Number(values.memory) && 'memory grew beyond its limit',
    missing > 0 && 'acknowledged spans are missing',
    unwanted > 0 && 'refused spans are stored',
    ![...statuses.keys()].every(name => /(200|429|503)$/.test(name)) && 'a wrong status',
  ].filter(failure => failure !== false)
  say(failures.length === 0 ? 'holds' : failures.join('; '))
  process.exitCode = failures.length === 0 ? 0 : 1
} finally {
  clearInterval(watch)
  await wattline.end('SIGTERM')
  rmSync(data, { recursive: true, force: true })
}
