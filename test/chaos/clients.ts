/** The load: clients that send as OpenTelemetry exporters do, one request after the other, each until it is acknowledged. */
import { randomBytes } from 'node:crypto'
import { connect } from 'node:net'
import { counterJson, encodeTraces, metricsJson } from '../support/otlp.ts'
import { type Acknowledged, Meter } from './acknowledged.ts'

/** Where to send now; null while nobody listens. Clients wait and repeat. */
export interface Target {
  readonly otlp: string | null
  /** Requests in flight, for faults that cut them. */
  readonly open?: Set<AbortController>
}

export interface Client {
  readonly target: Target
  readonly acknowledged: Acknowledged
  readonly random: () => number
  /** Ends the load: what is under way is still repeated until it is acknowledged, or until `giveUp`. */
  readonly stop: AbortSignal
  readonly giveUp?: AbortSignal
  /** Longest pause between two requests. */
  readonly paceMs?: number
}

/** Exporters wait longer, and would meet fewer faults. */
const RETRY_MS = 100
/** How often a client looks for somebody who listens. */
const LOOK_MS = 20
const SAMPLE_PAUSE_MS = 20
const REQUEST_TIMEOUT_MS = 20_000

/** Sends batches of spans, each repeated as a new attempt until it is acknowledged. */
export async function spanClient(client: Client): Promise<void> {
  const { acknowledged, random, stop } = client
  const name = randomBytes(4).toString('hex')
  for (let batch = 0; !stop.aborted; batch++) {
    const size = 1 + Math.floor(random() * 200)
    for (let attempt = 0; ; attempt++) {
      const id = `${name}-${batch}/${attempt}`
      const outcome = await post(client, TRACES, spansOf(acknowledged.service, id, size))
      if (outcome === 'acknowledged') {
        acknowledged.batches.set(id, size)
        acknowledged.times.set(id, Date.now())
        break
      }
      if (outcome === 'unanswered') acknowledged.unanswered.set(id, size)
      if (isOver(client)) return
      await pause(RETRY_MS)
    }
    await pause(random() * (client.paceMs ?? 0))
  }
}

/**
 * Answers that say that nothing was taken, by their error's name. Others may come when the log has it all the same; and of
 * metrics, which are several records, some may fit on a disk that is too full for the rest.
 */
const NOTHING_TAKEN: Readonly<Record<string, RegExp>> = {
  '/v1/traces': /draining|overloaded|disk_full/,
  '/v1/metrics': /draining|overloaded/,
}

const TRACES = { path: '/v1/traces', type: 'application/x-protobuf' }
const METRICS = { path: '/v1/metrics', type: 'application/json' }

/** Without `giveUp` a stop also ends the repeating. */
const isOver = ({ stop, giveUp }: Client): boolean => (giveUp ?? stop).aborted

function spansOf(service: string, id: string, size: number): Buffer {
  const now = BigInt(Date.now()) * 1_000_000n
  const spans = Array.from({ length: size }, (_, i) => ({
    traceId: randomBytes(16),
    spanId: randomBytes(8),
    name: `operation ${i % 7}`,
    // Two days, so that a record falls into two partitions of the table.
    startUnixNano: now - (i % 2 === 0 ? 0n : 86_400_000_000_000n),
    endUnixNano: now,
    attributes: { batch: id },
  }))
  return encodeTraces({ 'service.name': service }, spans)
}

/** Rows that one sample gives in `readings`, and in the table of sums. */
export const ROWS_PER_SAMPLE = 4

interface Counters {
  energy: bigint
  busy: bigint
  idle: bigint
  workload: bigint
}

const SAMPLE_NS = 5_000_000_000n
/** Far enough that every window of the samples before is closed by it. */
const CLOSING_NS = 600_000_000_000n

/**
 * A host whose meter runs much faster than the clock: one sample after the other, each until acknowledged.
 * `closing`: ends with a sample ten minutes on that has counted nothing; otherwise the host just falls silent.
 */
