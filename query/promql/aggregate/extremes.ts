/** `min`, `max`, `stddev` and `stdvar`, of floats only. */
import { type Block, FLOAT, NO_SAMPLE } from '../series/block.ts'
import { type AggregationCall, eachFloat } from './each-float.ts'

/** The least or the largest; NaN only where there is nothing else. */
export function groupExtreme(call: AggregationCall, { kinds, values }: Block): void {
  const isMaximum = call.op === 'max'
  eachFloat(call, (value, cell) => {
    const best = values[cell] ?? 0
    const isBetter =
      kinds[cell] === NO_SAMPLE || Number.isNaN(best) || (isMaximum ? best < value : best > value)
    if (isBetter) values[cell] = value
    kinds[cell] = FLOAT
  })
}

/** Welford's method. A first value that is not finite makes all of it NaN. */
export function groupVariance(call: AggregationCall, { kinds, values: squares }: Block): void {
  const means = new Float64Array(kinds.length)
  const counts = new Float64Array(kinds.length)
  eachFloat(call, (value, cell) => {
    const count = (counts[cell] ?? 0) + 1
    counts[cell] = count
    if (kinds[cell] === NO_SAMPLE) {
      kinds[cell] = FLOAT
      means[cell] = value
      squares[cell] = Number.isFinite(value) ? 0 : Number.NaN
      return
    }
    const delta = value - (means[cell] ?? 0)
    means[cell] = (means[cell] ?? 0) + delta / count
    squares[cell] = (squares[cell] ?? 0) + delta * (value - (means[cell] ?? 0))
  })
  for (let cell = 0; cell < kinds.length; cell += 1) {
    if (kinds[cell] !== FLOAT) continue
    const variance = (squares[cell] ?? 0) / (counts[cell] ?? 1)
    squares[cell] = call.op === 'stddev' ? Math.sqrt(variance) : variance
  }
}
