import type { Labels } from '../../../core/model/label-text.ts'
import type { Ranges, TextRange } from './envelope.ts'

/** A point of a gauge or sum that was accepted and has a value. Valid until the next one. Parts of 64-bit values are signed. */
export interface PointInHand {
  readonly timeLow: number
  readonly timeHigh: number
  /** Both parts 0: unknown. */
  readonly startLow: number
  readonly startHigh: number
  /** Whether the value came as an integer, in two parts; otherwise it is in `double`. */
  readonly isInteger: boolean
  readonly valueLow: number
  readonly valueHigh: number
  readonly double: number
  /** Where the body names the resource: the same array for all points of one resource. */
  readonly resourceMessages: Ranges
  /** Where the attributes are in the body, one after the other with their tags; `attributesEnd` is -1 where they are scattered. */
  readonly attributesStart: number
  readonly attributesEnd: number
  resourceRecord(): Labels
  attributesRecord(): Labels
}

/** Takes points of gauges and sums as they are decoded. The request may still turn out to be undecodable. */
export interface PointSink {
  /** Whether it wants the points of a metric: then they come by `point`, until the next metric. Asked once a metric. */
  metric(
    body: DataView,
    head: { readonly name: TextRange; readonly unit: TextRange },
    isSum: boolean,
    temporality: number,
    isMonotonic: boolean,
  ): boolean
  point(point: PointInHand): void
}
