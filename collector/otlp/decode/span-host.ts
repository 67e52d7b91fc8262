/**
 * Numbers that the span decoder and its host exchange: indexes into these lists. `npm run wasm` generates the decoder's
 * constants from them.
 */
import type { RejectReason } from './decode-context.ts'

/** Why a span is rejected. */
export const SPAN_REASONS = [
  'trace_id_invalid',
  'span_id_invalid',
  'parent_span_id_invalid',
  'link_id_invalid',
  'time_in_future',
  'time_in_past',
] as const satisfies readonly RejectReason[]

/** Messages that are read, for errors, by their names in the decoder. */
export const SPAN_MESSAGES = {
  REQUEST: 'ExportTraceServiceRequest',
  RESOURCE_SPANS: 'ResourceSpans',
  SCOPE_SPANS: 'ScopeSpans',
  RESOURCE: 'Resource',
  SCOPE: 'InstrumentationScope',
  SPAN: 'Span',
  EVENT: 'Span.Event',
  LINK: 'Span.Link',
  STATUS: 'Status',
} as const

/**
 * Errors that end decoding, by their names in the decoder. The last one is not an error in the bytes: they take more
 * memory than allowed.
 */
export const SPAN_FAILURES = {
  FIELD_NUMBER_INVALID: () => 'a field number is invalid',
  LENGTH_BEYOND_END: () => 'a length reaches beyond the end of the message',
  NUMBER_CUT_SHORT: () => 'a number is truncated',
  NUMBER_TOO_LONG: () => 'a number has more than ten bytes',
  WIRE_TYPE_MISFIT: (type: number | string) => `wire type ${type} does not fit the field`,
  WIRE_TYPE_UNKNOWN: (type: number | string) => `wire type ${type} does not exist`,
  GROUP_ENDLESS: () => 'a group does not end',
  TOO_LARGE: undefined,
} as const satisfies Readonly<Record<string, ((detail: number | string) => string) | undefined>>
