/** Field numbers and tags of OTLP, derived from the table of its messages. */
import { WIRE, type WireType } from '../writer.ts'
import { OTLP_ENUMS, OTLP_MESSAGES, SCALAR_WIRE } from './messages.ts'

type Messages = typeof OTLP_MESSAGES
/** Name of an OTLP message in the table. */
export type OtlpMessage = keyof Messages
/** The number of each field of each message. */
type FieldNumbers = { readonly [M in OtlpMessage]: { readonly [F in keyof Messages[M]]: number } }

type AnyField = readonly [number: number, type: string, repeated?: string]

function eachField(of: (field: AnyField) => number): FieldNumbers {
  const numbers = Object.entries(OTLP_MESSAGES).map(([message, fields]) => [
    message,
    Object.fromEntries(Object.entries<AnyField>(fields).map(([name, field]) => [name, of(field)])),
  ])
  return Object.fromEntries(numbers)
}

/** Wire type of a value: enums are varints, messages are length-delimited. */
function wireOf(type: string): WireType {
  if (type in OTLP_ENUMS) return WIRE.varint
  return type in SCALAR_WIRE ? SCALAR_WIRE[type as keyof typeof SCALAR_WIRE] : WIRE.bytes
}

/** Field numbers. */
export const FIELD = eachField(([number]) => number)

/** Tags (number * 8 + wire type) as fields are written: repeated numbers are packed. */
export const TAG = eachField(
  ([number, type, repeated]) => number * 8 + (repeated === undefined ? wireOf(type) : WIRE.bytes),
)

/** Tags of single values: for repeated numbers, the unpacked tag. Senders may write either. */
export const SINGLE_TAG = eachField(([number, type]) => number * 8 + wireOf(type))

/** For a reader's `skip`: one bit for every field of the message. */
export const KNOWN_FIELDS: Readonly<Record<OtlpMessage, number>> = masks()

function masks(): Readonly<Record<OtlpMessage, number>> {
  const bits = Object.entries(FIELD).map(([message, fields]) => [
    message,
    Object.values(fields).reduce((mask, number) => mask | (1 << number), 0),
  ])
  return Object.fromEntries(bits)
}

/**
 * The structure around items, the same in all signals: a request contains ResourceX, which contains ScopeX, which
 * contains the items.
 */
export const ENVELOPE = {
  /** Field of a request that contains a ResourceX. */
  resources: FIELD.ExportTraceServiceRequest.resourceSpans,
  /** Fields of a ResourceX and of a ScopeX: the resource or scope, its members, and the schema URL. */
  description: FIELD.ResourceSpans.resource,
  members: FIELD.ResourceSpans.scopeSpans,
  schemaUrl: FIELD.ResourceSpans.schemaUrl,
} as const

/** Their tags; all are messages or strings. */
export const ENVELOPE_TAG = {
  resources: TAG.ExportTraceServiceRequest.resourceSpans,
  description: TAG.ResourceSpans.resource,
  members: TAG.ResourceSpans.scopeSpans,
  schemaUrl: TAG.ResourceSpans.schemaUrl,
} as const

const { gauge, sum, histogram, exponentialHistogram, summary } = FIELD.Metric
/** The fields of Metric that contain points; each metric has one of them. */
export const METRIC_KINDS: readonly number[] = [gauge, sum, histogram, exponentialHistogram, summary]

/** Answers of receivers, the same in all signals: a partial success with the number of rejected items and a message. */
export const RESPONSE = {
  partialSuccess: FIELD.ExportTraceServiceResponse.partialSuccess,
  rejected: FIELD.ExportTracePartialSuccess.rejectedSpans,
  errorMessage: FIELD.ExportTracePartialSuccess.errorMessage,
} as const

/** A value of AggregationTemporality. */
export const CUMULATIVE = 2
/** Bit of a data point's flags: the point marks the end of a series and has no value. */
export const NO_RECORDED_VALUE = 1
