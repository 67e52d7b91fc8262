/** Quantiles of values. */

/** Sorts values, NaN first. */
export const sortValues = (values: Float64Array): Float64Array => {
  // Typed arrays sort NaN last: they go to the front.
  values.sort()
  let nan = values.length
  while (nan > 0 && Number.isNaN(values[nan - 1])) nan -= 1
  const count = values.length - nan
  if (count === 0) return values
  values.copyWithin(count, 0, nan)
  values.fill(Number.NaN, 0, count)
  return values
}

/** The quantile of values, between two of them a weighted mean. Sorts the values in place. */
export function quantileOf(quantile: number, values: Float64Array): number {
  if (values.length === 0 || Number.isNaN(quantile)) return Number.NaN
  if (quantile < 0) return Number.NEGATIVE_INFINITY
  if (quantile > 1) return Number.POSITIVE_INFINITY
  sortValues(values)
  const rank = quantile * (values.length - 1)
  const lower = Math.max(0, Math.floor(rank))
  const upper = Math.min(values.length - 1, lower + 1)
  const weight = rank - Math.floor(rank)
  if (weight === 0) return values[lower] ?? Number.NaN
  return (values[lower] ?? 0) * (1 - weight) + (values[upper] ?? 0) * weight
}
