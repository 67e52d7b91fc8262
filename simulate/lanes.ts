/**
 * Requests that must be sent in order: each lane has one request in flight at a time, so a host's samples never
 * overtake each other.
 */
import type { FleetOptions } from './fleet.ts'
import type { SimulatedHost } from './host.ts'
import { RequestBody } from './template.ts'

/** One OTLP request body, uncompressed. */
export interface Payload {
  readonly signal: 'metrics' | 'traces'
  /** Valid until the lane's next payload. */
  readonly body: Buffer
  readonly points: number
  readonly spans: number
}

/** A sequence of requests that are sent one after another. */
export interface Lane {
  /** Simulated time of its next request, unix milliseconds. */
  readonly dueMs: number
  /** Null: nothing is left to send. */
  next(): Payload | null
  /** The last payload was acknowledged. */
  acknowledged(): void
}

/**
 * How long after the last sample the meters are read once more, unchanged: beyond its minute and the usual lateness.
 */
export const STILL_MS = 120_000
const HELD_BACK_MS = 150_000

interface HeldBack {
  readonly untilRound: number
  readonly bytes: Uint8Array
  readonly points: number
}

/** The samples of some hosts, with several rounds per request. */
export class MeterLane implements Lane {
  readonly #options: FleetOptions
  readonly #hosts: readonly SimulatedHost[]
  readonly #roundsPerRequest: number
  readonly #lastRound: number
  readonly #body = new RequestBody()
  readonly #scratch = new RequestBody()
  #held: HeldBack[] = []
  #round = 0
  #points = 0

  constructor(options: FleetOptions, hosts: readonly SimulatedHost[], roundsPerRequest: number) {
    this.#options = options
    this.#hosts = hosts
    this.#roundsPerRequest = roundsPerRequest
    this.#lastRound = Math.floor((options.minutes * 60_000) / options.intervalMs)
  }

  get dueMs(): number {
    const { fromMs, intervalMs } = this.#options
    const isStill = this.#round > this.#lastRound
    return fromMs + Math.min(this.#round, this.#lastRound) * intervalMs + (isStill ? STILL_MS : 0)
  }

  next(): Payload | null {
    this.#body.clear()
    this.#points = 0
    if (this.#round > this.#lastRound + 1) return null
    if (this.#round > this.#lastRound) this.#writeStill()
    else this.#writeRounds()
    return { signal: 'metrics', body: this.#body.bytes(), points: this.#points, spans: 0 }
  }

  acknowledged(): void {
    for (const host of this.#hosts) host.acknowledge()
  }

  #writeRounds(): void {
    const end = Math.min(this.#round + this.#roundsPerRequest, this.#lastRound + 1)
    for (; this.#round < end; this.#round++) {
      this.#releaseHeld(this.#round)
      for (const host of this.#hosts) this.#writeRound(host, this.#round)
    }
  }

  #writeRound(host: SimulatedHost, round: number): void {
    if (!host.mayBeLate(round, this.#lastRound)) {
      const before = this.#body.length
      host.writeRound(round, this.#body)
      if (this.#body.length > before) this.#points += host.pointsPerRound
      return
    }
    this.#scratch.clear()
    host.writeRound(round, this.#scratch)
    if (this.#scratch.length === 0) return
    this.#held.push({
      untilRound: round + Math.ceil(HELD_BACK_MS / this.#options.intervalMs),
      bytes: Uint8Array.from(this.#scratch.bytes()),
      points: host.pointsPerRound,
    })
  }

  #writeStill(): void {
    this.#releaseHeld(Number.POSITIVE_INFINITY)
    const timeMs = this.dueMs
    for (const host of this.#hosts) {
      host.writeStill(timeMs, this.#body)
      this.#points += host.pointsPerRound
    }
    this.#round += 1
  }

  #releaseHeld(round: number): void {
    const due = this.#held.filter(held => held.untilRound <= round)
    if (due.length === 0) return
    this.#held = this.#held.filter(held => held.untilRound > round)
    for (const { bytes, points } of due) {
      this.#body.append(bytes)
      this.#points += points
    }
  }
}
