import type { DecodeContext } from '../../../../collector/otlp/decode/decode-context.ts'
import type { MetricBuilders } from '../../../../collector/otlp/decode/metric-rows.ts'
import type { PointSink } from '../../../../collector/otlp/decode/point-sink.ts'
import { createRecordBuilder } from '../../../../core/columns/record-builder.ts'
import {
  metricExpHistograms,
  metricHistograms,
  metricPoints,
  metricSummaries,
} from '../../../../core/model/streams/index.ts'

export const NOW = 1_750_000_000_000_000_000n

/** Limits that the generated requests never reach. */
export const CONTEXT: DecodeContext = {
  tenant: 'acme',
  nowUnixNano: NOW,
  limits: {
    attributes: 128,
    attributeBytes: 4096,
    futureNano: 3_600_000_000_000n,
    pastNano: NOW,
    maxDepth: 16,
  },
}

export const withLimits = (limits: Partial<DecodeContext['limits']>): DecodeContext => ({
  ...CONTEXT,
  limits: { ...CONTEXT.limits, ...limits },
})

export const createMetricBuilders = (): MetricBuilders => ({
  points: createRecordBuilder(metricPoints),
  histograms: createRecordBuilder(metricHistograms),
  expHistograms: createRecordBuilder(metricExpHistograms),
  summaries: createRecordBuilder(metricSummaries),
})

/** Wants no points. */
export const NO_SINK: PointSink = {
  metric: () => false,
  point() {
    throw new Error('A point was handed out that nobody wanted.')
  },
}
