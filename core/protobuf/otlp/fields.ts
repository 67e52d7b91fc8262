/** Field numbers and tags of OTLP, made from the table of its messages. */
import { WIRE, type WireType } from '../writer.ts'
import { OTLP_ENUMS, OTLP_MESSAGES, SCALAR_WIRE } from './messages.ts'

type Messages = typeof OTLP_MESSAGES
/** Name of an OTLP message in the table. */
export type OtlpMessage = keyof Messages
/** A number for each field of each message. */
type Numbers = { readonly [M in OtlpMessage]: { readonly [F in keyof Messages[M]]: number } }

type AnyField = readonly [number: number, type: string, repeated?: string]

function eachField(of: (field: AnyField) => number): Numbers {
  const numbers = Object.entries(OTLP_MESSAGES).map(([message, fields]) => [
    message,
    Object.fromEntries(Object.entries<AnyField>(fields).map(([name, field]) => [name, of(field)])),
  ])
  return Object.fromEntries(numbers)
}

/** How one value of a type is written: enums as numbers, messages by their length. */
function wireOf(type: string): WireType {
  if (type in OTLP_ENUMS) return WIRE.varint
  return type in SCALAR_WIRE ? SCALAR_WIRE[type as keyof typeof SCALAR_WIRE] : WIRE.bytes
}

/** Field numbers. */
export const FIELD = eachField(([number]) => number)

/** Tags (number * 8 + wire type) as fields are written: repeated numbers packed. */
export const TAG = eachField(
  ([number, type, repeated]) => number * 8 + (repeated === undefined ? wireOf(type) : WIRE.bytes),
)

/** Tags of single values: of repeated numbers one that is not packed. Senders may write either. */
export const SINGLE_TAG = eachField(([number, type]) => number * 8 + wireOf(type))

/** For `skip` of readers: a bit for every field of the message. */
export const KNOWN_FIELDS: Readonly<Record<OtlpMessage, number>> = masks()

function masks(): Readonly<Record<OtlpMessage, number>> {
  const bits = Object.entries(FIELD).map(([message, fields]) => [
    message,
    Object.values(fields).reduce((mask, number) => mask | (1 << number), 0),
  ])
  return Object.fromEntries(bits)
}

/** What surrounds items, alike in all signals: a request holds ResourceX, which holds ScopeX, which holds the items. */
export const ENVELOPE = {
  /** Field of a request that holds a ResourceX. */
  resources: FIELD.ExportTraceServiceRequest.resourceSpans,
  /** Fields of a ResourceX and of a ScopeX: the resource or scope, its members, and the schema URL. */
  description: FIELD.ResourceSpans.resource,
  members: FIELD.ResourceSpans.scopeSpans,
  schemaUrl: FIELD.ResourceSpans.schemaUrl,
} as const

/** Its tags; all are messages or texts. */
export const ENVELOPE_TAG = {
  resources: TAG.ExportTraceServiceRequest.resourceSpans,
  description: TAG.ResourceSpans.resource,
  members: TAG.ResourceSpans.scopeSpans,
  schemaUrl: TAG.ResourceSpans.schemaUrl,
} as const

const { gauge, sum, histogram, exponentialHistogram, summary } = FIELD.Metric
/** The fields of Metric that hold points, one of which each has. */
export const METRIC_KINDS: readonly number[] = [gauge, sum, histogram, exponentialHistogram, summary]

/** What receivers answer, alike in all signals: a partial success with a count of rejected items and a message. */
export const RESPONSE = {
  partialSuccess: FIELD.ExportTraceServiceResponse.partialSuccess,
  rejected: FIELD.ExportTracePartialSuccess.rejectedSpans,
  errorMessage: FIELD.ExportTracePartialSuccess.errorMessage,
} as const

/** A value of AggregationTemporality. */
export const CUMULATIVE = 2
/** Bit of a data point's flags: it marks the end of a series and has no value. */
export const NO_RECORDED_VALUE = 1
