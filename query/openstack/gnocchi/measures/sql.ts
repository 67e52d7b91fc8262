/** Measures as SQL: of each metric the measures of each bucket of time, aggregated by the engine. */
import type { QueryParam } from '../../../../core/warehouse/warehouse.ts'
import { type ParameterizedSql, tableName } from '../../../fence/tables.ts'
import type { AggregationMethod } from '../model/methods.ts'
import type { LedgerSource, PointSeries } from '../model/resource.ts'

/** Buckets whose start is within `[fromMs, toMs)`, each `bucketMs` wide. */
export interface MeasureBuckets {
  readonly fromMs: number
  readonly toMs: number
  readonly bucketMs: number
}

/** A row of both statements: number of the metric, start of the bucket in milliseconds, value. */
export interface MeasureRow {
  readonly id: number
  readonly at: number
  readonly value: number
}

/** The engine's times end in 2299. */
const LAST_MS = 10_413_791_999_000
/** Those of the ledger are 32 bits wide. */
const LAST_S = 4_294_962_000
/** Differences need the measure before: it is looked for this far back, and a bucket. */
const BEFORE_MS = 3_600_000

/** Measures of series of points, `ids` being the number of the metric of each. */
export function pointsStatement(
  tenant: string,
  series: readonly (PointSeries & { readonly id: number })[],
  method: AggregationMethod,
  buckets: MeasureBuckets,
  limit: number,
): ParameterizedSql {
  const { fromMs, toMs } = readSpan(method, buckets)
  const distinct = (key: keyof PointSeries): readonly string[] => [...new Set(series.map(one => one[key]))]
  const key = "concat(ServiceName, '\\n', Labels, '\\n', Resource, '\\n', MetricName)"
  const rows =
    `SELECT transform(${key}, {keys:Array(String)}, {ids:Array(UInt32)}, toUInt32(0)) AS id, ` +
    // Points that were delivered twice count once.
    `TimeUnix AS time, max(Value) AS amount FROM ${tableName('metric_points')} ` +
    'WHERE Tenant = {tenant:String} AND MetricName IN {metrics:Array(String)} AND ServiceName IN {services:Array(String)} ' +
    'AND Labels IN {labels:Array(String)} AND Resource IN {resources:Array(String)} ' +
    'AND TimeUnix >= fromUnixTimestamp64Milli({from:Int64}) AND TimeUnix < fromUnixTimestamp64Milli({to:Int64}) ' +
    "AND toStartOfHour(TimeUnix) >= toDateTime({first_hour:UInt32}, 'UTC') " +
    "AND toStartOfHour(TimeUnix) <= toDateTime({last_hour:UInt32}, 'UTC') AND isFinite(Value) GROUP BY id, time"
  const hour = (ms: number): number => Math.min(Math.floor(ms / 3_600_000) * 3_600, LAST_S)
  const source = method.isRate ? differences(rows, 'amount') : rows
  const amount = method.isRate ? 'rise' : 'amount'
  return aggregated({
    source: `SELECT id, toUnixTimestamp64Milli(time) AS ms, ${amount} AS value, ${amount} AS number FROM (${source}) WHERE id != 0`,
    method,
    buckets,
    limit,
    divisor: 1,
    params: {
      tenant,
      from: fromMs,
      to: toMs,
      first_hour: hour(fromMs),
      last_hour: hour(toMs),
      metrics: distinct('metric'),
      services: distinct('service'),
      labels: distinct('labels'),
      resources: distinct('resource'),
      keys: series.map(({ service, labels, resource, metric }) =>
        [service, labels, resource, metric].join('\n'),
      ),
      ids: series.map(({ id }) => id),
    },
  })
}

