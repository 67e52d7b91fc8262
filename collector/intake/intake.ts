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
import { type DecodedPoints, type PointsDecoder, RequestIngest } from './request-ingest.ts'

/**
 * The entry behind all endpoints: receivers pass bytes, sensors pass readings, and both learn when the rows are
 * durable. Nothing is acknowledged before that.
 */
export interface Intake {
  /**
   * Admits a request before its body is read. Throws `draining`, `overloaded` while memory is short, or a retryable
   * error while the log does not accept records. The admission must be closed.
   * @param client identifies the client, for example by its connection: a client that sends again when answered must
   * not be held up
   */
  open(signal: Signal, client?: object): Admission
  /**
   * Stores one request whose bytes are already in memory (gRPC, Prometheus). Resolves when durable; throws
   * `body_undecodable`, `overloaded`, `draining`, or the log's own retryable error.
   */
  ingest(signal: Signal, encoding: Encoding, bytes: Uint8Array, tenant: string): Promise<IngestResult>
  /**
   * Admits a record of another instance, which is stored unchanged for processor `admit`. Throws like `open`. The
   * admission must be closed.
   */
  openForwarded(): ForwardedAdmission
  /** For sensors: resolves when the readings are durable. All belong to the given tenant. */
  appendReadings(tenant: string, readings: readonly Reading[]): Promise<void>
  /** Admits nothing more, closes all batches, and resolves when every admitted request is answered. */
  drain(): Promise<void>
  stats(): IntakeStats
}

/** One admitted request, from its headers to its answer. */
export interface Admission {
  /** Counts bytes against `limits.in_flight_bytes`; throws `overloaded`. */
  reserve(bytes: number): void
  /** The limits that `ingest` applies to items, for endpoints that must know in advance what it would refuse. */
  limits(): ItemLimits
  /** Resolves when durable. The bytes may be reused once it has settled. */
  ingest(encoding: Encoding, bytes: Uint8Array, sender: Sender): Promise<IngestResult>
  /**
   * The same for a metrics request that its receiver decodes itself. `decode` is called once, at once; when it answers null, the
   * builders must be unchanged, nothing is stored, and the request may be ingested otherwise.
   */
  ingestPoints<Result extends DecodedPoints>(
    bytes: number,
    sender: Sender,
    decode: PointsDecoder<Result>,
  ): Promise<Result | null>
  /** Releases what was reserved; call it when the request is answered or abandoned. */
  close(): void
}

/** The sender, according to the credential. */
export type Sender = Pick<Identity, 'tenant' | 'account'>

/** Limits of items, and the time of receipt to which they relate. */
export type ItemLimits = Omit<DecodeContext, 'tenant' | 'account'>

interface ForwardedAdmission {
  /** Counts bytes against `limits.in_flight_bytes`; throws `overloaded`. */
  reserve(bytes: number): void
  /** Resolves when the record is durable in a partition of stream `forwarded`, which only `source` determines. */
  append(source: string, record: Uint8Array, headers: Readonly<Record<string, string>>): Promise<void>
  close(): void
}

interface IntakeStats {
  readonly inFlightBytes: number
  readonly openRequests: number
  /** Rows in batches that are still open. */
  readonly openRows: number
  /** Why nothing is ingested: the last error of the log; null while it accepts records. */
  readonly brokerFailure: WattlineError | null
}

/** What intake needs from the process. */
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

/** One per process: all receivers share its budget, memory guard and batches. */
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
      ingestPoints: (bytes, { tenant, account }, decode) =>
        this.#track(this.#ingest.ingestPoints(bytes, { tenant, account, ...limits() }, decode, ticket)),
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
      throw new WattlineError('invariant_broken', `A reading of another tenant was among those of ${tenant}.`)
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

  /** Readings of this machine's own sensors ignore the memory limit: they are few. */
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

  /** Converts every thrown error to one of the catalogue, and lets drain know what is still running. */
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
