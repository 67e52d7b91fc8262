/** Requests of Jaeger's remote storage API, version 2 (`jaeger.storage.v2`), in protobuf. */

import { SPAN_KINDS } from '../../core/model/streams/traces.ts'
import { knownFields, ProtobufReader } from '../../core/protobuf/reader.ts'
import { WIRE } from '../../core/protobuf/writer.ts'

/** What a search asks for: times in unix nanoseconds, durations in nanoseconds; 0: not given. */
export interface JaegerSearch {
  readonly service: string
  readonly operation: string
  /** Values as text, as the table has them. */
  readonly attributes: readonly (readonly [key: string, value: string])[]
  readonly startNano: bigint
  readonly endNano: bigint
  readonly minDurationNano: bigint
  readonly maxDurationNano: bigint
  /** 0: the default. */
  readonly depth: number
}

const WHAT = 'a request of Jaeger'
const bytes = (field: number): number => field * 8 + WIRE.bytes
const varint = (field: number): number => field * 8 + WIRE.varint
const KNOWN_ONE = knownFields(1)
const KNOWN_TWO = knownFields(1, 2)
const KNOWN_QUERY = knownFields(1, 2, 3, 4, 5, 6, 7, 8)
const KNOWN_ANY = knownFields(1, 2, 3, 4, 5, 6, 7)

/** GetTracesRequest{query*=1 GetTraceParams{trace_id=1}}: ids in hex. */
export function readGetTraces(body: Uint8Array): readonly string[] {
  const reader = new ProtobufReader(body, WHAT)
  reader.message = 'GetTracesRequest'
  const ids: string[] = []
  for (let tag = reader.tag(body.length); tag !== 0; tag = reader.tag(body.length)) {
    if (tag !== bytes(1)) {
      reader.skip(tag, body.length, KNOWN_ONE)
      continue
    }
    const end = reader.length(body.length)
    for (let inner = reader.tag(end); inner !== 0; inner = reader.tag(end)) {
      if (inner === bytes(1)) ids.push(Buffer.from(blobAt(reader, end)).toString('hex'))
      // The times are hints where to look, which the trace index makes needless.
      else reader.skip(inner, end, KNOWN_ONE)
    }
  }
  return ids
}

/** GetOperationsRequest{service=1, span_kind=2}: the kind as text, or as OTLP's number in early versions; -1: any. */
export function readGetOperations(body: Uint8Array): { readonly service: string; readonly kind: number } {
  const reader = new ProtobufReader(body, WHAT)
  reader.message = 'GetOperationsRequest'
  const end = body.length
  let service = ''
  let kind = -1
  for (let tag = reader.tag(end); tag !== 0; tag = reader.tag(end)) {
    if (tag === bytes(1)) service = textAt(reader, end)
    else if (tag === bytes(2)) kind = kindNumber(textAt(reader, end))
    else if (tag === varint(2)) kind = reader.uint32(end)
    else reader.skip(tag, end, KNOWN_TWO)
  }
  return { service, kind }
}

/** -1: any kind; a kind that does not exist has no spans. */
export function kindNumber(text: string): number {
  if (text === '') return -1
  const at = SPAN_KINDS.findIndex(name => name.toLowerCase() === text.toLowerCase().replace('span_kind_', ''))
  return at < 0 ? SPAN_KINDS.length : at
}

/** FindTracesRequest{query=1 TraceQueryParameters} */
export function readFindTraces(body: Uint8Array): JaegerSearch {
  const reader = new ProtobufReader(body, WHAT)
  reader.message = 'FindTracesRequest'
  let query = NO_QUERY
  for (let tag = reader.tag(body.length); tag !== 0; tag = reader.tag(body.length)) {
    if (tag === bytes(1)) query = queryUntil(reader, reader.length(body.length))
    else reader.skip(tag, body.length, KNOWN_ONE)
  }
  return query
}

const NO_QUERY: JaegerSearch = {
  service: '',
  operation: '',
  attributes: [],
  startNano: 0n,
  endNano: 0n,
  minDurationNano: 0n,
  maxDurationNano: 0n,
  depth: 0,
}

