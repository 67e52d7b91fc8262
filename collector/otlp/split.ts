import { ProtobufWriter, WIRE } from '../../core/protobuf/writer.ts'
import type { Signal } from '../intake/signals.ts'
import { ProtobufReader } from './decode/protobuf-reader.ts'

/**
 * Splits an OTLP request (any signal, they nest alike) into smaller requests with the same items in the same order.
 * Every level is a message whose one repeated field holds the next level; the rest (resource, scope, schema URL, of a metric its
 * name and kind) is its head and is repeated in each part. Items themselves are not split: spans, log records, points.
 */
interface Level {
  /** Numbers of the fields of which one holds the next level. */
  readonly children: readonly number[]
}
/** Request -> ResourceX -> ScopeX -> items, or metrics. */
const LEVELS: readonly Level[] = [{ children: [1] }, { children: [2] }, { children: [2] }]
/** Metric -> gauge, sum, histogram, exponential histogram or summary -> points. */
const METRIC_LEVELS: readonly Level[] = [...LEVELS, { children: [5, 7, 9, 10, 11] }, { children: [1] }]

/** Parts of up to twice `targetBytes` (and a head and an item), made one at a time. Throws `body_undecodable` when the outer structure is broken. */
export function splitRequest(signal: Signal, body: Uint8Array, targetBytes: number): Generator<Uint8Array> {
  const reader = new ProtobufReader(body)
  reader.message = `a request of ${signal}`
  const levels = signal === 'metrics' ? METRIC_LEVELS : LEVELS
  return splitMessage(reader, body.length, levels, targetBytes)
}

/** Splits the message from the reader's position to `end`; the reader's position is the caller's to restore. */
function* splitMessage(
  reader: ProtobufReader,
  end: number,
  [level, ...deeper]: readonly Level[],
  targetBytes: number,
): Generator<Uint8Array> {
  const { bytes, position } = reader
  const isSmall = level === undefined || end - position <= targetBytes
  const plan = isSmall ? undefined : planOf(reader, end, level, targetBytes / 2)
  if (plan === undefined) {
    yield bytes.subarray(position, end)
    return
  }
  const part = new Part(plan, targetBytes)
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
      for (const piece of splitMessage(reader, stop, deeper, targetBytes)) {
        part.add(piece, 0, piece.length)
        if (part.isFull) yield part.take()
      }
    }
    reader.position = stop
  }
  if (!part.isEmpty) yield part.take()
}

interface Plan {
  /** The field that holds the next level. */
  readonly field: number
  /** All other fields, as they are. */
  readonly head: Uint8Array
}

/**
 * None where a head would outweigh the items, being repeated too often; nor for a metric of several kinds, of which the last counts.
 */
function planOf(
  reader: ProtobufReader,
  end: number,
  { children }: Level,
  maxHeadBytes: number,
): Plan | undefined {
  const head = new ProtobufWriter()
  const isOneOf = children.length > 1
  let field = isOneOf ? undefined : children[0]
  for (let at = reader.position; at < end; at = reader.position) {
    const tag = reader.tag(end)
    reader.skip(tag, end, 0)
    if (tag % 8 === WIRE.bytes && children.includes(tag >>> 3)) {
      if (isOneOf && field !== undefined) return undefined
      field = tag >>> 3
      continue
    }
    if (head.length + reader.position - at > maxHeadBytes) return undefined
    head.copy(reader.bytes, at, reader.position)
  }
  return field === undefined ? undefined : { field, head: head.bytes() }
}

/** A smaller message that fills up with children behind the head of the one they are of. */
class Part {
  readonly #plan: Plan
  readonly #targetBytes: number
  #writer: ProtobufWriter | undefined

  constructor(plan: Plan, targetBytes: number) {
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
