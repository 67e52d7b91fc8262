import type { Config } from '../../core/catalogue/config/schema.ts'
import { WattlineError } from '../../core/catalogue/errors/errors.ts'
import type { Events } from '../../core/catalogue/events/events.ts'
import type { WriterMemory } from '../../core/protobuf/writer.ts'
import { repeatedBytes } from '../otlp/amplification.ts'
import type { DecodeContext } from '../otlp/decode/decode-context.ts'
import type { MetricBuilders } from '../otlp/decode/metric-rows.ts'
import type { PointSink } from '../otlp/decode/point-sink.ts'
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
import type { RecognisedPoints } from '../readings/recognised-points.ts'
import type { Recogniser } from '../readings/recogniser.ts'
import type { BrokerHealth } from './broker-health.ts'
import type { Reservation } from './budget.ts'
import { type Decoded, decodeInto } from './decode-into.ts'
import type { GroupCommit } from './group-commit.ts'
import { decodeLarge, ENGINE_BYTES, LARGE_BODY_BYTES } from './large-request.ts'
import type { Ticket } from './request-barrier.ts'

interface RequestIngestParts {
  readonly config: Pick<Config, 'limits' | 'group_commit'>
  readonly events: Events
  readonly decoders: Decoders
  readonly recogniser: Recogniser
  readonly health: BrokerHealth
  readonly commit: GroupCommit
}

/** One request as received, and the limits of its items. */
interface IngestRequest {
  readonly signal: Signal
  readonly encoding: Encoding
  readonly bytes: Uint8Array
  readonly context: DecodeContext
}

/** Result of a receiver's own decoder. */
export interface DecodedPoints extends IngestResult {
  /** Bytes that the rows may take in the engine. */
  readonly engineBytes: number
}

/** Adds the points of a request to builders, or throws and leaves these unchanged. */
export type PointsDecoder<Result extends DecodedPoints> = (
  context: DecodeContext,
  builders: MetricBuilders,
  sink: PointSink,
) => Result | null

/** A row takes up to about twice the bytes of a short sample. */
const ROW_GROWTH = 2

/** Stores admitted requests: decodes a body into rows, and waits until their batches are durable. */
export class RequestIngest {
  readonly #parts: RequestIngestParts

  constructor(parts: RequestIngestParts) {
    this.#parts = parts
  }

  /** Resolves when all rows of the request are durable. */
  async ingest(
    { signal, encoding, bytes, context }: IngestRequest,
    ticket: Ticket,
    reservation: Reservation,
  ): Promise<IngestResult> {
    // Reading a slow body takes time, in which the log may have begun to fail.
    this.#parts.health.check()
    const passedOver = new PassedOver()
    const maxBytes = 2 * this.#parts.config.limits.body_bytes
    const body =
      encoding === 'json'
        ? jsonToProtobuf(signal, bytes, outputMemory(bytes.length, reservation, maxBytes), passedOver.add)
        : bytes
    const isLarge = body.length > Math.min(LARGE_BODY_BYTES, this.#parts.config.group_commit.bytes)
    const engineBytes = body.length + (isLarge ? 0 : repeatedBytes(signal, body, context.limits))
    const result =
      isLarge || engineBytes > ENGINE_BYTES
        ? await this.#ingestLarge(signal, body, context, ticket)
        : await this.#ingestShared(signal, body, context, ticket, engineBytes)
    this.accepted(signal, result.accepted)
    for (const [reason, amount] of result.reasons) {
      this.#parts.events.emit('itemsRejected', { signal, reason, amount })
    }
    return { ...result, notes: notesOf(signal, body, result, passedOver) }
  }

  /** The usual case: directly into the batches that all requests in flight share. */
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
    await this.#join(names, rowsBefore, recognised, ticket, engineBytes)
    return result
  }

  /** The same for a request that its receiver decodes: null when it could not be, and nothing is stored. */
  async ingestPoints<Result extends DecodedPoints>(
    bytes: number,
    context: DecodeContext,
    decode: PointsDecoder<Result>,
    ticket: Ticket,
  ): Promise<Result | null> {
    const { commit, health, recogniser, events } = this.#parts
    health.check()
    const names = SIGNAL_BUILDERS.metrics
    for (const name of names) commit.batcher(name).makeRoom(ROW_GROWTH * bytes, 0)
    const rowsBefore = names.map(name => commit.builders[name].rows)
    const recognised = recogniser.begin(context)
    const result = decode(context, commit.builders, recognised)
    if (result === null) return null
    this.#tell(recognised)
    await this.#join(names, rowsBefore, recognised, ticket, result.engineBytes)
    this.accepted('metrics', result.accepted)
    for (const [reason, amount] of result.reasons) {
      events.emit('itemsRejected', { signal: 'metrics', reason, amount })
    }
    return result
  }

  /** Resolves when what a request has added to the shared batches is durable. */
  async #join(
    names: readonly (keyof Builders)[],
    rowsBefore: readonly number[],
    recognised: RecognisedPoints | null,
    ticket: Ticket,
    engineBytes: number,
  ): Promise<void> {
    const { commit } = this.#parts
    const durable: Promise<void>[] = []
    for (const [index, name] of names.entries()) {
      const added = commit.builders[name].rows - rowsBefore[index]!
      if (added > 0) durable.push(commit.batcher(name).join(added, ticket, engineBytes))
    }
    if (recognised !== null) durable.push(this.#joinRecognised(recognised, ticket, engineBytes))
    ticket.allBatched()
    await Promise.all(durable)
  }

  /** The exception: separate records, so that shared batches keep their size. */
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
    if (decoded.recognised !== null) this.#tell(decoded.recognised)
    return decoded
  }

  #tell({ ignored, dropped }: RecognisedPoints): void {
    for (const [reason, amount] of ignored) this.#parts.events.emit('readingsIgnored', { reason, amount })
    if (dropped > 0) this.#parts.events.emit('pointsNotKept', { amount: dropped })
  }

  async #joinRecognised(points: RecognisedPoints, ticket: Ticket, engineBytes: number): Promise<void> {
    await this.#parts.commit.joinRecognised(points, ticket, engineBytes)
    this.accepted('readings', points.series.length)
  }

  /** Counts durable items. */
  accepted(signal: Signal | 'readings', amount: number): void {
    if (amount > 0) this.#parts.events.emit('itemsAccepted', { signal, amount })
  }
}

/**
 * The output of converting JSON is reserved before it is allocated, in addition to the bytes of the body; `maxBytes` is
 * the limit.
 */
function outputMemory(bodyBytes: number, reservation: Reservation, maxBytes: number): WriterMemory {
  let paidBytes = bodyBytes
  return {
    acquire(bytes) {
      if (bytes > maxBytes) {
        throw new WattlineError(
          'body_too_large',
          `Converted to protobuf, the body is larger than ${maxBytes} bytes.`,
        )
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
