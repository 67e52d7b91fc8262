import type { readings } from '../../core/model/streams/index.ts'
import type { RowOf } from '../../core/model/streams/stream.ts'

/** One row of the `readings` stream, as an object: readings are a thousandth of what passes through. */
export type Reading = RowOf<typeof readings>

/** A metric that the table of mappings names, as a receiver hands it to `recognise`: whatever door it came by. */
export interface RecognisableMetric {
  readonly name: string
  readonly unit: string
  readonly kind: 'gauge' | 'sum'
  /** OTLP: 1 delta, 2 cumulative; 0 for gauges. */
  readonly temporality: number
  readonly monotonic: boolean
  readonly resource: Readonly<Record<string, string>>
  readonly points: readonly RecognisablePoint[]
}

export interface RecognisablePoint {
  readonly timeUnixNano: bigint
  /** 0n when unknown. A new start time is a new epoch of the counter. */
  readonly startTimeUnixNano: bigint
  /** As sent: `bigint` for as_int, `number` for as_double. */
  readonly value: bigint | number
  readonly attributes: Readonly<Record<string, string>>
}
