/** One trace as body of Tempo's API, in protobuf or JSON, written piece by piece. */
import { WattlineError } from '../../core/catalogue/errors/errors.ts'
import { FIXED_LIMITS } from '../../core/catalogue/limits/limits.ts'
import { ProtobufWriter, WIRE } from '../../core/protobuf/writer.ts'
import type { FencedReader } from '../fence/fenced-reader.ts'
import { resourceSpansJson } from '../traces/otlp-json.ts'
import { tracesProtobuf } from '../traces/otlp-protobuf.ts'
import { readTraces } from '../traces/read-spans.ts'

/** Versions of the route: the second one wraps the trace, and can say that it is not complete. */
export type TempoVersion = 1 | 2

interface TraceRequest {
  readonly tenant: string
  readonly id: string
  readonly version: TempoVersion
}

const bytes = (text: string): Uint8Array => Buffer.from(text)
const cutMessage = (): string =>
  `Only the first ${FIXED_LIMITS.spansOfTrace} spans of this trace are in the answer. Use SQL to see the others.`

/** @throws WattlineError `not_found` */
export async function* traceJson(
  reader: FencedReader,
  { tenant, id, version }: TraceRequest,
): AsyncGenerator<Uint8Array> {
  let isFirst = true
  let isCut = false
  for await (const chunk of readTraces(reader, tenant, [{ id }])) {
    isCut ||= chunk.isCut
    if (chunk.spans.length === 0) continue
    const head = version === 1 ? '{"batches":[' : '{"trace":{"resourceSpans":['
    yield bytes(`${isFirst ? head : ','}${resourceSpansJson(chunk.spans, 'tempo').join(',')}`)
    isFirst = false
  }
  if (isFirst) throw notFound(id)
  if (version === 1) yield bytes(']}')
  else
    yield bytes(
      `]},"metrics":{}${isCut ? `,"status":"PARTIAL","message":${JSON.stringify(cutMessage())}` : ''}}`,
    )
}

/** Trace{resourceSpans*=1}; TraceByIDResponse{trace=1, status=3, message=4}. @throws WattlineError `not_found` */
export async function* traceProtobuf(
  reader: FencedReader,
  { tenant, id, version }: TraceRequest,
): AsyncGenerator<Uint8Array> {
  let isFirst = true
  let isCut = false
  for await (const chunk of readTraces(reader, tenant, [{ id }])) {
    isCut ||= chunk.isCut
    if (chunk.spans.length === 0) continue
    isFirst = false
    const part = tracesProtobuf(chunk.spans)
    // A message that occurs several times is one: its lists are joined.
    yield version === 1 ? part : wrapped(part)
  }
  if (isFirst) throw notFound(id)
  if (version === 2 && isCut) yield partial()
}

function wrapped(part: Uint8Array): Uint8Array {
  const to = new ProtobufWriter(part.length + 16)
  to.tag(1, WIRE.bytes)
  to.blob(part)
  return to.bytes()
}

const PARTIAL = 1
function partial(): Uint8Array {
  const to = new ProtobufWriter(256)
  to.tag(3, WIRE.varint)
  to.uint(PARTIAL)
  to.tag(4, WIRE.bytes)
  to.string(cutMessage())
  return to.bytes()
}

const notFound = (id: string): WattlineError => new WattlineError('not_found', `There is no trace ${id}.`)
