import { decodeUtf8 } from '../../../core/columns/utf8.ts'
import { KNOWN_FIELDS, TAG } from '../../../core/protobuf/otlp/fields.ts'
import type { ProtobufReader } from '../../../core/protobuf/reader.ts'
import type { DecodeTally } from './decode-context.ts'

const VALUE = TAG.AnyValue
/** For arrays and for maps: both have their elements in the same field. */
const ARRAY = TAG.ArrayValue
const KEY_VALUE = TAG.KeyValue

type AnyValueKind = 'empty' | 'string' | 'bool' | 'int' | 'double' | 'array' | 'kvlist' | 'bytes'

/**
 * One AnyValue, refilled for every value so that scanning creates no objects. The text of values is what the
 * OpenTelemetry Collector's ClickHouse exporter writes (pcommon `AsString`), so both can fill one table.
 */
export class AnyValue {
  kind: AnyValueKind = 'empty'
  /** Range of a string, bytes, array or kvlist. */
  start = 0
  end = 0
  /** Parts of an int; a bool is in `low`. */
  low = 0
  high = 0
  double = 0
  /** Earlier ranges of the same array or kvlist: the ranges of a split message form one value together. */
  earlier: number[] | null = null

  clear(): void {
    this.kind = 'empty'
  }

  /**
   * Reads the message up to `end`, merging it into the existing value: if there are several values, the last counts, as
   * oneof requires.
   */
  scan(reader: ProtobufReader, end: number): void {
    for (let tag = reader.tag(end); tag !== 0; tag = reader.tag(end)) {
      switch (tag) {
        case VALUE.stringValue:
          this.#range('string', reader, end)
          break
        case VALUE.boolValue:
          this.kind = 'bool'
          this.low = reader.bool(end) ? 1 : 0
          break
        case VALUE.intValue:
          reader.varint(end)
          this.kind = 'int'
          this.low = reader.low
          this.high = reader.high
          break
        case VALUE.doubleValue:
          this.kind = 'double'
          this.double = reader.double(end)
          break
        case VALUE.arrayValue:
          this.#list('array', reader, end)
          break
        case 0x32:
          this.#list('kvlist', reader, end)
          break
        case 0x3a:
          this.#range('bytes', reader, end)
          break
        default:
          reader.skip(tag, end, KNOWN_FIELDS.AnyValue)
      }
    }
  }

  #list(kind: 'array' | 'kvlist', reader: ProtobufReader, end: number): void {
    if (this.kind !== kind) this.earlier = null
    else if (this.earlier === null) this.earlier = [this.start, this.end]
    else this.earlier.push(this.start, this.end)
    this.#range(kind, reader, end)
  }

  #range(kind: AnyValueKind, reader: ProtobufReader, end: number): void {
    this.kind = kind
    this.end = reader.length(end)
    this.start = reader.position
    reader.position = this.end
  }
}

/**
 * The value as text: strings unchanged, arrays and maps as JSON, bytes in base64, a missing value as ''. For NaN and
 * infinities the exporter writes an error message, `json: unsupported value: NaN`; here the text is the value, which
 * the engine reads as a number.
 */
export function anyValueText(value: AnyValue, reader: ProtobufReader, tally: DecodeTally): string {
  switch (value.kind) {
    case 'empty':
      return ''
    case 'string':
      return decodeUtf8(reader.bytes, value.start, value.end)
    case 'bytes':
      return base64(reader, value)
    case 'double':
      return Number.isFinite(value.double) ? doubleText(value.double) : nonFiniteText(value.double)
    default:
      return json(value, reader, tally, 1)
  }
}

/** Decimal text of a signed 64-bit integer. */
export function int64Text(low: number, high: number): string {
  if (high === low >> 31) return String(low)
  return ((BigInt(high) << 32n) | BigInt(low >>> 0)).toString()
}