function queryUntil(reader: ProtobufReader, end: number): JaegerSearch {
  reader.message = 'TraceQueryParameters'
  const query: { -readonly [Key in keyof JaegerSearch]: JaegerSearch[Key] } = { ...NO_QUERY }
  const attributes: [string, string][] = []
  for (let tag = reader.tag(end); tag !== 0; tag = reader.tag(end)) {
    if (tag === bytes(1)) query.service = textAt(reader, end)
    else if (tag === bytes(2)) query.operation = textAt(reader, end)
    else if (tag === bytes(3)) attributes.push(attributeUntil(reader, reader.length(end)))
    else if (tag === bytes(4)) query.startNano = nanosUntil(reader, reader.length(end))
    else if (tag === bytes(5)) query.endNano = nanosUntil(reader, reader.length(end))
    else if (tag === bytes(6)) query.minDurationNano = nanosUntil(reader, reader.length(end))
    else if (tag === bytes(7)) query.maxDurationNano = nanosUntil(reader, reader.length(end))
    else if (tag === varint(8)) {
      reader.varint(end)
      query.depth = reader.signed()
    } else reader.skip(tag, end, KNOWN_QUERY)
  }
  return { ...query, attributes }
}

/** Timestamp and Duration are {seconds=1, nanos=2}. */
function nanosUntil(reader: ProtobufReader, end: number): bigint {
  let seconds = 0n
  let nanos = 0n
  for (let tag = reader.tag(end); tag !== 0; tag = reader.tag(end)) {
    if (tag === varint(1) || tag === varint(2)) {
      reader.varint(end)
      if (tag === varint(1)) seconds = reader.signedBigInt()
      else nanos = reader.signedBigInt()
    } else reader.skip(tag, end, KNOWN_TWO)
  }
  const all = seconds * 1_000_000_000n + nanos
  // The zero time of Go is the year 1: not given.
  return all < 0n ? 0n : all
}

/** KeyValue{key=1, value=2 AnyValue} */
function attributeUntil(reader: ProtobufReader, end: number): [string, string] {
  let key = ''
  let value = ''
  for (let tag = reader.tag(end); tag !== 0; tag = reader.tag(end)) {
    if (tag === bytes(1)) key = textAt(reader, end)
    else if (tag === bytes(2)) value = anyTextUntil(reader, reader.length(end))
    else reader.skip(tag, end, KNOWN_TWO)
  }
  return [key, value]
}

function anyTextUntil(reader: ProtobufReader, end: number): string {
  let text = ''
  for (let tag = reader.tag(end); tag !== 0; tag = reader.tag(end)) {
    if (tag === bytes(1)) text = textAt(reader, end)
    else if (tag === varint(2)) text = String(reader.bool(end))
    else if (tag === varint(3)) {
      reader.varint(end)
      text = reader.signedBigInt().toString()
    } else if (tag === 4 * 8 + WIRE.fixed64) text = String(reader.double(end))
    else if (tag === bytes(7)) text = Buffer.from(blobAt(reader, end)).toString('base64')
    else if (tag === bytes(5) || tag === bytes(6)) reader.position = reader.length(end)
    else reader.skip(tag, end, KNOWN_ANY)
  }
  return text
}

function blobAt(reader: ProtobufReader, end: number): Uint8Array {
  const stop = reader.length(end)
  const from = reader.position
  reader.position = stop
  return reader.bytes.subarray(from, stop)
}

const textAt = (reader: ProtobufReader, end: number): string =>
  Buffer.from(blobAt(reader, end)).toString('utf8')

/** GetDependenciesRequest{start_time=1, end_time=2}: unix nanoseconds. */
export function readGetDependencies(body: Uint8Array): {
  readonly startNano: bigint
  readonly endNano: bigint
} {
  const reader = new ProtobufReader(body, WHAT)
  reader.message = 'GetDependenciesRequest'
  let startNano = 0n
  let endNano = 0n
  for (let tag = reader.tag(body.length); tag !== 0; tag = reader.tag(body.length)) {
    if (tag === bytes(1)) startNano = nanosUntil(reader, reader.length(body.length))
    else if (tag === bytes(2)) endNano = nanosUntil(reader, reader.length(body.length))
    else reader.skip(tag, body.length, KNOWN_TWO)
  }
  return { startNano, endNano }
}
