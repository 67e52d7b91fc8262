/** Metric points as SQL. */
import type { QueryParam } from '../../../core/warehouse/warehouse.ts'
import { ROWS_UNLIMITED } from '../reading/reader.ts'
import type { Read } from '../wire/messages.ts'
import type { StoredSeries } from './labels.ts'

/** Tables of points by what they hold. */
export const POINT_TABLES = {
  floats: 'metric_points',
  histograms: 'metric_histograms',
  exponential: 'metric_exp_histograms',
  summaries: 'metric_summaries',
} as const
/** One of them. */
export type PointTable = keyof typeof POINT_TABLES

/** Milliseconds since the epoch: `fromMs < t <= toMs`. */
export interface SampleSpan {
  readonly fromMs: number
  readonly toMs: number
}

/** The engine's times end in 2299. */
const LAST_MS = 10_413_791_999_000
const HOUR_MS = 3_600_000

const clamp = (ms: number): number => Math.min(Math.max(ms, 0), LAST_MS)

/** Rows of a span: the hour is in the sort key, and the engine prunes by it. */
const WITHIN =
  'TimeUnix >= fromUnixTimestamp64Milli({from:Int64}) AND TimeUnix < fromUnixTimestamp64Milli({to:Int64}) ' +
  'AND toStartOfHour(TimeUnix) >= toDateTime({first_hour:UInt32}, {zone:String}) ' +
  'AND toStartOfHour(TimeUnix) <= toDateTime({last_hour:UInt32}, {zone:String})'

function spanParams({ fromMs, toMs }: SampleSpan): Readonly<Record<string, QueryParam>> {
  const [from, to] = [clamp(fromMs + 1), clamp(toMs + 1)]
  const hour = (ms: number): number => Math.min(Math.floor(ms / HOUR_MS) * 3_600, 4_294_962_000)
  return { from, to, first_hour: hour(from), last_hour: hour(Math.max(from, to - 1)), zone: 'UTC' }
}

const read = (sql: string, params: Readonly<Record<string, QueryParam>>): Read => ({
  sql,
  params,
  maxRows: ROWS_UNLIMITED,
})

/** The tables, as `metricsStatement` numbers them. */
export const TABLES = Object.keys(POINT_TABLES) as readonly PointTable[]

/** Metrics that have points: name, description, kind, and the number of the table. */
export function metricsStatement(span: SampleSpan): Read {
  const of = (table: PointTable, index: number): string =>
    `SELECT MetricName, Meta, Kind, toUInt8(${index}) AS table FROM wattline.${POINT_TABLES[table]} ` +
    `WHERE Tenant = {tenant:String} AND ${WITHIN} GROUP BY MetricName, Meta, Kind`
  return read(`SELECT * FROM (${TABLES.map(of).join(' UNION ALL ')}) ORDER BY 1, 4, 3, 2`, spanParams(span))
}

/**
 * Days since the epoch that have points, and a text that is another one after every insert, removal or mutation of rows of
 * the day. The engine has it in memory, so that no point is read. Merges may change it.
 */
export function versionsStatement(): Read {
  const tables = Object.values(POINT_TABLES).map(table => `'${table}'`)
  return read(
    'SELECT toString(toUInt16(toDate(partition))), toString(sipHash64(arraySort(groupArray(state)))) FROM (' +
      'SELECT partition, (table, sum(rows), max(max_block_number), max(data_version)) AS state FROM system.parts ' +
      `WHERE active AND database = 'wattline' AND table IN (${tables.join(', ')}) GROUP BY partition, table` +
      ') GROUP BY partition',
    {},
  )
}

/**
 * Series of a metric that have points. Rows are sorted by hour and series, so that distinct ones are found without a hash of
 * every row: an eighth of what grouping alone costs.
 */
export const metricSeriesStatement = (table: PointTable, metric: string, span: SampleSpan): Read =>
  read(
    'SELECT ServiceName, Labels, Resource FROM (SELECT DISTINCT toStartOfHour(TimeUnix) AS hour, ServiceName, Labels, Resource ' +
      `FROM wattline.${POINT_TABLES[table]} ` +
      `WHERE Tenant = {tenant:String} AND MetricName = {metric:String} AND ${WITHIN}) GROUP BY 1, 2, 3`,
    { metric, ...spanParams(span) },
  )

