import { WIRE } from '../writer.ts'

/**
 * Fields of HistogramDataPoint and ExponentialHistogramDataPoint that OTLP does not have. Remote write is translated to OTLP,
 * whose counts are integers; these carry what a histogram of Prometheus has besides. Their numbers are far from those that OTLP
 * will use, and other receivers skip them.
 */
export const EXACT_FIELD = {
  resetHint: 1001,
  count: 1002,
  zeroCount: 1003,
  positive: 1004,
  negative: 1005,
} as const

/** Their tags: a number, two doubles, and two packed lists of doubles. */
export const EXACT = {
  resetHint: EXACT_FIELD.resetHint * 8 + WIRE.varint,
  count: EXACT_FIELD.count * 8 + WIRE.fixed64,
  zeroCount: EXACT_FIELD.zeroCount * 8 + WIRE.fixed64,
  positive: EXACT_FIELD.positive * 8 + WIRE.bytes,
  negative: EXACT_FIELD.negative * 8 + WIRE.bytes,
} as const