/** Measures of the ledger: one a minute. All sources have the same column, measure and currency. */
export function ledgerStatement(
  tenant: string,
  sources: readonly (LedgerSource & { readonly id: number })[],
  method: AggregationMethod,
  buckets: MeasureBuckets,
  limit: number,
): ParameterizedSql {
  const { fromMs, toMs } = readSpan(method, buckets)
  const { column, measure, currency } = sources[0]!
  const second = (ms: number): number => Math.min(Math.ceil(ms / 1000), LAST_S)
  const rows =
    `SELECT transform(toString(${column}), {keys:Array(String)}, {ids:Array(UInt32)}, toUInt32(0)) AS id, ` +
    `WindowStart AS time, ${measure.sum} AS amount FROM ${tableName('ledger')} ` +
    `WHERE Tenant = {tenant:String} AND ${column} IN {keys:Array(String)} ` +
    "AND WindowStart >= toDateTime({from:UInt32}, 'UTC') AND WindowStart < toDateTime({to:UInt32}, 'UTC')" +
    `${currency === '' ? '' : ' AND Currency = {currency:String}'} GROUP BY id, time HAVING amount IS NOT NULL`
  const source = method.isRate ? differences(rows, 'assumeNotNull(amount)') : rows
  const amount = method.isRate ? 'rise' : 'amount'
  return aggregated({
    source:
      `SELECT id, toInt64(toUnixTimestamp(time)) * 1000 AS ms, toInt128(assumeNotNull(${amount})) AS number, ` +
      `toFloat64(assumeNotNull(${amount})) / ${measure.divisor} AS value FROM (${source})`,
    method,
    buckets,
    limit,
    divisor: measure.divisor,
    params: {
      tenant,
      from: second(fromMs),
      to: second(toMs),
      keys: sources.map(({ value }) => value),
      ids: sources.map(({ id }) => id),
      ...(currency === '' ? {} : { currency }),
    },
  })
}

function readSpan({ isRate }: AggregationMethod, { fromMs, toMs, bucketMs }: MeasureBuckets) {
  const before = isRate ? BEFORE_MS + bucketMs : 0
  // A bucket that starts before the end is answered as a whole.
  const endMs = Math.ceil(toMs / bucketMs) * bucketMs
  return { fromMs: Math.max(0, fromMs - before), toMs: Math.min(Math.max(endMs, 0), LAST_MS) }
}

const differences = (rows: string, value: string): string =>
  'SELECT id, time, number - before AS rise FROM (SELECT id, time, ' +
  `${value} AS number, lagInFrame(number, 1) OVER series AS before, row_number() OVER series AS place FROM (${rows}) ` +
  'WINDOW series AS (PARTITION BY id ORDER BY time ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW)) WHERE place > 1'

interface Aggregated {
  /** Columns id, ms, value, and `number`: the value times the divisor, exactly. */
  readonly source: string
  readonly method: AggregationMethod
  readonly buckets: MeasureBuckets
  readonly limit: number
  readonly divisor: number
  readonly params: Readonly<Record<string, QueryParam>>
}

function aggregated({ source, method, buckets, limit, divisor, params }: Aggregated): ParameterizedSql {
  const having = method.of === 'std' ? ' HAVING count() > 1' : ''
  return {
    text:
      'SELECT id, toFloat64(intDiv(ms, {bucket:Int64}) * {bucket:Int64}) AS at, ' +
      `toFloat64(${expressionOf(method, divisor)}) AS value FROM (${source}) AS source WHERE at >= {first:Int64} ` +
      `GROUP BY id, at${having} ORDER BY id, at LIMIT ${limit}`,
    params: { ...params, bucket: buckets.bucketMs, first: Math.max(0, Math.floor(buckets.fromMs)) },
  }
}

function expressionOf({ of, percent }: AggregationMethod, divisor: number): string {
  switch (of) {
    case 'mean':
      return `toFloat64(sum(number)) / ${divisor} / count()`
    case 'sum':
      return `toFloat64(sum(number)) / ${divisor}`
    case 'count':
      return 'count()'
    case 'first':
      return 'argMin(source.value, ms)'
    case 'last':
      return 'argMax(source.value, ms)'
    case 'min':
    case 'max':
      return `${of}(source.value)`
    case 'std':
      return 'stddevSampStable(source.value)'
    case 'median':
      return 'quantileExactInclusive(0.5)(source.value)'
    case 'percentile':
      return `quantileExactInclusive(${percent / 100})(source.value)`
  }
}
