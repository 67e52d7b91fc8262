// Made by `npm run wasm` (collector/otlp/codegen). Change what it is made from.
// Messages, for errors.
/** ExportTraceServiceRequest */
export const REQUEST: i32 = 0
/** ResourceSpans */
export const RESOURCE_SPANS: i32 = 1
/** ScopeSpans */
export const SCOPE_SPANS: i32 = 2
/** Resource */
export const RESOURCE: i32 = 3
/** InstrumentationScope */
export const SCOPE: i32 = 4
/** Span */
export const SPAN: i32 = 5
/** Span.Event */
export const EVENT: i32 = 6
/** Span.Link */
export const LINK: i32 = 7
/** Status */
export const STATUS: i32 = 8

// What ends a decoding.
/** a field number is invalid */
export const FIELD_NUMBER_INVALID: i32 = 0
/** a length reaches beyond the end of the message */
export const LENGTH_BEYOND_END: i32 = 1
/** a number is cut short */
export const NUMBER_CUT_SHORT: i32 = 2
/** a number has more than ten bytes */
export const NUMBER_TOO_LONG: i32 = 3
/** wire type `detail` does not fit the field */
export const WIRE_TYPE_MISFIT: i32 = 4
/** wire type `detail` does not exist */
export const WIRE_TYPE_UNKNOWN: i32 = 5
/** a group does not end */
export const GROUP_ENDLESS: i32 = 6
/** takes more memory than allowed */
export const TOO_LARGE: i32 = 7

// Why a span is refused.
/** trace id invalid */
export const TRACE_ID_INVALID: i32 = 0
/** span id invalid */
export const SPAN_ID_INVALID: i32 = 1
/** parent span id invalid */
export const PARENT_SPAN_ID_INVALID: i32 = 2
/** link id invalid */
export const LINK_ID_INVALID: i32 = 3
/** time in future */
export const TIME_IN_FUTURE: i32 = 4
/** time in past */
export const TIME_IN_PAST: i32 = 5

/** How many of them there are. */
export const REASONS: i32 = 6
