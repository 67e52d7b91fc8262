/** Metrics as objects, sent as OTLP through the decoder and the recogniser; the readings as rows of their record. */
import { decodeMetrics } from '../../../collector/otlp/decode/metrics.ts'
import type { Reading } from '../../../collector/readings/reading.ts'
import { ReadingRows } from '../../../collector/readings/reading-rows.ts'
import { createRecogniser, type Recogniser } from '../../../collector/readings/recogniser.ts'
import { createRecordBuilder } from '../../../core/columns/record-builder.ts'
import { decodeRows } from '../../../core/columns/rows.ts'
import type { LabelMap } from '../../../core/model/label-text.ts'
import { readings } from '../../../core/model/streams/index.ts'
import { encode } from '../otlp/decode/otlp-proto.ts'
import { CONTEXT, createMetricBuilders } from '../otlp/decode/support.ts'

export interface SentMetric {
  readonly name: string
  /** '' when absent. */
  readonly unit?: string
  readonly kind: 'gauge' | 'sum'
  /** OTLP: 1 delta, 2 cumulative; 0 for gauges. */
  readonly temporality: number
  readonly monotonic: boolean
  readonly resource: LabelMap
  readonly points: readonly SentPoint[]
}

export interface SentPoint {
  readonly timeUnixNano: bigint
  /** 0n: unknown. */
  readonly startTimeUnixNano: bigint
  /** `bigint`: as_int, `number`: as_double. */
  readonly value: bigint | number
  readonly attributes: LabelMap
}

export interface Recognised {
  readonly readings: readonly Reading[]
  readonly ignored: ReadonlyMap<string, number>
}

const attributes = (labels: LabelMap): object[] =>
  Object.entries(labels).map(([key, value]) => ({ key, value: { string_value: value } }))

const point = ({ timeUnixNano, startTimeUnixNano, value, attributes: labels }: SentPoint): object => ({
  time_unix_nano: `${timeUnixNano}`,
  start_time_unix_nano: `${startTimeUnixNano}`,
  attributes: attributes(labels),
  ...(typeof value === 'bigint' ? { as_int: `${value}` } : { as_double: value }),
})

/** One request; consecutive metrics of one resource object share a ResourceMetrics. */
export function requestOf(metrics: readonly SentMetric[]): Uint8Array {
  const groups: SentMetric[][] = []
  for (const metric of metrics) {
    const last = groups.at(-1)
    if (last?.[0]?.resource === metric.resource) last.push(metric)
    else groups.push([metric])
  }
  return encode('ExportMetricsServiceRequest', {
    resource_metrics: groups.map(group => ({
      resource: { attributes: attributes(group[0]!.resource) },
      scope_metrics: [
        {
          metrics: group.map(({ name, unit = '', kind, temporality, monotonic, points }) => ({
            name,
            unit,
            ...(kind === 'gauge'
              ? { gauge: { data_points: points.map(point) } }
              : {
                  sum: {
                    data_points: points.map(point),
                    aggregation_temporality: temporality,
                    is_monotonic: monotonic,
                  },
                }),
          })),
        },
      ],
    })),
  })
}

/** The collector's result for a request, with what `recogniser` remembers. */
export function recognisedIn(
  body: Uint8Array,
  context = CONTEXT,
  recogniser: Recogniser = createRecogniser(),
): Recognised {
  const points = recogniser.begin(context)
  decodeMetrics(body, context, createMetricBuilders(), points)
  const builder = createRecordBuilder(readings)
  const rows = new ReadingRows(builder)
  for (const [index, series] of points.series.entries()) rows.append(series, points.parts, index)
  return {
    readings: builder.rows === 0 ? [] : decodeRows(readings, builder.finish()),
    ignored: points.ignored,
  }
}
