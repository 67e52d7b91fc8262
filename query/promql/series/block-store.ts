/** The result of a subquery as samples. */
import { type FloatHistogram, RESET_HINT, withHint } from '../histogram/float-histogram.ts'
import { type Block, HISTOGRAM, NO_SAMPLE } from './block.ts'
import { type Grid, timeAt } from './grid.ts'
import type { Store } from './store.ts'

/**
 * A subquery may skip samples or take them twice, so what a histogram says about resets since the one before it does not hold for its
 * result.
 */
const asSample = (histogram: FloatHistogram): FloatHistogram =>
  histogram.counterResetHint === RESET_HINT.gauge ? histogram : withHint(histogram, RESET_HINT.unknown)

export function storeOf(block: Block, grid: Grid): Store {
  const { labels, steps, kinds, values, histograms, dropsName } = block
  const times = new Float64Array(kinds.length)
  const floats = new Float64Array(kinds.length)
  const starts = new Int32Array(labels.length + 1)
  const histogramStarts = new Int32Array(labels.length + 1)
  const histogramTimes: number[] = []
  const found: FloatHistogram[] = []
  let length = 0
  for (let row = 0; row < labels.length; row += 1) {
    starts[row] = length
    histogramStarts[row] = found.length
    for (let step = 0; step < steps; step += 1) {
      const cell = row * steps + step
      const kind = kinds[cell]
      if (kind === NO_SAMPLE) continue
      const histogram = kind === HISTOGRAM ? histograms?.[cell] : undefined
      if (histogram !== undefined) {
        histogramTimes.push(timeAt(grid, step))
        found.push(asSample(histogram))
        continue
      }
      times[length] = timeAt(grid, step)
      floats[length] = values[cell] ?? 0
      length += 1
    }
  }
  starts[labels.length] = length
  histogramStarts[labels.length] = found.length
  return {
    labels,
    dropsName,
    times: times.subarray(0, length),
    values: floats.subarray(0, length),
    starts,
    stale: undefined,
    histogramTimes: Float64Array.from(histogramTimes),
    histograms: found,
    histogramStarts: found.length > 0 ? histogramStarts : undefined,
  }
}
