/** `quantile`: of the floats of a group. */
import { badQuantile } from '../functions/messages.ts'
import { quantileOf } from '../functions/quantiles.ts'
import type { Range } from '../model/errors.ts'
import { type Block, setFloat } from '../series/block.ts'
import { type AggregationCall, eachFloat } from './each-float.ts'

export function groupQuantile(
  call: AggregationCall,
  result: Block,
  quantiles: Float64Array,
  where: Range,
): void {
  for (const quantile of new Set(quantiles)) {
    if (!(quantile >= 0 && quantile <= 1)) badQuantile(call.env.notes, quantile, where)
  }
  const all: (number[] | undefined)[] = []
  eachFloat(call, (value, cell) => {
    const known = all[cell]
    if (known === undefined) all[cell] = [value]
    else known.push(value)
  })
  for (const [cell, values] of all.entries()) {
    if (values === undefined) continue
    const quantile = quantiles[cell % result.steps] ?? Number.NaN
    setFloat(result, cell, quantileOf(quantile, Float64Array.from(values)))
  }
}
