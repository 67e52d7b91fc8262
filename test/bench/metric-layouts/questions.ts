/** Questions as users of the exporter's schema write them. */

/** `sql` has `{gauge}` and `{sum}` for the tables, or for the views with their names. */
export interface LayoutQuestion {
  readonly what: string
  /** How far back it looks. */
  readonly hours: number
  readonly sql: string
  /** The same from `metric_points`, as its own SQL can ask it. */
  readonly own?: string
}

const TENANT = "Tenant = 'default'"
const GAUGE = "MetricName = 'node_state_4'"
const SUM = "MetricName = 'node_work_5_total'"
const ONE = "Attributes['cpu'] = '3' AND ResourceAttributes['service.instance.id'] = '10.0.0.7:9100'"
const OWN_ONE =
  "simpleJSONExtractString(Labels, 'cpu') = '3' AND simpleJSONExtractString(Resource, 'service.instance.id') = '10.0.0.7:9100'"

/** Up to `end`, Unix seconds. */
export function layoutQuestions(end: number): readonly LayoutQuestion[] {
  const last = (hours: number): string =>
    `TimeUnix >= toDateTime(${end - hours * 3600}) AND TimeUnix < toDateTime(${end})`
  const series = (hours: number, bucket: string): LayoutQuestion => ({
    what: `one series of a metric's thousand, ${hours} h`,
    hours,
    sql: `SELECT toStartOfInterval(TimeUnix, INTERVAL ${bucket}) AS t, avg(Value) FROM {gauge} WHERE ${TENANT} AND ${GAUGE} AND ${last(hours)} AND ${ONE} GROUP BY t ORDER BY t`,
    own: `SELECT toStartOfInterval(TimeUnix, INTERVAL ${bucket}) AS t, avg(Value) FROM wattline.metric_points WHERE ${TENANT} AND ${GAUGE} AND ${last(hours)} AND ${OWN_ONE} GROUP BY t ORDER BY t`,
  })
  const byLabel = (hours: number): LayoutQuestion => ({
    what: `average by a label, a thousand series, ${hours} h`,
    hours,
    sql: `SELECT toStartOfInterval(TimeUnix, INTERVAL 1 HOUR) AS t, Attributes['mode'] AS mode, round(avg(Value), 6) FROM {gauge} WHERE ${TENANT} AND ${GAUGE} AND ${last(hours)} GROUP BY t, mode ORDER BY t, mode`,
    own: `SELECT toStartOfInterval(TimeUnix, INTERVAL 1 HOUR) AS t, simpleJSONExtractString(Labels, 'mode') AS mode, round(avg(Value), 6) FROM wattline.metric_points WHERE ${TENANT} AND ${GAUGE} AND ${last(hours)} GROUP BY t, mode ORDER BY t, mode`,
  })
  return [
    series(1, '1 MINUTE'),
    series(24, '5 MINUTE'),
    series(168, '1 HOUR'),
    series(720, '12 HOUR'),
    byLabel(1),
    byLabel(24),
    byLabel(168),
    {
      what: 'increase of each series of a counter, 1 h',
      hours: 1,
      sql: `SELECT Attributes['cpu'] AS cpu, sum(up) FROM (SELECT Attributes, ResourceAttributes, max(Value) - min(Value) AS up FROM {sum} WHERE ${TENANT} AND ${SUM} AND ${last(1)} GROUP BY Attributes, ResourceAttributes) GROUP BY cpu ORDER BY cpu`,
    },
    {
      what: 'increase of each series of a counter, 24 h',
      hours: 24,
      sql: `SELECT Attributes['cpu'] AS cpu, sum(up) FROM (SELECT Attributes, ResourceAttributes, max(Value) - min(Value) AS up FROM {sum} WHERE ${TENANT} AND ${SUM} AND ${last(24)} GROUP BY Attributes, ResourceAttributes) GROUP BY cpu ORDER BY cpu`,
    },
    {
      what: 'a metric of one service by time, 24 h',
      hours: 24,
      sql: `SELECT toStartOfInterval(TimeUnix, INTERVAL 1 HOUR) AS t, round(avg(Value), 6) FROM {gauge} WHERE ${TENANT} AND ServiceName = 'job-3' AND ${GAUGE} AND ${last(24)} GROUP BY t ORDER BY t`,
    },
    {
      what: 'names of metrics, 24 h',
      hours: 24,
      sql: `SELECT DISTINCT MetricName FROM {gauge} WHERE ${TENANT} AND ${last(24)} ORDER BY MetricName`,
    },
    {
      what: 'names of metrics, units and descriptions, 24 h',
      hours: 24,
      sql: `SELECT DISTINCT MetricName, MetricUnit, MetricDescription FROM {sum} WHERE ${TENANT} AND ${last(24)} ORDER BY MetricName`,
    },
    {
      what: 'services, 24 h',
      hours: 24,
      sql: `SELECT DISTINCT ServiceName FROM {gauge} WHERE ${TENANT} AND ${last(24)} ORDER BY ServiceName`,
    },
    {
      what: "values of a resource's attribute, of a metric, 24 h",
      hours: 24,
      sql: `SELECT DISTINCT ResourceAttributes['service.instance.id'] AS v FROM {gauge} WHERE ${TENANT} AND ${GAUGE} AND ${last(24)} ORDER BY v`,
    },
    {
      what: 'keys of attributes of a metric, 1 h',
      hours: 1,
      sql: `SELECT DISTINCT arrayJoin(mapKeys(Attributes)) AS k FROM {gauge} WHERE ${TENANT} AND ${GAUGE} AND ${last(1)} ORDER BY k`,
    },
    {
      what: 'a label, no metric named, 1 h',
      hours: 1,
      sql: `SELECT count() FROM {gauge} WHERE ${TENANT} AND ${last(1)} AND Attributes['cpu'] = '3'`,
      own: `SELECT count() FROM wattline.metric_points WHERE ${TENANT} AND Kind = 0 AND ${last(1)} AND simpleJSONExtractString(Labels, 'cpu') = '3'`,
    },
    {
      what: 'a label that nothing has, no metric named, 24 h',
      hours: 24,
      sql: `SELECT count() FROM {gauge} WHERE ${TENANT} AND ${last(24)} AND Attributes['pod'] = 'web-1'`,
      own: `SELECT count() FROM wattline.metric_points WHERE ${TENANT} AND Kind = 0 AND ${last(24)} AND simpleJSONExtractString(Labels, 'pod') = 'web-1'`,
    },
    {
      what: 'all columns of the newest 100 points of a metric, 1 h',
      hours: 1,
      sql: `SELECT * FROM {sum} WHERE ${TENANT} AND ${SUM} AND ${last(1)} ORDER BY TimeUnix DESC, ServiceName, ResourceAttributes['service.instance.id'], Attributes['cpu'] LIMIT 100`,
    },
    {
      what: 'points of a day',
      hours: 24,
      sql: `SELECT count() FROM {gauge} WHERE ${TENANT} AND ${last(24)}`,
    },
    {
      what: 'points by metric, 24 h',
      hours: 24,
      sql: `SELECT MetricName, count() AS n, round(avg(Value), 6) FROM {gauge} WHERE ${TENANT} AND ${last(24)} GROUP BY MetricName ORDER BY MetricName`,
    },
  ]
}
