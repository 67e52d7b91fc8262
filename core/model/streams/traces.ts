import { column, list, repeated, type StreamDeclaration } from './stream.ts'

/** Values of SpanKind, by OTLP number. */
export const SPAN_KINDS: readonly string[] = [
  'Unspecified',
  'Internal',
  'Server',
  'Client',
  'Producer',
  'Consumer',
]

/** Values of StatusCode, by OTLP number. */
export const SPAN_STATUS_CODES: readonly string[] = ['Unset', 'Ok', 'Error']

/** Letters of column AttributeTypes, by the kind of an OTLP value. */
export const ATTRIBUTE_TYPES = {
  string: 's',
  int: 'i',
  bool: 'b',
  double: 'd',
  bytes: 'y',
  array: 'a',
  kvlist: 'm',
  empty: 'n',
} as const

/**
 * Spans. Column names and types are those of the OpenTelemetry Collector's ClickHouse exporter, with Tenant in front.
 */
export const traces = {
  name: 'traces',
  key: 'none',
  columns: [
    column('Tenant', 'lowCardinality'),
    column('Timestamp', 'timestampNs', 'Delta(8), ZSTD(1)'),
    column('TraceId', 'traceId'),
    column('SpanId', 'spanId'),
    column('ParentSpanId', 'spanId'),
    column('TraceState', 'string'),
    column('SpanName', 'lowCardinality'),
    column('SpanKind', 'lowCardinality'),
    column('ServiceName', 'lowCardinality'),
    column('ResourceAttributes', 'stringMap'),
    repeated('ScopeName'),
    repeated('ScopeVersion'),
    column('SpanAttributes', 'stringMap'),
    column('Duration', 'uint64', 'T64, ZSTD(1)'),
    column('StatusCode', 'lowCardinality'),
    column('StatusMessage', 'string'),
    // Not in the exporter's schema: attributes that we cut at the limits are counted where people look (invariant 4).
    column('DroppedAttributesCount', 'uint32'),
    // Values of attributes are text, as in the exporter's schema: the types that they were sent with, where not all are text.
    // A letter each (s text, i int, b bool, d double, y bytes, a array, m map, n none); resource/span/event,event/link,link
    column('AttributeTypes', 'lowCardinality'),
    list('Events.Timestamp', 'timestampNs'),
    list('Events.Name', 'lowCardinality'),
    list('Events.Attributes', 'stringMap'),
    list('Links.TraceId', 'traceId'),
    list('Links.SpanId', 'spanId'),
    list('Links.TraceState', 'string'),
    list('Links.Attributes', 'stringMap'),
  ],
  table: {
    name: 'otel_traces',
    partitionBy: 'toDate(Timestamp)',
    orderBy: ['Tenant', 'ServiceName', 'SpanName', 'toDateTime(Timestamp)', 'Timestamp'],
    primaryKey: ['Tenant', 'ServiceName', 'SpanName', 'toDateTime(Timestamp)'],
    indexes: [
      'idx_trace_id TraceId TYPE bloom_filter(0.001) GRANULARITY 1',
      'idx_res_attr_key mapKeys(ResourceAttributes) TYPE bloom_filter(0.01) GRANULARITY 1',
      'idx_res_attr_value mapValues(ResourceAttributes) TYPE bloom_filter(0.01) GRANULARITY 1',
      'idx_span_attr_key mapKeys(SpanAttributes) TYPE bloom_filter(0.01) GRANULARITY 1',
      'idx_span_attr_value mapValues(SpanAttributes) TYPE bloom_filter(0.01) GRANULARITY 1',
      'idx_duration Duration TYPE minmax GRANULARITY 1',
    ],
    ttlFrom: 'toDateTime(Timestamp)',
    retention: 'signals',
  },
} as const satisfies StreamDeclaration
