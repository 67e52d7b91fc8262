/** Hosts that send samples of their meters, each until it is acknowledged. */
import { counterJson, metricsJson } from '../support/otlp.ts'
import { Meter } from './acknowledged.ts'
import { type Client, isOver, METRICS, pause, post, RETRY_MS } from './exchange.ts'

/** Rows of one sample in `readings`, and in the table of sums. */
export const ROWS_PER_SAMPLE = 4

/** Energy in µJ, CPU time in µs. */
interface Counters {
  energy: bigint
  busy: bigint
  idle: bigint
  workload: bigint
}

const SAMPLE_MS = 5_000
const SAMPLE_PAUSE_MS = 20
/** Late enough to close every window of the earlier samples. */
const CLOSING_NS = 600_000_000_000n
const MOST_WATTS = 200
const CPUS = 4

/**
 * A host whose meter runs much faster than the clock: one sample after the other, each until acknowledged. `closing`:
 * ends with a sample ten minutes later that has counted nothing; otherwise the host just goes silent.
 */
export async function meterClient(host: string, client: Client, closing = false): Promise<void> {
  const { random, stop } = client
  // Starts far enough in the past never to overtake the clock.
  let time = nanoOf(Date.now() - 7 * 86_400_000)
  const metered = new MeteredHost(host, client)
  while (!stop.aborted) {
    if (!(await metered.send(time))) return
    time += BigInt(SAMPLE_MS) * 1_000_000n
    metered.pass(SAMPLE_MS)
    await pause(SAMPLE_PAUSE_MS + random() * (client.paceMs ?? 0))
  }
  if (!closing) return
  await metered.send(time)
  await metered.send(time + CLOSING_NS)
}

/** The clock of a host as set by a fault. */
export interface HostClock {
  readonly host: string
  /** How far it is ahead, negative if behind, ms. */
  offsetMs: number
  /** The host sends nothing. */
  isSilent: boolean
  /** Samples acknowledged since the clock was last set. */
  sent: number
}

const CLOCKED_PAUSE_MS = 250

/**
 * A host in its own time. What its meter counts while its clock is wrong belongs to the time between the last sample
 * before and the first one after, and the books must agree.
 */
export async function clockedMeterClient(clock: HostClock, client: Client): Promise<void> {
  const { random, stop } = client
  const metered = new MeteredHost(clock.host, client)
  let lastMs = Date.now()
  let isRight = true
  // The final time is right: a host that goes silent with a wrong clock reports a day later itself.
  while (!stop.aborted || !isRight) {
    if (!clock.isSilent) {
      const { offsetMs } = clock
      const nowMs = Date.now()
      metered.pass(nowMs - lastMs)
      lastMs = nowMs
      if (!(await metered.send(nanoOf(nowMs + offsetMs), offsetMs === 0))) return
      if (offsetMs === clock.offsetMs) clock.sent += 1
      isRight = offsetMs === 0
    }
    await pause(CLOCKED_PAUSE_MS + random() * (client.paceMs ?? 0))
  }
}

/** A host's counters, and what was acknowledged of them. */
class MeteredHost {
  readonly #host: string
  readonly #client: Client
  readonly #meter = new Meter()
  readonly #counters: Counters

  constructor(host: string, client: Client) {
    this.#host = host
    this.#client = client
    const energy = BigInt(Math.floor(client.random() * 1e9))
    this.#counters = { energy, busy: 1_000_000n, idle: 5_000_000n, workload: 0n }
    client.acknowledged.meters.set(host, this.#meter)
  }

  /** How long the meter counts. */
  pass(ms: number): void {
    const { random } = this.#client
    const counters = this.#counters
    counters.energy += BigInt(Math.floor(random() * ms * MOST_WATTS * 1_000))
    const used = BigInt(Math.floor(random() * ms * 1_000 * (CPUS / 2)))
    counters.busy += used
    counters.idle += BigInt(ms * 1_000 * CPUS) - used
    counters.workload += used / 3n
  }

  /** Until it is acknowledged; false: given up. `isDated`: its time is right, so that the books know when it was. */
  async send(time: bigint, isDated = true): Promise<boolean> {
    const meter = this.#meter
    for (let attempt = 0; ; attempt++) {
      const id = `${time}/${attempt}`
      const body = Buffer.from(JSON.stringify(meterSample(this.#host, id, time, this.#counters)))
      const outcome = await post(this.#client, METRICS, body, ROWS_PER_SAMPLE)
      // Dated too far ahead: it may not be stored, and a retry would get the same answer.
      if (outcome === 'rejected' && !isDated) return true
      // A correctly dated sample that is rejected anyway is missing: the audit finds it.
      const isTaken = outcome === 'acknowledged' || outcome === 'rejected'
      if (outcome !== 'refused') meter.tried(time, id, isTaken)
      if (isTaken) {
        if (isDated) meter.add(time, this.#counters.energy)
        return true
      }
      if (isOver(this.#client)) return false
      await pause(RETRY_MS)
    }
  }
}

const nanoOf = (ms: number): bigint => BigInt(ms) * 1_000_000n

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
