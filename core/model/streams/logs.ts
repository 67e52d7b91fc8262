import { column, repeated, type StreamDeclaration } from './stream.ts'

/** Log records, generation B of the exporter's schema (no TimestampTime), with Tenant in front. */
export const logs = {
  name: 'logs',
  key: 'none',
  columns: [
    column('Tenant', 'lowCardinality'),
    column('Timestamp', 'timestampNs', 'Delta(8), ZSTD(1)'),
    column('TraceId', 'traceId'),
    column('SpanId', 'spanId'),
    column('TraceFlags', 'uint8'),
    column('SeverityText', 'lowCardinality'),
    column('SeverityNumber', 'uint8'),
    column('ServiceName', 'lowCardinality'),
    column('Body', 'string'),
    column('ResourceSchemaUrl', 'lowCardinality'),
    column('ResourceAttributes', 'stringMap'),
    column('ScopeSchemaUrl', 'lowCardinality'),
    repeated('ScopeName'),
    column('ScopeVersion', 'lowCardinality'),
    column('ScopeAttributes', 'stringMap'),
    column('LogAttributes', 'stringMap'),
    repeated('EventName'),
    column('DroppedAttributesCount', 'uint32'),
  ],
  table: {
    name: 'otel_logs',
    partitionBy: 'toDate(Timestamp)',
    orderBy: ['Tenant', 'toStartOfFiveMinutes(Timestamp)', 'ServiceName', 'Timestamp'],
    indexes: [
      'idx_trace_id TraceId TYPE bloom_filter(0.001) GRANULARITY 1',
      'idx_res_attr_key mapKeys(ResourceAttributes) TYPE bloom_filter(0.01) GRANULARITY 1',
      'idx_res_attr_value mapValues(ResourceAttributes) TYPE bloom_filter(0.01) GRANULARITY 1',
      'idx_log_attr_key mapKeys(LogAttributes) TYPE bloom_filter(0.01) GRANULARITY 1',
      'idx_log_attr_value mapValues(LogAttributes) TYPE bloom_filter(0.01) GRANULARITY 1',
      'idx_body lower(Body) TYPE tokenbf_v1(32768, 3, 0) GRANULARITY 8',
    ],
    ttlFrom: 'toDateTime(Timestamp)',
    retention: 'signals',
  },
} as const satisfies StreamDeclaration