/** Go's text for a finite double: that of JavaScript, except for the sign of zero. */
function doubleText(value: number): string {
  return Object.is(value, -0) ? '-0' : String(value)
}

function nonFiniteText(value: number): string {
  if (Number.isNaN(value)) return 'NaN'
  return value > 0 ? '+Inf' : '-Inf'
}

function base64(reader: ProtobufReader, { start, end }: AnyValue): string {
  const { bytes } = reader
  return Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start).toString('base64')
}

/** JSON as Go writes it, except for NaN and infinities inside: Go gives up the whole value, here they become text. */
function json(value: AnyValue, reader: ProtobufReader, tally: DecodeTally, depth: number): string {
  switch (value.kind) {
    case 'empty':
      return 'null'
    case 'string':
      return goJsonString(decodeUtf8(reader.bytes, value.start, value.end))
    case 'bool':
      return value.low === 1 ? 'true' : 'false'
    case 'int':
      return int64Text(value.low, value.high)
    case 'double':
      return Number.isFinite(value.double) ? doubleText(value.double) : `"${nonFiniteText(value.double)}"`
    case 'bytes':
      return `"${base64(reader, value)}"`
    default:
      if (depth > tally.limits.maxDepth) {
        tally.cutAttributes += 1
        return 'null'
      }
      return value.kind === 'array'
        ? arrayJson(value, reader, tally, depth)
        : kvlistJson(value, reader, tally, depth)
  }
}

function arrayJson(list: AnyValue, reader: ProtobufReader, tally: DecodeTally, depth: number): string {
  const items: string[] = []
  const item = new AnyValue()
  eachElement(list, reader, stop => {
    item.clear()
    item.scan(reader, stop)
    items.push(json(item, reader, tally, depth + 1))
  })
  return `[${items.join(',')}]`
}

function kvlistJson(list: AnyValue, reader: ProtobufReader, tally: DecodeTally, depth: number): string {
  const entries = new Map<string, string>()
  eachElement(list, reader, stop => {
    const [key, value] = pair(reader, stop)
    entries.set(key, json(value, reader, tally, depth + 1))
  })
  // Go sorts the keys of a map by bytes.
  const sorted = [...entries].sort(([a], [b]) => Buffer.compare(Buffer.from(a), Buffer.from(b)))
  return `{${sorted.map(([key, text]) => `${goJsonString(key)}:${text}`).join(',')}}`
}

/** Passes the end of each element of an array or kvlist, with the reader at its start. */
function eachElement(list: AnyValue, reader: ProtobufReader, read: (stop: number) => void): void {
  const ranges = [...(list.earlier ?? []), list.start, list.end]
  for (let at = 0; at < ranges.length; at += 2) {
    const end = ranges[at + 1]!
    reader.position = ranges[at]!
    for (let tag = reader.tag(end); tag !== 0; tag = reader.tag(end)) {
      if (tag !== ARRAY.values) {
        reader.skip(tag, end, KNOWN_FIELDS.ArrayValue)
        continue
      }
      const stop = reader.length(end)
      read(stop)
      reader.position = stop
    }
  }
}

function pair(reader: ProtobufReader, end: number): [string, AnyValue] {
  const value = new AnyValue()
  let key = ''
  for (let tag = reader.tag(end); tag !== 0; tag = reader.tag(end)) {
    if (tag === KEY_VALUE.key) {
      const stop = reader.length(end)
      key = decodeUtf8(reader.bytes, reader.position, stop)
      reader.position = stop
    } else if (tag === KEY_VALUE.value) {
      const stop = reader.length(end)
      value.scan(reader, stop)
    } else reader.skip(tag, end, KNOWN_FIELDS.KeyValue)
  }
  return [key, value]
}

/** Go also escapes characters that are special in HTML. */
function goJsonString(text: string): string {
  return JSON.stringify(text).replace(
    /[<>&\u2028\u2029]/g,
    character => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
}
