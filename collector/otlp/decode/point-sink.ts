import type { LabelMap } from '../../../core/model/label-text.ts'
import type { Ranges, TextRange } from './envelope.ts'

/**
 * A point of a gauge or sum that was accepted and has a value. Valid until the next one. Parts of 64-bit values are
 * signed.
 */
export interface PointInHand {
  readonly timeLow: number
  readonly timeHigh: number
  /** Both parts 0: unknown. */
  readonly startLow: number
  readonly startHigh: number
  /** Whether the value is an integer, in two parts; otherwise it is in `double`. */
  readonly isInteger: boolean
  readonly valueLow: number
  readonly valueHigh: number
  readonly double: number
  /** Where the body contains the resource: the same array for all points of one resource. */
  readonly resourceMessages: Ranges
  /**
   * Position of the attributes in the body, contiguous with their tags; `attributesEnd` is -1 when they are scattered.
   */
  readonly attributesStart: number
  readonly attributesEnd: number
  resourceRecord(): LabelMap
  attributesRecord(): LabelMap
}

/** Receives points of gauges and sums as they are decoded. The request may still prove undecodable. */
export interface PointSink {
  /**
   * Whether it wants the points of a metric; they are then passed to `point`, until the next metric. Called once per
   * metric.
   */
  metric(
    body: DataView,
    head: { readonly name: TextRange; readonly unit: TextRange },
    isSum: boolean,
    temporality: number,
    isMonotonic: boolean,
  ): boolean
  /** Whether the point is not to be stored among the metrics. */
  point(point: PointInHand): boolean
}
