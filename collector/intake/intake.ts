import type { Broker } from '../../core/broker/broker.ts'
import type { Config } from '../../core/catalogue/config/schema.ts'
import { asWattlineError, WattlineError } from '../../core/catalogue/errors/errors.ts'
import type { Events } from '../../core/catalogue/events/events.ts'
import { FIXED_LIMITS } from '../../core/catalogue/limits/limits.ts'
import type { Identity } from '../../core/model/identity.ts'
import type { DecodeContext } from '../otlp/decode/decode-context.ts'
import type { Decoders, Encoding, IngestResult, Signal } from '../otlp/signals.ts'
import type { Reading } from '../readings/reading.ts'
import type { Recogniser } from '../readings/recogniser.ts'
import { type BrokerHealth, createBrokerHealth } from './broker-health.ts'
import { type Budget, createBudget } from './budget.ts'
import { type Clock, systemClock } from './clock.ts'
import { createGroupCommit, type GroupCommit } from './group-commit.ts'
import { createInbox, type Inbox } from './inbox.ts'
import { createMemoryGuard, type MemoryGuard } from './memory-guard.ts'
import { RequestIngest } from './request-ingest.ts'

/**
 * The entry behind all endpoints: receivers hand over bytes, sensors hand over readings, and both learn when the rows are
 * durable. Nothing is acknowledged before.
 */
export interface Intake {
  /**
   * Admits a request before its body is read. Throws `draining`, `overloaded` while memory is short, or a retryable error
   * while the log does not take records. The admission must be closed.
   * @param client what it came by, such as its connection: who sends again once answered is not held up by it
   */
  open(signal: Signal, client?: object): Admission
  /**
   * Stores one request whose bytes are in memory already (gRPC, Prometheus). Resolves when durable; throws
   * `body_undecodable`, `overloaded`, `draining`, or the log's own retryable error.
   */
  ingest(signal: Signal, encoding: Encoding, bytes: Uint8Array, tenant: string): Promise<IngestResult>
  /**
   * Admits a record of another instance, which is stored as it is for processor `admit`. Throws as `open` does. The
   * admission must be closed.
   */
  openForwarded(): ForwardedAdmission
  /** For sensors: resolves when the readings are durable. All carry the tenant named. */
  appendReadings(tenant: string, readings: readonly Reading[]): Promise<void>
  /** Admits nothing more, closes all batches, resolves when everything inside is answered. */
  drain(): Promise<void>
  stats(): IntakeStats
}

/** One admitted request, from its headers to its answer. */
export interface Admission {
  /** Counts bytes against `limits.in_flight_bytes`; throws `overloaded`. */
  reserve(bytes: number): void
  /** What `ingest` will hold the items to: for endpoints that must know beforehand what it would refuse. */
  limits(): ItemLimits
  /** Resolves when durable. The bytes may be used again once it has settled. */
  ingest(encoding: Encoding, bytes: Uint8Array, sender: Sender): Promise<IngestResult>
  /** Gives back what was reserved; to be called once the request is answered or given up. */
  close(): void
}

/** Who sends, as the credential says. */
export type Sender = Pick<Identity, 'tenant' | 'account'>

/** Limits of items, and the time of receipt that they are reckoned from. */
export type ItemLimits = Omit<DecodeContext, 'tenant' | 'account'>

interface ForwardedAdmission {
  /** Counts bytes against `limits.in_flight_bytes`; throws `overloaded`. */
  reserve(bytes: number): void
  /** Resolves when the record is durable in a partition of stream `forwarded`, which `source` alone decides. */
  append(source: string, record: Uint8Array, headers: Readonly<Record<string, string>>): Promise<void>
  close(): void
}

interface IntakeStats {
  readonly inFlightBytes: number
  readonly openRequests: number
  /** Rows in batches that are still open. */
  readonly openRows: number
  /** Why nothing is taken in: what the log said last; null while it takes records. */
  readonly brokerFailure: WattlineError | null
}

/** What intake needs of the process. */
export interface IntakeOptions {
  readonly broker: Pick<Broker, 'append' | 'partitions' | 'ping'>
  readonly config: Pick<Config, 'limits' | 'group_commit' | 'retention'>
  readonly events: Events
  readonly decoders: Decoders
  readonly recogniser: Recogniser
  readonly clock?: Clock
  /** Default: within `limits.memory_bytes`. */
  readonly memory?: MemoryGuard
}

const DAY_NANO = 86_400_000_000_000n

/** One per process: its budget, memory guard and batches are shared by all receivers. */
export function createIntake(options: IntakeOptions): Intake {
  const { broker, config, events } = options
  const clock = options.clock ?? systemClock
  const health = createBrokerHealth({ ping: () => broker.ping(), clock, events })
  const commit = createGroupCommit({ ...options, config: config.group_commit, health, clock })
  return new DurableIntake({
    ...options,
    clock,
    health,
    commit,
    budget: createBudget(config.limits.in_flight_bytes),
    memory: options.memory ?? createMemoryGuard({ limitBytes: config.limits.memory_bytes, clock }),
  })
}