/** Series of a metric, and all that an expression of lists names: bounds of buckets, quantiles. */
export const keysStatement = (table: PointTable, metric: string, keys: string, span: SampleSpan): Read =>
  read(
    `SELECT ServiceName, Labels, Resource, groupUniqArrayArray(${keys}) FROM wattline.${POINT_TABLES[table]} ` +
      `WHERE Tenant = {tenant:String} AND MetricName = {metric:String} AND ${WITHIN} GROUP BY 1, 2, 3`,
    { metric, ...spanParams(span) },
  )

/** Exemplars of a metric. */
export const exemplarsStatement = (table: PointTable, metric: string, span: SampleSpan): Read =>
  read(
    `SELECT ServiceName, Labels, Resource, Exemplars FROM wattline.${POINT_TABLES[table]} ` +
      `WHERE Tenant = {tenant:String} AND MetricName = {metric:String} AND ${WITHIN} AND Exemplars != '' ` +
      'ORDER BY ServiceName, Labels, Resource, TimeUnix',
    { metric, ...spanParams(span) },
  )

/** Resources that have points, once a minute, as rows of a metric without attributes whose value is 1. */
export function targetsStatement(span: SampleSpan): Read {
  const time = 'toUInt32(toUnixTimestamp64Milli(max(TimeUnix)) - {from:Int64})'
  return read(
    `SELECT ServiceName, toLowCardinality('{}') AS Labels, Resource, ${time} AS time, toFloat64(1) ` +
      `FROM wattline.${POINT_TABLES.floats} WHERE Tenant = {tenant:String} AND ${WITHIN} ` +
      'GROUP BY ServiceName, Resource, toStartOfMinute(TimeUnix) ORDER BY ServiceName, Resource, time',
    spanParams(span),
  )
}

/** Texts of series that are few enough to be named in a statement. */
const NAMED_SERIES = 1_000
const NAMED_CHARACTERS = 1_000_000

/** Conditions that select the series by the sort key; none where they are too many to be named. */
function seriesParams(series: readonly StoredSeries[] | null): {
  readonly text: string
  readonly params: Readonly<Record<string, QueryParam>>
} {
  if (series === null || series.length > NAMED_SERIES) return { text: '', params: {} }
  const distinct = (key: keyof StoredSeries): readonly string[] => [...new Set(series.map(one => one[key]))]
  const [services, labels, resources] = [distinct('service'), distinct('labels'), distinct('resource')]
  const characters = [...labels, ...resources].reduce((sum, text) => sum + text.length, 0)
  if (characters > NAMED_CHARACTERS) return { text: '', params: {} }
  return {
    text:
      ' AND ServiceName IN {services:Array(String)} AND Labels IN {labels:Array(String)} ' +
      'AND Resource IN {resources:Array(String)}',
    params: { services, labels, resources },
  }
}

/** Order of rows: that of the table, so that the engine does not sort. */
const ORDER = 'ORDER BY toStartOfHour(TimeUnix), ServiceName, Labels, Resource, TimeUnix'

/** What is read of a metric. */
export interface Wanted {
  readonly table: PointTable
  readonly metric: string
  /** After the columns of the series and the time. */
  readonly columns: readonly string[]
}

/** Histograms and summaries tell by their flags what gauges and sums tell by the bits of their value. */
const OF_EXEMPLARS = " AND NOT (bitAnd(Flags, 1) = 1 AND Exemplars != '')"

/** The three columns of the series, the time as ms after the span's start, and others. `series` null: all of the metric. */
export function samplesStatement(
  { table, metric, columns }: Wanted,
  series: readonly StoredSeries[] | null,
  span: SampleSpan,
): Read {
  const named = seriesParams(series)
  const only = table === 'histograms' || table === 'exponential' ? OF_EXEMPLARS : ''
  return read(
    'SELECT ServiceName, Labels, Resource, toUInt32(toUnixTimestamp64Milli(TimeUnix) - {from:Int64}), ' +
      `${columns.join(', ')} FROM wattline.${POINT_TABLES[table]} ` +
      `WHERE Tenant = {tenant:String} AND MetricName = {metric:String} AND ${WITHIN}${only}${named.text} ${ORDER}`,
    { metric, ...spanParams(span), ...named.params },
  )
}

/** What times of `samplesStatement` count from. */
export const spanStart = ({ fromMs }: SampleSpan): number => clamp(fromMs + 1)

/** Longest span of one statement: its times are 32 bits wide. */
export const LONGEST_SPAN_MS = 40 * 86_400_000
