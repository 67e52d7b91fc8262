/** Points of one day, made by the engine: the same in both layouts. */

/** Metrics, the even ones gauges, and series of each. */
const METRICS = 10
const SERIES = 1_000

/** Columns from which both layouts are made. */
function points(begin: number, rows: number, condition: string): string {
  const each = Math.floor(rows / METRICS / SERIES)
  const step = Math.floor(86_400 / each)
  return `(SELECT intDiv(number, ${each * SERIES}) AS m, intDiv(number, ${each}) % ${SERIES} AS s, number % ${each} AS p,
    m % 2 = 0 AS isGauge, concat(if(isGauge, 'node_state_', 'node_work_'), toString(m), if(isGauge, '', '_total')) AS name,
    concat('job-', toString(s % 10)) AS service, toString(intDiv(s, 10)) AS host, toString(s % 10) AS cpu,
    ['idle', 'user', 'system', 'iowait'][1 + s % 4] AS mode,
    toDateTime64(${begin} + p * ${step} + s % 15, 9, 'UTC') AS time,
    if(isGauge, toFloat64(cityHash64(m, s, p) % 1000), toFloat64(${begin} % 1000000 * 100 + p * 150 + cityHash64(s) % 100)) AS value
    FROM numbers(${each * SERIES * METRICS})${condition})`
}

/** Of the points of the collector. */
export const POINTS_INSERT = (begin: number, rows: number): string =>
  `INSERT INTO wattline.metric_points (Tenant, MetricName, ServiceName, Labels, Resource, Meta, Kind, StartTimeUnix, TimeUnix, Flags, Value, Exemplars) SELECT 'default', name, service,
  concat('{"cpu":"', cpu, '","mode":"', mode, '"}'),
  concat('{"service.name":"', service, '","service.instance.id":"10.0.0.', host, ':9100","host.name":"node-', host, '","k8s.cluster.name":"production"}'),
  if(isGauge, '{"description":"State.","unit":""}', '{"description":"Work.","unit":"s","temporality":2,"monotonic":true}'),
  if(isGauge, 0, 1), toDateTime64(0, 9, 'UTC'), time, 0, value, '' FROM ${points(begin, rows, '')}`

/** Of a table of earlier releases. */
export function tableInsert(table: string, kind: 'gauge' | 'sum', begin: number, rows: number): string {
  const isSum = kind === 'sum'
  const own = isSum ? ', AggregationTemporality, IsMonotonic' : ''
  return `INSERT INTO wattline.${table} (Tenant, ResourceAttributes, ServiceName, MetricName, MetricDescription, MetricUnit, Attributes, StartTimeUnix, TimeUnix, Value${own}) SELECT 'default',
  map('service.name', service, 'service.instance.id', concat('10.0.0.', host, ':9100'), 'host.name', concat('node-', host), 'k8s.cluster.name', 'production'),
  service, name, if(isGauge, 'State.', 'Work.'), if(isGauge, '', 's'), map('cpu', cpu, 'mode', mode),
  toDateTime64(0, 9, 'UTC'), time, value${isSum ? ', 2, true' : ''} FROM ${points(begin, rows, ` WHERE ${isSum ? 'NOT ' : ''}isGauge`)}`
}