export async function meterClient(host: string, client: Client, closing = false): Promise<void> {
  const { acknowledged, random, stop } = client
  // Starts far enough in the past to never overtake the clock.
  let time = BigInt(Date.now() - 7 * 86_400_000) * 1_000_000n
  const counters = {
    energy: BigInt(Math.floor(random() * 1e9)),
    busy: 1_000_000n,
    idle: 5_000_000n,
    workload: 0n,
  }
  const meter = new Meter()
  acknowledged.meters.set(host, meter)
  const send = async (): Promise<boolean> => {
    for (let attempt = 0; ; attempt++) {
      const id = `${time}/${attempt}`
      const body = Buffer.from(JSON.stringify(meterSample(host, id, time, counters)))
      const outcome = await post(client, METRICS, body)
      if (outcome !== 'refused') meter.tried(time, id, outcome === 'acknowledged')
      if (outcome === 'acknowledged') {
        meter.add(time, counters.energy)
        return true
      }
      if (isOver(client)) return false
      await pause(RETRY_MS)
    }
  }
  while (!stop.aborted) {
    if (!(await send())) return
    time += SAMPLE_NS
    advance(counters, random)
    await pause(SAMPLE_PAUSE_MS + random() * (client.paceMs ?? 0))
  }
  if (!closing) return
  await send()
  time += CLOSING_NS
  await send()
}

function advance(counters: Counters, random: () => number): void {
  counters.energy += BigInt(Math.floor(random() * 1e9))
  const used = BigInt(Math.floor(random() * 10_000_000))
  counters.busy += used
  counters.idle += 20_000_000n - used
  counters.workload += used / 3n
}

function meterSample(host: string, attempt: string, time: bigint, counters: Counters): unknown {
  const seconds = (us: bigint): number => Number(us) / 1e6
  const counter = (name: string, unit: string, value: number, attributes: Record<string, string> = {}) =>
    counterJson(name, unit, [{ timeUnixNano: `${time}`, asDouble: value, attributes }])
  const resource = { 'host.id': host, 'host.name': host, attempt }
  const own = metricsJson(resource, [
    counter('hw.energy', 'J', seconds(counters.energy), { 'hw.type': 'cpu', 'hw.id': '0' }),
    counter('system.cpu.time', 's', seconds(counters.busy), { 'cpu.mode': 'user' }),
    counter('system.cpu.time', 's', seconds(counters.idle), { 'cpu.mode': 'idle' }),
  ]) as { resourceMetrics: unknown[] }
  const container = metricsJson({ ...resource, 'container.id': 'c1' }, [
    counter('container.cpu.time', 's', seconds(counters.workload)),
  ]) as { resourceMetrics: unknown[] }
  return { resourceMetrics: [...own.resourceMetrics, ...container.resourceMetrics] }
}

/**
 * `refused`: surely not taken. `unanswered`: the connection broke, or the log did not say in time whether it has it; it
 * may or may not have been taken.
 */
type Outcome = 'acknowledged' | 'refused' | 'unanswered'

async function post(
  { target, giveUp }: Client,
  { path, type }: { readonly path: string; readonly type: string },
  body: Buffer,
): Promise<Outcome> {
  const { otlp, open } = target
  if (otlp === null) {
    await pause(LOOK_MS)
    return 'refused'
  }
  const cut = new AbortController()
  open?.add(cut)
  try {
    const signals = [
      cut.signal,
      AbortSignal.timeout(REQUEST_TIMEOUT_MS),
      ...(giveUp === undefined ? [] : [giveUp]),
    ]
    const response = await fetch(otlp + path, {
      method: 'POST',
      headers: { 'content-type': type },
      body: new Uint8Array(body),
      signal: AbortSignal.any(signals),
    })
    const text = await response.text()
    if (response.status === 200) return 'acknowledged'
    return NOTHING_TAKEN[path]?.test(text) === true ? 'refused' : 'unanswered'
  } catch (error) {
    return saysRefused(error) ? 'refused' : 'unanswered'
  } finally {
    open?.delete(cut)
  }
}

const saysRefused = (error: unknown): boolean =>
  error instanceof Error && (error.cause as { code?: unknown } | undefined)?.code === 'ECONNREFUSED'

/** Half of a request, then the connection breaks: nothing of it may ever be stored. */
export async function halfRequest({ target, acknowledged, random }: Client): Promise<void> {
  if (target.otlp === null) return
  const { hostname, port } = new URL(target.otlp)
  const id = `half-${randomBytes(4).toString('hex')}/0`
  const body = spansOf(acknowledged.service, id, 50)
  const head = `POST /v1/traces HTTP/1.1\r\nHost: ${hostname}\r\nContent-Type: ${TRACES.type}\r\nContent-Length: ${body.length}\r\n\r\n`
  const socket = connect(Number(port), hostname)
  socket.on('error', () => {})
  socket.write(head)
  socket.write(body.subarray(0, Math.floor(body.length * random())))
  await pause(5 + random() * 50)
  socket.destroy()
}

const pause = (ms: number): Promise<void> => new Promise(resolve => setTimeout(resolve, ms))
