import { ProtobufWriter, WIRE } from '../../core/protobuf/writer.ts'
import { WattlineError } from '../../core/runtime/errors.ts'
import type { Signal } from '../intake/signals.ts'

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
  return splitMessage(body, signal === 'metrics' ? METRIC_LEVELS : LEVELS, targetBytes)
}

function* splitMessage(
  message: Uint8Array,
  [level, ...deeper]: readonly Level[],
  targetBytes: number,
): Generator<Uint8Array> {
  const field = level === undefined || message.length <= targetBytes ? undefined : nextLevel(message, level)
  if (field === undefined) {
    yield message
    return
  }
  const { head, children } = partition(message, field)
  // A large head would be repeated too often: parts would hold more head than items.
  if (head.length > targetBytes / 2) {
    yield message
    return
  }
  let parts: Uint8Array[] = []
  let partBytes = 0
  for (const child of children) {
    for (const piece of splitMessage(child, deeper, targetBytes)) {
      parts.push(piece)
      partBytes += piece.length
      if (partBytes < targetBytes) continue
      yield join(head, field, parts)
      parts = []
      partBytes = 0
    }
  }
  if (parts.length > 0 || children.length === 0) yield join(head, field, parts)
}

/** Which field holds the next level. None when a metric has several kinds, of which the last counts: it stays whole. */
function nextLevel(message: Uint8Array, { children }: Level): number | undefined {
  if (children.length === 1) return children[0]
  const found = children.filter(field => partition(message, field).children.length > 0)
  return found.length === 1 && partition(message, found[0]!).children.length === 1 ? found[0] : undefined
}

function join(head: Uint8Array, field: number, children: readonly Uint8Array[]): Uint8Array {
  const size = children.reduce((sum, child) => sum + child.length + 12, head.length)
  const writer = new ProtobufWriter(size)
  for (const child of children) {
    writer.tag(field, WIRE.bytes)
    writer.blob(child)
  }
  return Buffer.concat([head, writer.bytes()])
}

/** The payloads of one length-delimited field, and all other fields as they are. */
function partition(message: Uint8Array, field: number): { head: Uint8Array; children: Uint8Array[] } {
  const heads: Uint8Array[] = []
  const children: Uint8Array[] = []
  let at = 0
  while (at < message.length) {
    const [tag, afterTag] = readVarint(message, at)
    const wire = tag % 8
    const [start, end] = valueRange(message, wire, afterTag)
    if (Math.floor(tag / 8) === field && wire === WIRE.bytes) children.push(message.subarray(start, end))
    else heads.push(message.subarray(at, end))
    at = end
  }
  return { head: Buffer.concat(heads), children }
}

function valueRange(message: Uint8Array, wire: number, at: number): [start: number, end: number] {
  if (wire === WIRE.varint) return [at, readVarint(message, at)[1]]
  if (wire === WIRE.fixed64) return [at, within(message, at, 8)]
  if (wire === WIRE.fixed32) return [at, within(message, at, 4)]
  if (wire !== WIRE.bytes) throw broken(at, `wire type ${wire} does not occur in OTLP`)
  const [length, start] = readVarint(message, at)
  return [start, within(message, start, length)]
}

function within(message: Uint8Array, at: number, length: number): number {
  if (at + length > message.length) throw broken(at, 'a value reaches beyond the end of its message')
  return at + length
}

/** Exact up to 2^53: more than any tag or length; longer values are only skipped. */
function readVarint(message: Uint8Array, from: number): [value: number, next: number] {
  let value = 0
  let scale = 1
  for (let at = from; at < from + 10; at++) {
    const byte = message[at]
    if (byte === undefined) throw broken(from, 'a number reaches beyond the end of its message')
    value += (byte & 0x7f) * scale
    if (byte < 0x80) return [value, at + 1]
    scale *= 0x80
  }
  throw broken(from, 'a number has more than ten bytes')
}

const broken = (at: number, what: string): WattlineError =>
  new WattlineError('body_undecodable', `Not an OTLP protobuf request: ${what} (byte ${at}).`)