interface IntakeParts extends IntakeOptions {
  readonly clock: Clock
  readonly health: BrokerHealth
  readonly commit: GroupCommit
  readonly budget: Budget
  readonly memory: MemoryGuard
}

class DurableIntake implements Intake {
  readonly #parts: IntakeParts
  readonly #inbox: Inbox
  readonly #ingest: RequestIngest
  #draining = false
  readonly #inside = new Set<Promise<unknown>>()

  constructor(parts: IntakeParts) {
    this.#parts = parts
    this.#inbox = createInbox(parts)
    this.#ingest = new RequestIngest(parts)
  }

  open(signal: Signal, client?: object): Admission {
    this.#admitRequest()
    const reservation = this.#parts.budget.open()
    const ticket = this.#parts.commit.barrier(signal).enter(client)
    let known: ItemLimits | undefined
    const limits = (): ItemLimits => {
      known ??= this.#itemLimits()
      return known
    }
    return {
      reserve: bytes => reservation.reserve(bytes),
      limits,
      ingest: (encoding, bytes, { tenant, account }) =>
        this.#track(
          this.#ingest.ingest(
            { signal, encoding, bytes, context: { tenant, account, ...limits() } },
            ticket,
            reservation,
          ),
        ),
      close() {
        reservation.release()
        ticket.leave()
      },
    }
  }

  async ingest(signal: Signal, encoding: Encoding, bytes: Uint8Array, tenant: string): Promise<IngestResult> {
    const admission = this.open(signal)
    try {
      admission.reserve(bytes.length)
      return await admission.ingest(encoding, bytes, { tenant })
    } finally {
      admission.close()
    }
  }

  openForwarded(): ForwardedAdmission {
    this.#admitRequest()
    const reservation = this.#parts.budget.open()
    return {
      reserve: bytes => reservation.reserve(bytes),
      append: (source, record, headers) => this.#track(this.#inbox.append(source, record, headers)),
      close: () => reservation.release(),
    }
  }

  async appendReadings(tenant: string, readings: readonly Reading[]): Promise<void> {
    if (readings.some(reading => reading.Tenant !== tenant)) {
      throw new WattlineError('invariant_broken', `A reading of another tenant came with those of ${tenant}.`)
    }
    const [one] = readings
    if (one !== undefined) this.#parts.recogniser.learn(tenant, one.HostName, one.Host)
    this.#admit()
    const ticket = this.#parts.commit.barrier('metrics').enter()
    try {
      const durable = this.#parts.commit.joinReadings(tenant, readings, ticket)
      ticket.allBatched()
      await this.#track(durable)
      this.#ingest.accepted('readings', readings.length)
    } finally {
      ticket.leave()
    }
  }

  async drain(): Promise<void> {
    this.#draining = true
    while (this.#inside.size > 0) {
      this.#parts.commit.flush()
      await Promise.allSettled([...this.#inside])
    }
    this.#parts.health.stop()
  }

  stats(): IntakeStats {
    const { budget, commit, health } = this.#parts
    return {
      inFlightBytes: budget.usedBytes,
      openRequests: this.#inside.size,
      openRows: commit.openRows,
      brokerFailure: health.failure,
    }
  }

  /** Readings of this machine's own sensors are not held up by memory: they are few. */
  #admitRequest(): void {
    this.#admit()
    this.#parts.memory.check(this.#parts.budget.usedBytes)
  }

  #admit(): void {
    if (this.#draining) {
      throw new WattlineError('draining', 'Intake is shutting down.', { retryAfterSeconds: 1 })
    }
    this.#parts.health.check()
  }

  #itemLimits(): ItemLimits {
    const { limits, retention } = this.#parts.config
    return {
      nowUnixNano: this.#parts.clock.unixNano(),
      limits: {
        attributes: limits.attributes,
        attributeBytes: limits.attribute_bytes,
        futureNano: BigInt(Math.round(limits.future_seconds * 1e9)),
        pastNano: BigInt(retention.signals_days) * DAY_NANO,
        maxDepth: FIXED_LIMITS.valueDepth,
      },
    }
  }

  /** Whatever is thrown inside leaves as an error of the catalogue, and drain knows what is still inside. */
  async #track<T>(work: Promise<T>): Promise<T> {
    const tracked = work.catch(error => {
      throw asWattlineError(error, 'invariant_broken')
    })
    this.#inside.add(tracked)
    try {
      return await tracked
    } finally {
      this.#inside.delete(tracked)
    }
  }
}
