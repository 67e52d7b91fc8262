import { type Board, chosen, type Variable } from './board.ts'

const SERVICE: Variable = {
  name: 'service',
  label: 'Service',
  column: 'ServiceName',
  sql: 'SELECT DISTINCT ServiceName FROM otel_traces WHERE $__timeFilter(Timestamp)',
}

const IS_SERVICE = chosen(SERVICE)
const SERVED = `$__timeFilter(Timestamp) AND ${IS_SERVICE} AND SpanKind IN ('Server', 'Consumer')`

/** Requests of services, from spans. */
export const servicesBoard: Board = {
  uid: 'wattline-services',
  title: 'Wattline: services',
  description: 'Requests, errors and durations by service, from spans; volume of logs.',
  from: 'now-1h',
  interval: '10s',
  variables: [SERVICE],
  panels: [
    {
      title: 'Requests',
      description:
        'Spans of kind server or consumer, per second. Sampled traces count as often as they were kept.',
      kind: 'timeseries',
      unit: 'reqps',
      w: 8,
      h: 8,
      sql: `SELECT $__timeInterval(Timestamp) AS time, ServiceName AS service, count() / $__interval_s AS requests
FROM otel_traces WHERE ${SERVED} GROUP BY time, service ORDER BY time`,
    },
    {
      title: 'Errors',
      description: 'Share of these spans with status Error.',
      kind: 'timeseries',
      unit: 'percentunit',
      w: 8,
      h: 8,
      sql: `SELECT $__timeInterval(Timestamp) AS time, ServiceName AS service, countIf(StatusCode = 'Error') / count() AS errors
FROM otel_traces WHERE ${SERVED} GROUP BY time, service ORDER BY time`,
    },
    {
      title: 'Duration, 95th percentile',
      description: 'In each bucket, 5 of 100 requests took longer.',
      kind: 'timeseries',
      unit: 'ms',
      w: 8,
      h: 8,
      sql: `SELECT $__timeInterval(Timestamp) AS time, ServiceName AS service, quantile(0.95)(Duration) / 1e6 AS p95
FROM otel_traces WHERE ${SERVED} GROUP BY time, service ORDER BY time`,
    },
    {
      title: 'Operations',
      description: 'All kinds of spans.',
      kind: 'table',
      w: 24,
      h: 10,
      units: { p50_ms: 'ms', p95_ms: 'ms', p99_ms: 'ms', errors: 'percentunit' },
      sql: `
SELECT ServiceName AS service, SpanName AS operation, SpanKind AS kind, count() AS spans,
  countIf(StatusCode = 'Error') / count() AS errors, quantile(0.5)(Duration) / 1e6 AS p50_ms,
  quantile(0.95)(Duration) / 1e6 AS p95_ms, quantile(0.99)(Duration) / 1e6 AS p99_ms
FROM otel_traces WHERE $__timeFilter(Timestamp) AND ${IS_SERVICE}
GROUP BY service, operation, kind ORDER BY spans DESC LIMIT 200`,
    },
    {
      title: 'Slowest traces',
      description: 'By the duration of their first span.',
      kind: 'table',
      w: 14,
      h: 9,
      units: { duration_ms: 'ms' },
      sql: `
SELECT Timestamp AS time, ServiceName AS service, SpanName AS operation, Duration / 1e6 AS duration_ms, TraceId AS trace
FROM otel_traces WHERE $__timeFilter(Timestamp) AND ${IS_SERVICE} AND ParentSpanId = ''
ORDER BY Duration DESC LIMIT 50`,
    },
    {
      title: 'Logs',
      description: 'Records by severity.',
      kind: 'timeseries',
      isStacked: true,
      w: 10,
      h: 9,
      sql: `SELECT $__timeInterval(Timestamp) AS time, if(SeverityText = '', 'unset', SeverityText) AS severity, count() AS records
FROM otel_logs WHERE $__timeFilter(Timestamp) AND ${IS_SERVICE} GROUP BY time, severity ORDER BY time`,
    },
  ],
}
