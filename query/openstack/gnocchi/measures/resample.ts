/** Measures of coarser buckets made of measures of finer ones. */
import type { AggregationMethod } from '../model/methods.ts'
import type { Measures } from './read.ts'

/** Measures in buckets of another width. */
export function resampled(
  { times, values }: Measures,
  bucketMs: number,
  method: AggregationMethod,
): Measures {
  const result: Measures = { times: [], values: [] }
  for (let from = 0; from < times.length; ) {
    const start = Math.floor(times[from]! / bucketMs) * bucketMs
    let to = from + 1
    while (to < times.length && times[to]! < start + bucketMs) to += 1
    const value = aggregate(values.slice(from, to), method)
    if (value !== undefined) {
      result.times.push(start)
      result.values.push(value)
    }
    from = to
  }
  return result
}

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0)

/** One value of several; undefined where the method has none. */
function aggregate(values: readonly number[], { of, percent }: AggregationMethod): number | undefined {
  switch (of) {
    case 'mean':
      return sum(values) / values.length
    case 'sum':
      return sum(values)
    case 'count':
      return values.length
    case 'first':
      return values[0]
    case 'last':
      return values.at(-1)
    case 'min':
      return values.reduce((a, b) => Math.min(a, b))
    case 'max':
      return values.reduce((a, b) => Math.max(a, b))
    case 'std':
      return values.length > 1 ? Math.sqrt(squares(values) / (values.length - 1)) : undefined
    case 'median':
      return quantile(values, 0.5)
    case 'percentile':
      return quantile(values, percent / 100)
  }
}

/** Sum of squared distances from the mean. */
export function squares(values: readonly number[]): number {
  const mean = sum(values) / values.length
  return sum(values.map(value => (value - mean) ** 2))
}

/** Between two values as numpy does it: in proportion to the place. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b)
  const place = (sorted.length - 1) * share
  const [low, high] = [Math.floor(place), Math.ceil(place)]
  if (low === high) return sorted[low]!
  return sorted[low]! * (high - place) + sorted[high]! * (place - low)
}
