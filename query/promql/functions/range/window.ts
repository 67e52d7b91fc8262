/** The samples of one series that a function over a range sees at one time. */
import type { FloatHistogram } from '../../histogram/float-histogram.ts'
import type { Range } from '../../model/errors.ts'
import { type Labels, labelValue, NAME } from '../../model/labels.ts'
import { FLOAT, HISTOGRAM } from '../../series/block.ts'
import type { Store } from '../../series/store.ts'
import type { Call } from '../../syntax/ast.ts'
import type { Environment } from '../environment.ts'

/** Moves along a series; one object serves a whole call. */
export class Window {
  readonly env: Environment
  readonly call: Call
  /** Where the range stands in the text. */
  readonly argument: Range
  times: Float64Array
  values: Float64Array
  histogramTimes: Float64Array
  histograms: readonly FloatHistogram[]
  /** Floats of the window: from, and to (exclusive). */
  from = 0
  to = 0
  histogramFrom = 0
  histogramTo = 0
  labels: Labels = []
  /** The range itself: after its start, up to its end. Windows of `anchored` and `smoothed` hold samples beyond it. */
  rangeStartMs = 0
  rangeEndMs = 0
  rangeSeconds = 0
  timeMs = 0
  /** The values of the scalar arguments at this time, by position among the arguments. */
  scalars: number[] = []
  extension: 'anchored' | 'smoothed' | undefined
  /** The result. */
  value = 0
  histogram: FloatHistogram | undefined

  constructor(env: Environment, call: Call, argument: Range, store: Store) {
    this.env = env
    this.call = call
    this.argument = argument
    this.times = store.times
    this.values = store.values
    this.histogramTimes = store.histogramTimes
    this.histograms = store.histograms
  }

  get floats(): number {
    return this.to - this.from
  }

  get histogramCount(): number {
    return this.histogramTo - this.histogramFrom
  }

  get metric(): string {
    return labelValue(this.labels, NAME)
  }

  giveFloat(value: number): typeof FLOAT {
    this.value = value
    return FLOAT
  }

  giveHistogram(histogram: FloatHistogram): typeof HISTOGRAM {
    this.histogram = histogram
    return HISTOGRAM
  }

  /** Where an argument stands in the text. */
  rangeOf(argument: number): Range {
    return this.call.args[argument]?.range ?? this.call.range
  }
}

/** Calculates the window's result and returns its kind; 0 where there is none. */
export type RangeFunction = (window: Window) => number
