/** `rate`, `increase` and `delta` of the floats of one series at all times of a grid: what boards ask most. */
import { type Block, FLOAT } from '../../series/block.ts'
import type { RateKind } from './rate.ts'

/** A series and the windows over it. */
export interface RowWindows {
  readonly times: Float64Array
  readonly values: Float64Array
  readonly from: number
  readonly to: number
  /** End of the first window, and how far each window ends after the one before. */
  readonly endMs: number
  readonly stepMs: number
  readonly rangeMs: number
  readonly rangeSeconds: number
}

/** Distances above this many mean distances of samples are not extrapolated over. */
const THRESHOLD = 1.1

/**
 * Writes the row and returns the number of samples that the windows held. It gives the bits of the function for one window: only
 * resets are looked for once, since a window without them needs no look at its inner samples.
 */
export function rateRow(
  row: RowWindows,
  { isCounter, isRate }: RateKind,
  block: Block,
  cell: number,
): number {
  const { times, values, to, stepMs, rangeMs, rangeSeconds } = row
  const { steps, kinds, values: results } = block
  const resets = isCounter ? resetsOf(values, row.from, to) : NO_RESETS
  let from = row.from
  let end = row.from
  let reset = 0
  let samples = 0
  for (let step = 0; step < steps; step += 1) {
    const rangeEnd = row.endMs + step * stepMs
    const rangeStart = rangeEnd - rangeMs
    while (end < to && times[end]! <= rangeEnd) end += 1
    while (from < end && times[from]! <= rangeStart) from += 1
    samples += end - from
    const intervals = end - from - 1
    if (intervals < 1) continue
    const first = values[from]!
    let change = values[end - 1]! - first
    while (reset < resets.length && resets[reset]! <= from) reset += 1
    for (let at = reset; at < resets.length && resets[at]! < end; at += 1) change += values[resets[at]! - 1]!
    const firstMs = times[from]!
    const lastMs = times[end - 1]!
    const sampled = (lastMs - firstMs) / 1_000
    const mean = sampled / intervals
    const threshold = mean * THRESHOLD
    let toStart = (firstMs - rangeStart) / 1_000
    let toEnd = (rangeEnd - lastMs) / 1_000
    if (toStart >= threshold) toStart = mean / 2
    if (isCounter && change > 0 && first >= 0) {
      const toZero = sampled * (first / change)
      if (toZero < toStart) toStart = toZero
    }
    if (toEnd >= threshold) toEnd = mean / 2
    const factor = (sampled + toStart + toEnd) / sampled
    results[cell + step] = change * (isRate ? factor / rangeSeconds : factor)
    kinds[cell + step] = FLOAT
  }
  return samples
}

const NO_RESETS: readonly number[] = []

/** Positions of the samples that are smaller than the one before. */
function resetsOf(values: Float64Array, from: number, to: number): readonly number[] {
  let resets: number[] | undefined
  let previous = values[from]!
  for (let at = from + 1; at < to; at += 1) {
    const value = values[at]!
    if (value < previous) {
      resets ??= []
      resets.push(at)
    }
    previous = value
  }
  return resets ?? NO_RESETS
}
