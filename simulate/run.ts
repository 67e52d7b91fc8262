/** Sends a fleet: lanes in the order of simulated time, with a limited number of concurrent requests. */
import { setTimeout as pause } from 'node:timers/promises'
import { type FleetOptions, hostPrefix, runName } from './fleet.ts'
import { SimulatedHost } from './host.ts'
import { type Lane, MeterLane, type Payload, STILL_MS } from './lanes.ts'
import { LaneQueue } from './queue.ts'
import { draw } from './random.ts'
import { createSender, type RequestSender } from './send.ts'
import { SpanLane } from './spans.ts'

/** A fleet, and how to send it. */
export interface SimulationOptions extends FleetOptions {
  readonly url: string
  readonly token?: string
  readonly gzip: boolean
  readonly concurrency: number
  /** At the speed of the clock; otherwise as fast as requests are acknowledged. */
  readonly isRealtime: boolean
  readonly spansPerSecond: number
  readonly spansPerRequest: number
  /** 0: by request size. */
  readonly hostsPerRequest: number
  /** Share of requests that are sent twice, 0..1. */
  readonly duplicates: number
  readonly giveUpMs: number
  readonly signal: AbortSignal
}

/** Items are counted once, even if they were sent twice or retried. */
export interface SimulationReport {
  readonly run: string
  readonly seed: number
  readonly host_prefix: string
  readonly hosts: number
  readonly workloads: number
  readonly from: string
  readonly to: string
  readonly requests: number
  readonly points_acknowledged: number
  readonly spans_acknowledged: number
  readonly rejected: number
  readonly rejected_why: string
  readonly requests_sent_twice: number
  readonly retries: number
  readonly body_bytes: number
  readonly seconds: number
  readonly items_per_second: number
  /** CPU seconds of this process, and the wall-clock seconds of these that went into making the bytes. */
  readonly generator_cpu_seconds: number
  readonly generator_encode_seconds: number
  readonly metered_uj: string
}

/** What was sent, and what the books must contain. */
export interface Simulation {
  readonly report: SimulationReport
  /** Energy that each host's meters counted between acknowledged samples, µJ. */
  readonly meteredUj: ReadonlyMap<string, bigint>
}

/** Progress, for a line that is redrawn. */
export interface Progress {
  readonly share: number
  readonly points: number
  readonly spans: number
  readonly seconds: number
}

/** Points per request when not at the speed of the clock. */
const POINTS_PER_REQUEST = 4_000
const MOST_ROUNDS_PER_REQUEST = 12

/** @throws WattlineError when the receiver refuses, or does not answer for `giveUpMs`; AbortError when aborted. */
export async function simulate(
  options: SimulationOptions,
  observe: (progress: Progress) => void = () => {},
): Promise<Simulation> {
  const hosts = Array.from({ length: options.hosts }, (_, number) => new SimulatedHost(options, number))
  const failed = new AbortController()
  const signal = AbortSignal.any([options.signal, failed.signal])
  const sender = createSender({ ...options, signal })
  const drive = new Drive({ ...options, signal }, sender, lanesOf(options, hosts), observe)
  const cpu = process.cpuUsage()
  const started = performance.now()
  try {
    await Promise.all(
      Array.from({ length: options.concurrency }, () =>
        drive.work().catch((error: unknown) => {
          failed.abort(error)
          throw error
        }),
      ),
    )
  } finally {
    sender.close()
  }
  const used = process.cpuUsage(cpu)
  const meteredUj = new Map(hosts.map(host => [host.machine.id, host.acknowledgedUj]))
  const seconds = (performance.now() - started) / 1000
  const { tally } = drive
  return {
    meteredUj,
    report: {
      run: runName(options),
      seed: options.seed,
      host_prefix: hostPrefix(options),
      hosts: options.hosts,
      workloads: options.workloads,
      from: new Date(options.fromMs).toISOString(),
      to: new Date(options.fromMs + options.minutes * 60_000).toISOString(),
      requests: tally.requests,
      points_acknowledged: tally.points,
      spans_acknowledged: tally.spans,
      rejected: tally.rejected,
      rejected_why: tally.rejectedWhy,
      requests_sent_twice: tally.duplicates,
      retries: tally.retries,
      body_bytes: tally.bytes,
      seconds,
      items_per_second: Math.round((tally.points + tally.spans) / seconds),
      generator_cpu_seconds: (used.user + used.system) / 1e6,
      generator_encode_seconds: tally.encodeMs / 1000,
      metered_uj: [...meteredUj.values()].reduce((sum, uj) => sum + uj, 0n).toString(),
    },
  }
}

