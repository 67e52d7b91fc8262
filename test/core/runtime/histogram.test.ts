// Guarantees: an observation counts in every bucket that contains it, including the bound; values above all buckets are
// counted too.
import { expect, it } from 'vitest'
import { Histogram } from '../../../core/runtime/histogram.ts'

it('counts up to and including each bound', () => {
  const histogram = new Histogram([1, 2, 5])
  for (const value of [0, 1, 1.5, 5, 6]) histogram.observe(value)
  expect(histogram.samples()).toEqual({ bounds: [1, 2, 5], cumulative: [2, 3, 4], count: 5, sum: 13.5 })
  expect(new Histogram([1]).samples()).toEqual({ bounds: [1], cumulative: [0], count: 0, sum: 0 })
})
