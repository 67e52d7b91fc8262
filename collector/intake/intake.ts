import type { Broker } from '../../core/broker/broker.ts'
import type { Config } from '../../core/catalogue/config/schema.ts'
import { asWattlineError, WattlineError } from '../../core/catalogue/errors/errors.ts'
import type { Events } from '../../core/catalogue/events/events.ts'
import { FIXED_LIMITS } from '../../core/catalogue/limits/limits.ts'
import type { WriterMemory } from '../../core/protobuf/writer.ts'
import { repeatedBytes } from '../otlp/amplification.ts'
import type { DecodeContext } from '../otlp/decode/decode-context.ts'
import { jsonToProtobuf } from '../otlp/json/json.ts'
import { notesOf, PassedOver } from '../otlp/passed-over.ts'
import {
  type Builders,
  type Decoders,
  type Encoding,
  type IngestResult,
  SIGNAL_BUILDERS,
  type Signal,
} from '../otlp/signals.ts'
import type { Reading } from '../readings/reading.ts'
import type { RecognisedPoints } from '../readings/recognised-points.ts'
import type { Recogniser } from '../readings/recogniser.ts'
import { type BrokerHealth, createBrokerHealth } from './broker-health.ts'
import { type Budget, createBudget, type Reservation } from './budget.ts'
import { type Clock, systemClock } from './clock.ts'
import { type Decoded, decodeInto } from './decode-into.ts'
import { createGroupCommit, type GroupCommit } from './group-commit.ts'
import { createInbox, type Inbox } from './inbox.ts'
import { decodeLarge, ENGINE_BYTES, LARGE_BODY_BYTES } from './large-request.ts'
import { createMemoryGuard, type MemoryGuard } from './memory-guard.ts'
import type { Ticket } from './request-barrier.ts'

/**
 * The door behind all doors: receivers hand over bytes, sensors hand over readings, and both are told when the rows are
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
  /** What `ingest` will hold the items to: for doors that must know beforehand what it would refuse. */
  limits(): ItemLimits
  /** Resolves when durable. The bytes may be used again once it has settled. */
  ingest(encoding: Encoding, bytes: Uint8Array, tenant: string): Promise<IngestResult>
  /** Gives back what was reserved; to be called once the request is answered or given up. */
  close(): void
}

/** Limits of items, and the time of receipt that they are reckoned from. */
export type ItemLimits = Omit<DecodeContext, 'tenant'>

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
  #draining = false
  readonly #inside = new Set<Promise<unknown>>()

  constructor(parts: IntakeParts) {
    this.#parts = parts
    this.#inbox = createInbox(parts)
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
      ingest: (encoding, bytes, tenant) =>
        this.#track(this.#ingest(signal, encoding, bytes, { tenant, ...limits() }, ticket, reservation)),
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
      return await admission.ingest(encoding, bytes, tenant)
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
      this.#accepted('readings', readings.length)
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
      throw new WattlineError('draining', 'No more is taken in.', { retryAfterSeconds: 1 })
    }
    this.#parts.health.check()
  }

  async #ingest(
    signal: Signal,
    encoding: Encoding,
    bytes: Uint8Array,
    context: DecodeContext,
    ticket: Ticket,
    reservation: Reservation,
  ): Promise<IngestResult> {
    // Reading a slow body takes time in which the log may have begun to fail.
    this.#parts.health.check()
    const passedOver = new PassedOver()
    const body =
      encoding === 'json'
        ? jsonToProtobuf(signal, bytes, this.#outputMemory(bytes.length, reservation), passedOver.add)
        : bytes
    const isLarge = body.length > Math.min(LARGE_BODY_BYTES, this.#parts.config.group_commit.bytes)
    const engineBytes = body.length + (isLarge ? 0 : repeatedBytes(signal, body, context.limits))
    const result =
      isLarge || engineBytes > ENGINE_BYTES
        ? await this.#ingestLarge(signal, body, context, ticket)
        : await this.#ingestShared(signal, body, context, ticket, engineBytes)
    this.#accepted(signal, result.accepted)
    for (const [reason, amount] of result.reasons) {
      this.#parts.events.emit('itemsRejected', { signal, reason, amount })
    }
    return { ...result, notes: notesOf(signal, body, result, passedOver) }
  }

  /** What JSON becomes is paid for before it is taken, beyond the bytes of the body itself. Twice the largest body is the most. */
  #outputMemory(bodyBytes: number, reservation: Reservation): WriterMemory {
    const maxBytes = 2 * this.#parts.config.limits.body_bytes
    let paidBytes = bodyBytes
    return {
      acquire(bytes) {
        if (bytes > maxBytes) {
          throw new WattlineError('body_too_large', `In protobuf the body takes more than ${maxBytes} bytes.`)
        }
        if (bytes > paidBytes) {
          reservation.reserve(bytes - paidBytes)
          paidBytes = bytes
        }
        return Buffer.allocUnsafe(bytes)
      },
      release() {},
    }
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

  /** The rule: straight into the batches that all requests in flight share. */
  async #ingestShared(
    signal: Signal,
    body: Uint8Array,
    context: DecodeContext,
    ticket: Ticket,
    engineBytes: number,
  ): Promise<IngestResult> {
    const { commit } = this.#parts
    const names = SIGNAL_BUILDERS[signal]
    for (const name of names) commit.batcher(name).makeRoom(body.length, engineBytes)
    const rowsBefore = names.map(name => commit.builders[name].rows)
    const { result, recognised } = this.#decode(signal, body, context, commit.builders)

    const durable: Promise<void>[] = []
    for (const [index, name] of names.entries()) {
      const added = commit.builders[name].rows - rowsBefore[index]!
      if (added > 0) durable.push(commit.batcher(name).join(added, ticket, engineBytes))
    }
    if (recognised !== null) durable.push(this.#joinRecognised(recognised, ticket, engineBytes))
    ticket.allBatched()
    await Promise.all(durable)
    return result
  }

  /** The exception: records of its own, so that shared batches keep their size. */
  async #ingestLarge(
    signal: Signal,
    body: Uint8Array,
    context: DecodeContext,
    ticket: Ticket,
  ): Promise<IngestResult> {
    const { commit, config } = this.#parts
    const { result, recognised, records } = await decodeLarge({
      signal,
      body,
      limits: config.group_commit,
      decode: (chunk, builders) => this.#decode(signal, chunk, context, builders),
      repeatedBytes: chunk => repeatedBytes(signal, chunk, context.limits),
    })
    const durable = [...records].map(([name, list]) => commit.batcher(name).append(list))
    for (const [points, engineBytes] of recognised) {
      durable.push(this.#joinRecognised(points, ticket, engineBytes))
    }
    await Promise.all(durable)
    return result
  }

  #decode(signal: Signal, body: Uint8Array, context: DecodeContext, builders: Builders): Decoded {
    const decoded = decodeInto(this.#parts, signal, body, context, builders)
    for (const [reason, amount] of decoded.recognised?.ignored ?? []) {
      this.#parts.events.emit('readingsIgnored', { reason, amount })
    }
    return decoded
  }

  async #joinRecognised(points: RecognisedPoints, ticket: Ticket, engineBytes: number): Promise<void> {
    await this.#parts.commit.joinRecognised(points, ticket, engineBytes)
    this.#accepted('readings', points.series.length)
  }

  #accepted(signal: Signal | 'readings', amount: number): void {
    if (amount > 0) this.#parts.events.emit('itemsAccepted', { signal, amount })
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