function lanesOf(options: SimulationOptions, hosts: readonly SimulatedHost[]): Lane[] {
  const points = Math.max(1, ...hosts.slice(0, 100).map(host => host.pointsPerRound))
  const perRequest =
    options.hostsPerRequest > 0
      ? options.hostsPerRequest
      : options.isRealtime
        ? 1
        : Math.max(1, Math.min(POINTS_PER_REQUEST / points, hosts.length / options.concurrency) | 0)
  const rounds = options.isRealtime
    ? 1
    : Math.max(1, Math.min(MOST_ROUNDS_PER_REQUEST, POINTS_PER_REQUEST / (points * perRequest)) | 0)
  const lanes: Lane[] = []
  for (let from = 0; from < hosts.length; from += perRequest) {
    lanes.push(new MeterLane(options, hosts.slice(from, from + perRequest), rounds))
  }
  const spanLanes = options.spansPerSecond > 0 ? Math.max(1, options.concurrency >> 1) : 0
  for (let lane = 0; lane < spanLanes; lane++) lanes.push(new SpanLane(options, options, lane, spanLanes))
  return lanes
}

class Drive {
  readonly tally = {
    requests: 0,
    points: 0,
    spans: 0,
    rejected: 0,
    rejectedWhy: '',
    duplicates: 0,
    retries: 0,
    bytes: 0,
    encodeMs: 0,
  }
  readonly #options: SimulationOptions
  readonly #sender: RequestSender
  readonly #queue: LaneQueue
  readonly #observe: (progress: Progress) => void
  readonly #started = performance.now()

  constructor(
    options: SimulationOptions,
    sender: RequestSender,
    lanes: readonly Lane[],
    observe: (progress: Progress) => void,
  ) {
    this.#options = options
    this.#sender = sender
    this.#queue = new LaneQueue(lanes)
    this.#observe = observe
  }

  /** One of several workers: takes the lane with the earliest simulated time, until none is left. */
  async work(): Promise<void> {
    for (let lane = this.#queue.pop(); lane !== undefined; lane = this.#queue.pop()) {
      const { isRealtime, signal } = this.#options
      const earlyMs = lane.dueMs - Date.now()
      if (isRealtime && earlyMs > 0) await pause(earlyMs, undefined, { signal })
      const dueMs = lane.dueMs
      const began = performance.now()
      const payload = lane.next()
      this.tally.encodeMs += performance.now() - began
      if (payload === null) continue
      if (payload.body.length > 0) await this.#deliver(payload)
      lane.acknowledged()
      this.#report(dueMs)
      this.#queue.push(lane)
    }
  }

  async #deliver(payload: Payload): Promise<void> {
    const { tally } = this
    const delivery = await this.#sender.send(payload.signal, payload.body)
    const isTwice = draw(this.#options.seed, tally.requests, 0, 61) < this.#options.duplicates
    tally.requests += 1
    tally.points += payload.points
    tally.spans += payload.spans
    tally.bytes += delivery.bytes
    tally.retries += delivery.retries
    tally.rejected += delivery.rejected
    if (delivery.message !== '') tally.rejectedWhy = delivery.message
    if (isTwice && payload.signal === 'metrics') {
      await this.#sender.send(payload.signal, payload.body)
      tally.duplicates += 1
    }
  }

  #report(dueMs: number): void {
    const { fromMs, minutes } = this.#options
    const whole = minutes * 60_000 + STILL_MS
    const { points, spans } = this.tally
    const seconds = (performance.now() - this.#started) / 1000
    this.#observe({ share: Math.min(1, (dueMs - fromMs) / whole), points, spans, seconds })
  }
}
