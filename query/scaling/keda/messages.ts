/** Messages of KEDA's `externalscaler.proto` (KEDA 2.21), in protobuf. */
import { knownFields, ProtobufReader } from '../../../core/protobuf/reader.ts'
import { ProtobufWriter, WIRE } from '../../../core/protobuf/writer.ts'

/** The ScaledObject that KEDA asks for, with the metadata of its trigger. */
export interface ScaledObjectRef {
  readonly name: string
  readonly namespace: string
  readonly metadata: ReadonlyMap<string, string>
}

/** A metric of the HorizontalPodAutoscaler that KEDA makes: `ceil(value / target)` replicas. */
export interface KedaMetric {
  readonly name: string
  readonly amount: number
  /** For clients that only know the integer field. */
  readonly wholeAmount: number
}

const text = (field: number): number => field * 8 + WIRE.bytes
const TWO_FIELDS = knownFields(1, 2)
const THREE_FIELDS = knownFields(1, 2, 3)
const NO_REF: ScaledObjectRef = { name: '', namespace: '', metadata: new Map() }

/** ScaledObjectRef{name=1, namespace=2, map scalerMetadata=3}. @throws WattlineError `body_undecodable` */
export const readScaledObjectRef = (body: Uint8Array): ScaledObjectRef =>
  refUntil(new ProtobufReader(body, 'a request of KEDA'), body.length)

/** GetMetricsRequest{scaledObjectRef=1, metricName=2}. @throws WattlineError `body_undecodable` */
export function readMetricsRequest(body: Uint8Array): {
  readonly ref: ScaledObjectRef
  readonly metricName: string
} {
  const reader = new ProtobufReader(body, 'a request of KEDA')
  let ref = NO_REF
  let metricName = ''
  const end = body.length
  for (let tag = startOf(reader, 'GetMetricsRequest', end); tag !== 0; tag = reader.tag(end)) {
    if (tag === text(1)) {
      const stop = reader.length(end)
      ref = refUntil(reader, stop)
      reader.message = 'GetMetricsRequest'
    } else if (tag === text(2)) metricName = stringAt(reader, end)
    else reader.skip(tag, end, TWO_FIELDS)
  }
  return { ref, metricName }
}

function refUntil(reader: ProtobufReader, end: number): ScaledObjectRef {
  let name = ''
  let namespace = ''
  const metadata = new Map<string, string>()
  for (let tag = startOf(reader, 'ScaledObjectRef', end); tag !== 0; tag = reader.tag(end)) {
    if (tag === text(1)) name = stringAt(reader, end)
    else if (tag === text(2)) namespace = stringAt(reader, end)
    else if (tag === text(3)) {
      const [key, value] = entryUntil(reader, reader.length(end))
      metadata.set(key, value)
      reader.message = 'ScaledObjectRef'
    } else reader.skip(tag, end, THREE_FIELDS)
  }
  return { name, namespace, metadata }
}

/** Entry of a map: {key=1, value=2}. */
function entryUntil(reader: ProtobufReader, end: number): readonly [string, string] {
  let key = ''
  let value = ''
  for (let tag = startOf(reader, 'ScalerMetadataEntry', end); tag !== 0; tag = reader.tag(end)) {
    if (tag === text(1)) key = stringAt(reader, end)
    else if (tag === text(2)) value = stringAt(reader, end)
    else reader.skip(tag, end, TWO_FIELDS)
  }
  return [key, value]
}

function startOf(reader: ProtobufReader, message: string, end: number): number {
  reader.message = message
  return reader.tag(end)
}

function stringAt(reader: ProtobufReader, end: number): string {
  const stop = reader.length(end)
  const { bytes, position } = reader
  reader.position = stop
  return Buffer.from(bytes.buffer, bytes.byteOffset + position, stop - position).toString('utf8')
}

/** IsActiveResponse{result=1} */
export function isActiveResponse(isActive: boolean): Uint8Array {
  return isActive ? Uint8Array.of(8 + WIRE.varint, 1) : new Uint8Array(0)
}

/** GetMetricSpecResponse{metricSpecs*=1 {metricName=1, targetSize=2, targetSizeFloat=3}} */
export const metricSpecResponse = (spec: KedaMetric): Uint8Array => metricResponse(spec)

/** GetMetricsResponse{metricValues*=1 {metricName=1, metricValue=2, metricValueFloat=3}} */
export const metricsResponse = (value: KedaMetric): Uint8Array => metricResponse(value)

/** Both responses have the same fields on the wire. */
function metricResponse({ name, amount, wholeAmount }: KedaMetric): Uint8Array {
  const writer = new ProtobufWriter(256)
  writer.tag(1, WIRE.bytes)
  const start = writer.begin()
  writer.tag(1, WIRE.bytes)
  writer.string(name)
  writer.tag(2, WIRE.varint)
  writer.uint(wholeAmount)
  writer.tag(3, WIRE.fixed64)
  writer.double(amount)
  writer.end(start)
  return writer.bytes()
}
