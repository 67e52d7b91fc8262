import { WattlineError } from '../../core/catalogue/errors/errors.ts'
import { ENVELOPE, FIELD, METRIC_KINDS } from '../../core/protobuf/otlp/fields.ts'
import { ProtobufReader } from '../../core/protobuf/reader.ts'
import { ProtobufWriter, WIRE } from '../../core/protobuf/writer.ts'
import type { Signal } from './signals.ts'

/**
 * Splits an OTLP request (of any signal, since they nest alike) into smaller requests with the same items in the same
 * order. Every level is a message with one repeated field for the next level; the rest (resource, scope, schema URL;
 * for a metric its name and kind) is its head and is repeated in each part. Items themselves (spans, log records,
 * points) are not split.
 */
interface SplitLevel {
  /** Field numbers; one of these fields contains the next level. */
  readonly children: readonly number[]
}
/** Request -> ResourceX -> ScopeX -> items, or metrics. */
const LEVELS: readonly SplitLevel[] = [
  { children: [ENVELOPE.resources] },
  { children: [ENVELOPE.members] },
  { children: [ENVELOPE.members] },
]
/** Metric -> gauge, sum, histogram, exponential histogram or summary -> points. */
const METRIC_LEVELS: readonly SplitLevel[] = [
  ...LEVELS,
  { children: METRIC_KINDS },
  { children: [FIELD.Gauge.dataPoints] },
]

interface SplitOptions {
  readonly targetBytes: number
  /** Maximum size of an item. */
  readonly itemBytes: number
  /** Called for each larger item, which is left out. */
  readonly onLargeItem: () => void
}

/**
 * Parts of up to twice `targetBytes` (plus a head and an item), made one at a time. Throws `body_undecodable` when the
 * outer structure is invalid, and `body_too_large` for content that cannot be split, so that no part takes long: a head
 * of more than half of `targetBytes`, or a larger metric that has several kinds or is itself in parts.
 */
export function splitRequest(signal: Signal, body: Uint8Array, options: SplitOptions): Generator<Uint8Array> {
  const reader = new ProtobufReader(body)
  reader.message = `a request of ${signal}`
  return splitMessage(reader, body.length, signal === 'metrics' ? METRIC_LEVELS : LEVELS, options)
}

/** Splits the message from the reader's position to `end`; the caller must restore the reader's position. */
function* splitMessage(
  reader: ProtobufReader,
  end: number,
  [level, ...deeper]: readonly SplitLevel[],
  options: SplitOptions,
): Generator<Uint8Array> {
  const { bytes, position } = reader
  const { targetBytes, itemBytes, onLargeItem } = options
  if (level === undefined && end - position > itemBytes) {
    onLargeItem()
    return
  }
  if (level === undefined || end - position <= targetBytes) {
    yield bytes.subarray(position, end)
    return
  }
  const plan = planOf(reader, end, level, targetBytes / 2)
  const part = new PartialMessage(plan, targetBytes)
  const childTag = plan.field * 8 + WIRE.bytes
  reader.position = position
  for (let tag = reader.tag(end); tag !== 0; tag = reader.tag(end)) {
    if (tag !== childTag) {
      reader.skip(tag, end, 0)
      continue
    }
    const stop = reader.length(end)
    if (stop - reader.position <= targetBytes) {
      part.add(bytes, reader.position, stop)
      if (part.isFull) yield part.take()
    } else {
      for (const piece of splitMessage(reader, stop, deeper, options)) {
        part.add(piece, 0, piece.length)
        if (part.isFull) yield part.take()
      }
    }
    reader.position = stop
  }
  if (!part.isEmpty) yield part.take()
}

interface SplitPlan {
  /** The field that contains the next level. */
  readonly field: number
  /** All other fields, unchanged. */
  readonly head: Uint8Array
}

/** For the message from the reader's position to `end`. */
function planOf(
  reader: ProtobufReader,
  end: number,
  { children }: SplitLevel,
  maxHeadBytes: number,
): SplitPlan {
  const head = new ProtobufWriter()
  const isOneOf = children.length > 1
  let field = isOneOf ? undefined : children[0]
  for (let at = reader.position; at < end; at = reader.position) {
    const tag = reader.tag(end)
    reader.skip(tag, end, 0)
    if (tag % 8 === WIRE.bytes && children.includes(tag >>> 3)) {
      // If there are several kinds, the last counts, and parts of one kind are merged: neither can be recognised from a
      // part.
      if (isOneOf && field !== undefined)
        throw tooLarge(
          'A metric with several kinds of data, or one split over the message,',
          2 * maxHeadBytes,
        )
      field = tag >>> 3
      continue
    }
    if (head.length + reader.position - at > maxHeadBytes) {
      throw tooLarge('Content that applies to many items (a resource, a scope, a metric)', maxHeadBytes)
    }
    head.copy(reader.bytes, at, reader.position)
  }
  // Without children it is all head, and too large for one.
  if (field === undefined) throw tooLarge('A metric without points', 2 * maxHeadBytes)
  return { field, head: head.bytes() }
}

const tooLarge = (what: string, maxBytes: number): WattlineError =>
  new WattlineError('body_too_large', `${what} may take at most ${maxBytes} bytes.`)

/** A smaller message that is filled with children after the head of their parent. */
class PartialMessage {
  readonly #plan: SplitPlan
  readonly #targetBytes: number
  #writer: ProtobufWriter | undefined

  constructor(plan: SplitPlan, targetBytes: number) {
    this.#plan = plan
    this.#targetBytes = targetBytes
  }

  get isEmpty(): boolean {
    return this.#writer === undefined
  }

  get isFull(): boolean {
    return this.#writer !== undefined && this.#writer.length - this.#plan.head.length >= this.#targetBytes
  }

  add(source: Uint8Array, from: number, to: number): void {
    this.#writer ??= this.#begun()
    this.#writer.tag(this.#plan.field, WIRE.bytes)
    this.#writer.range(source, from, to)
  }

  take(): Uint8Array {
    const bytes = (this.#writer ?? this.#begun()).bytes()
    this.#writer = undefined
    return bytes
  }

  #begun(): ProtobufWriter {
    const { head } = this.#plan
    const writer = new ProtobufWriter(head.length + this.#targetBytes * 2)
    writer.copy(head, 0, head.length)
    return writer
  }
}
