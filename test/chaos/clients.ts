import { randomBytes } from 'node:crypto'
import { counterJson, encodeTraces, metricsJson } from '../support/otlp.ts'

/** Where the process under test listens now; null while it is down. Clients wait and repeat, as OTLP exporters do. */
export interface Target {
  otlp: string | null
}

/** What was acknowledged: the auditor recomputes from this what must be in the tables. */
export interface Acknowledged {
  /** `batch/attempt` -> spans in it. */
  readonly batches: Map<string, number>
  /** Host -> counter of the first and of the last acknowledged sample, µJ. */
  readonly meters: Map<string, { first: bigint; last: bigint }>
  /** Attempts that were sent and never answered: each may be in the table whole, or not at all. */
  readonly unanswered: Map<string, number>
}

export const nothingAcknowledged = (): Acknowledged => ({
  batches: new Map(),
  meters: new Map(),
  unanswered: new Map(),
})

const pause = (ms: number): Promise<void> => new Promise(resolve => setTimeout(resolve, ms))

/** Sends batches of spans one after the other, each repeated (as a new attempt) until it is acknowledged. */
export async function spanClient(
  target: Target,
  acknowledged: Acknowledged,
  random: () => number,
  stop: AbortSignal,
): Promise<void> {
  const client = randomBytes(4).toString('hex')
  for (let batch = 0; !stop.aborted; batch++) {
    const size = 1 + Math.floor(random() * 200)
    for (let attempt = 0; ; attempt++) {
      const id = `${client}-${batch}/${attempt}`
      const sent = await post(target, '/v1/traces', 'application/x-protobuf', spansOf(id, size))
      if (sent === 'acknowledged') {
        acknowledged.batches.set(id, size)
        break
      }
      if (sent === 'unanswered') acknowledged.unanswered.set(id, size)
      if (stop.aborted) return
      await pause(20)
    }
  }
}

function spansOf(id: string, size: number): Buffer {
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
  return encodeTraces({ 'service.name': 'chaos' }, spans)
}

/** A host whose meter runs twenty times as fast as the clock: one sample after the other, each until acknowledged. */
export async function meterClient(
  host: string,
  target: Target,
  acknowledged: Acknowledged,
  random: () => number,
  stop: AbortSignal,
): Promise<void> {
  // Starts far enough in the past to never overtake the clock.
  let time = BigInt(Date.now() - 7 * 86_400_000) * 1_000_000n
  let [energy, busy, idle, workload] = [BigInt(Math.floor(random() * 1e9)), 1_000_000n, 5_000_000n, 0n]
  while (!stop.aborted) {
    const body = Buffer.from(JSON.stringify(meterSample(host, time, { energy, busy, idle, workload })))
    while ((await post(target, '/v1/metrics', 'application/json', body)) !== 'acknowledged') {
      if (stop.aborted) return
      await pause(20)
    }
    const seen = acknowledged.meters.get(host)
    if (seen === undefined) acknowledged.meters.set(host, { first: energy, last: energy })
    else seen.last = energy
    time += 5_000_000_000n
    energy += BigInt(Math.floor(random() * 1e9))
    const used = BigInt(Math.floor(random() * 10_000_000))
    busy += used
    idle += 20_000_000n - used
    workload += used / 3n
    await pause(20)
  }
}

function meterSample(
  host: string,
  time: bigint,
  counters: Readonly<Record<'energy' | 'busy' | 'idle' | 'workload', bigint>>,
): unknown {
  const seconds = (us: bigint): number => Number(us) / 1e6
  const counter = (name: string, unit: string, value: number, attributes: Record<string, string> = {}) =>
    counterJson(name, unit, [{ timeUnixNano: `${time}`, asDouble: value, attributes }])
  const resource = { 'host.id': host, 'host.name': host }
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

/** `refused`: surely not taken. `unanswered`: the connection broke, it may or may not have been taken. */
async function post(
  target: Target,
  path: string,
  type: string,
  body: Buffer,
): Promise<'acknowledged' | 'refused' | 'unanswered'> {
  if (target.otlp === null) return 'refused'
  try {
    const response = await fetch(target.otlp + path, {
      method: 'POST',
      headers: { 'content-type': type },
      body: new Uint8Array(body),
      signal: AbortSignal.timeout(20_000),
    })
    await response.arrayBuffer()
    return response.status === 200 ? 'acknowledged' : 'refused'
  } catch {
    return 'unanswered'
  }
}
