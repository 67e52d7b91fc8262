// Made by `npm run wasm` (collector/otlp/codegen). Change what it is made from.
/** Fields of ExportTraceServiceRequest. */
export const enum ExportTraceServiceRequestTag {
  resourceSpans = 0x0a,
}

/** Fields of ResourceSpans. */
export const enum ResourceSpansTag {
  resource = 0x0a,
  scopeSpans = 0x12,
  schemaUrl = 0x1a,
}

/** Fields of ScopeSpans. */
export const enum ScopeSpansTag {
  scope = 0x0a,
  spans = 0x12,
  schemaUrl = 0x1a,
}

/** Fields of Resource. */
export const enum ResourceTag {
  attributes = 0x0a,
  droppedAttributesCount = 0x10,
  entityRefs = 0x1a,
}

/** Fields of InstrumentationScope. */
export const enum InstrumentationScopeTag {
  name = 0x0a,
  version = 0x12,
  attributes = 0x1a,
  droppedAttributesCount = 0x20,
}

/** Fields of Span. */
export const enum SpanTag {
  traceId = 0x0a,
  spanId = 0x12,
  traceState = 0x1a,
  parentSpanId = 0x22,
  name = 0x2a,
  kind = 0x30,
  startTimeUnixNano = 0x39,
  endTimeUnixNano = 0x41,
  attributes = 0x4a,
  droppedAttributesCount = 0x50,
  events = 0x5a,
  droppedEventsCount = 0x60,
  links = 0x6a,
  droppedLinksCount = 0x70,
  status = 0x7a,
  flags = 0x85,
}

/** Fields of Event. */
export const enum EventTag {
  timeUnixNano = 0x09,
  name = 0x12,
  attributes = 0x1a,
  droppedAttributesCount = 0x20,
}

/** Fields of Link. */
export const enum LinkTag {
  traceId = 0x0a,
  spanId = 0x12,
  traceState = 0x1a,
  attributes = 0x22,
  droppedAttributesCount = 0x28,
  flags = 0x35,
}

/** Fields of Status. */
export const enum StatusTag {
  message = 0x12,
  code = 0x18,
}

/** Fields of KeyValue. */
export const enum KeyValueTag {
  key = 0x0a,
  value = 0x12,
}

/** Fields of AnyValue. */
export const enum AnyValueTag {
  stringValue = 0x0a,
  boolValue = 0x10,
  intValue = 0x18,
  doubleValue = 0x21,
  arrayValue = 0x2a,
  kvlistValue = 0x32,
  bytesValue = 0x3a,
}

/** For `skip`: a bit for every field. */
export const enum Fields {
  ExportTraceServiceRequest = 0x02,
  ResourceSpans = 0x0e,
  ScopeSpans = 0x0e,
  Resource = 0x0e,
  InstrumentationScope = 0x1e,
  Span = 0x1fffe,
  Event = 0x1e,
  Link = 0x7e,
  Status = 0x0c,
  KeyValue = 0x06,
  AnyValue = 0xfe,
}
