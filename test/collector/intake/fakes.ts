/**
 * Neighbours of intake under the test's control: a log that accepts, refuses or hangs, and a clock that stands still.
 */

import type { Clock } from '../../../collector/intake/clock.ts'
import { createIntake, type Intake } from '../../../collector/intake/intake.ts'
import { decodeLogs } from '../../../collector/otlp/decode/logs.ts'
import { decodeMetrics } from '../../../collector/otlp/decode/metrics.ts'
import { decodeTraces } from '../../../collector/otlp/decode/traces.ts'
import type { Decoders } from '../../../collector/otlp/signals.ts'
import { createRecogniser } from '../../../collector/readings/recogniser.ts'
import type { Appended, NewRecord } from '../../../core/broker/broker.ts'
import { configSchema } from '../../../core/catalogue/config/schema.ts'
import type { EventName, Events, Facts } from '../../../core/catalogue/events/events.ts'
import { decodeRows } from '../../../core/columns/rows.ts'
import { traces } from '../../../core/model/streams/index.ts'

/** What the log does with the next append: stores it, refuses it, stores it and reports a failure, or never answers. */
export type Mood = 'store' | 'refuse' | 'store and fail' | 'hang'

export class FakeBroker {
  mood: (stream: string) => Mood = () => 'store'
  pingFails = false
  pings = 0
  inFlight = 0
  maxInFlight = 0
  /** When set, appends wait for it. */
  gate: Promise<void> | undefined
  readonly stored: { stream: string; partition: number | 'any'; records: readonly NewRecord[] }[] = []

  async append(stream: string, partition: number | 'any', records: readonly NewRecord[]): Promise<Appended> {
    this.inFlight += 1
    this.maxInFlight = Math.max(this.maxInFlight, this.inFlight)
    try {
      await this.gate
      const mood = this.mood(stream)
      if (mood === 'hang') await new Promise(() => {})
      // A copy, as in a real log: the caller may reuse the bytes.
      const kept = records.map(record => ({ ...record, value: Uint8Array.from(record.value) }))
      if (mood !== 'refuse') this.stored.push({ stream, partition, records: kept })
      if (mood !== 'store') throw new Error('the log says no')
      return { partition: partition === 'any' ? 0 : partition, offset: BigInt(this.stored.length - 1) }
    } finally {
      this.inFlight -= 1
    }
  }

  partitions(): number {
    return 2
  }

  async ping(): Promise<void> {
    this.pings += 1
    if (this.pingFails) throw new Error('the log is away')
  }

  records(stream: string): Uint8Array[] {
    return this.stored
      .filter(entry => entry.stream === stream)
      .flatMap(entry => entry.records.map(r => r.value))
  }

  /** Names of all spans that the log holds. */
  spanNames(): string[] {
    return this.records('traces').flatMap(record => decodeRows(traces, record).map(row => row.SpanName))
  }
}

/** Time passes only through `advance`, which runs due timers in order and lets promises settle. */
export class FakeClock implements Clock {
  nowMs = 1_000
  readonly #due = new Set<{ atMs: number; run: () => void }>()

  monotonicMs(): number {
    return this.nowMs
  }

  unixNano(): bigint {
    return 1_700_000_000_000_000_000n + BigInt(Math.round(this.nowMs * 1e6))
  }

  after(ms: number, run: () => void): () => void {
    const timer = { atMs: this.nowMs + ms, run }
    this.#due.add(timer)
    return () => this.#due.delete(timer)
  }

  async advance(ms: number): Promise<void> {
    const untilMs = this.nowMs + ms
    for (;;) {
      await settle()
      const next = [...this.#due].filter(timer => timer.atMs <= untilMs).sort((a, b) => a.atMs - b.atMs)[0]
      if (next === undefined) break
      this.#due.delete(next)
      this.nowMs = Math.max(this.nowMs, next.atMs)
      next.run()
    }
    this.nowMs = untilMs
    await settle()
  }
}

export const settle = (): Promise<void> => new Promise(resolve => setImmediate(resolve))

export class RecordedEvents implements Events {
  readonly all: { name: EventName; facts: Facts }[] = []

  emit(name: EventName, facts: Facts = {}): void {
    this.all.push({ name, facts })
  }

  sum(name: EventName, match: Facts = {}): number {
    return this.all
      .filter(event => event.name === name)
      .filter(event => Object.entries(match).every(([key, value]) => event.facts[key] === value))
      .reduce((sum, { facts }) => sum + (facts.amount ?? 1), 0)
  }
}

export const decoders: Decoders = { traces: decodeTraces, metrics: decodeMetrics, logs: decodeLogs }
export const recogniser = createRecogniser()

export interface Rig {
  readonly broker: FakeBroker
  readonly clock: FakeClock
  readonly events: RecordedEvents
  readonly intake: Intake
}

const dropping = createRecogniser({ drops: true })

/** An intake with the real decoders between the fakes; `settings` as in the configuration file. */
export function rig(settings: Record<string, unknown> = {}): Rig {
  const broker = new FakeBroker()
  const clock = new FakeClock()
  const events = new RecordedEvents()
  const config = configSchema.parse(settings)
  return {
    broker,
    clock,
    events,
    intake: createIntake({
      broker,
      config,
      events,
      clock,
      decoders,
      recogniser: config.metrics.recognised === 'drop' ? dropping : recogniser,
    }),
  }
}
