import {
  metricExpHistograms,
  metricHistograms,
  metricPoints,
  metricSummaries,
  metricsExpHistogram,
  metricsGauge,
  metricsHistogram,
  metricsSum,
  metricsSummary,
} from '../../model/streams/index.ts'
import type { StreamDeclaration } from '../../model/streams/stream.ts'
import { quoteName, storedType } from './column-types.ts'
import { type Dialect, qualified } from './ddl.ts'
import { viewStatement } from './view.ts'

/** A view with name, columns and types of a table of the OpenTelemetry Collector's exporter. */
export interface MetricView {
  readonly name: string
  /** The table of earlier releases, which has exactly the view's columns. */
  readonly before: StreamDeclaration
  /** The table of points. */
  readonly points: StreamDeclaration
  /** Which of its rows; '' for all. */
  readonly condition: string
  /** Columns that are not those of every kind. */
  readonly own: Readonly<Record<string, string>>
}

const MAP = "'Map(LowCardinality(String), String)'"
const text = (name: string): string => `simpleJSONExtractString(Meta, '${name}')`
/** A list, one element for each exemplar. */
const each = (expression: string): string => `arrayMap(e -> ${expression}, JSONExtractArrayRaw(Exemplars))`
const TEMPORALITY = "simpleJSONExtractInt(Meta, 'temporality')"
/** A point without a value has a NaN that says so; the exporter has 0. */
const VALUE = 'if(bitTest(Flags, 0), 0, Value)'

/** How the columns of every kind are made; others have the same name in both tables. */
const COMMON: Readonly<Record<string, string>> = {
  ResourceAttributes: `JSONExtract(Resource, ${MAP})`,
  ResourceSchemaUrl: text('resourceUrl'),
  ScopeName: text('scope'),
  ScopeVersion: text('scopeVersion'),
  ScopeAttributes: `JSONExtract(${text('scopeAttributes')}, ${MAP})`,
  ScopeDroppedAttrCount: "simpleJSONExtractUInt(Meta, 'scopeDropped')",
  ScopeSchemaUrl: text('scopeUrl'),
  MetricDescription: text('description'),
  MetricUnit: text('unit'),
  Attributes: `JSONExtract(Labels, ${MAP})`,
  'Exemplars.FilteredAttributes': each(`JSONExtract(e, 'attributes', ${MAP})`),
  'Exemplars.TimeUnix': each("fromUnixTimestamp64Nano(toInt64OrZero(JSONExtractString(e, 'time')), 'UTC')"),
  'Exemplars.Value': each("reinterpretAsFloat64(reverse(unhex(JSONExtractString(e, 'bits'))))"),
  'Exemplars.SpanId': each("JSONExtractString(e, 'spanId')"),
  'Exemplars.TraceId': each("JSONExtractString(e, 'traceId')"),
  AggregationTemporality: TEMPORALITY,
}

/** The exporter's five tables. */
export const METRIC_VIEWS: readonly MetricView[] = [
  {
    name: metricsGauge.table.formerly,
    before: metricsGauge,
    points: metricPoints,
    condition: 'Kind = 0',
    own: { Value: VALUE },
  },
  {
    name: metricsSum.table.formerly,
    before: metricsSum,
    points: metricPoints,
    condition: 'Kind != 0',
    own: { Value: VALUE, IsMonotonic: "simpleJSONExtractBool(Meta, 'monotonic')" },
  },
  {
    name: metricsHistogram.table.formerly,
    before: metricsHistogram,
    points: metricHistograms,
    condition: '',
    own: {},
  },
  {
    name: metricsExpHistogram.table.formerly,
    before: metricsExpHistogram,
    points: metricExpHistograms,
    condition: '',
    own: {},
  },
  {
    name: metricsSummary.table.formerly,
    before: metricsSummary,
    points: metricSummaries,
    condition: '',
    own: { 'ValueAtQuantiles.Quantile': 'Quantiles', 'ValueAtQuantiles.Value': 'QuantileValues' },
  },
]

/** The expression of each column, by name. */
function expressionsOf({
  before,
  own,
}: MetricView): readonly (readonly [name: string, expression: string])[] {
  return before.columns.map(column => {
    const made = own[column.name] ?? COMMON[column.name]
    const expression = made === undefined ? quoteName(column.name) : `CAST(${made} AS ${storedType(column)})`
    return [column.name, expression] as const
  })
}

/**
 * Points as the exporter's table has them, and the rows of earlier releases, which have these columns already. Conditions on
 * what is a column in both (tenant, names, times) reach the index of both.
 */
export function createMetricView(view: MetricView, dialect: Dialect): string {
  const columns = expressionsOf(view)
  const select = [
    `SELECT ${columns.map(([name, expression]) => `${expression} AS ${quoteName(name)}`).join(', ')}`,
    `FROM ${qualified(dialect, view.points.table!.name)}${view.condition === '' ? '' : ` WHERE ${view.condition}`}`,
    'UNION ALL',
    `SELECT ${columns.map(([name]) => quoteName(name)).join(', ')}`,
    `FROM ${qualified(dialect, view.before.table!.name)}`,
  ].join('\n')
  return viewStatement(view.name, select, dialect)
}
