/** Functions of single samples. */

import { histogramVariance } from '../../histogram/deviation.ts'
import type { FloatHistogram } from '../../histogram/float-histogram.ts'
import { DEGREES, log, log2, log10, RADIANS } from '../../numeric/elementary.ts'
import { acos, asin, atan, cos, sin, tan } from '../../numeric/trigonometry.ts'
import { type Block, FLOAT, HISTOGRAM } from '../../series/block.ts'
import { type Environment, namesDropped, newBlock } from '../environment.ts'

const FLOATS: Readonly<Record<string, (value: number) => number>> = {
  abs: Math.abs,
  ceil: Math.ceil,
  floor: Math.floor,
  exp: Math.exp,
  sqrt: Math.sqrt,
  ln: log,
  log2,
  log10,
  sin,
  cos,
  tan,
  asin,
  acos,
  atan,
  sinh: Math.sinh,
  cosh: Math.cosh,
  tanh: Math.tanh,
  asinh: Math.asinh,
  acosh: Math.acosh,
  atanh: Math.atanh,
  rad: value => value * RADIANS,
  deg: value => value * DEGREES,
  sgn: value => (value < 0 ? -1 : value > 0 ? 1 : value),
}

const HISTOGRAMS: Readonly<Record<string, (histogram: FloatHistogram) => number>> = {
  histogram_count: ({ count }) => count,
  histogram_sum: ({ sum }) => sum,
  histogram_avg: ({ sum, count }) => sum / count,
  histogram_stddev: histogram => Math.sqrt(histogramVariance(histogram)),
  histogram_stdvar: histogramVariance,
}

export const isSimple = (name: string): boolean =>
  FLOATS[name] !== undefined || HISTOGRAMS[name] !== undefined

/** Applies a function to each float; histograms are left out. `step` is the column. */
export function mapFloats(
  env: Environment,
  block: Block,
  calculate: (value: number, step: number) => number,
): Block {
  const { labels, dropsName } = namesDropped(env, block.labels)
  const result = newBlock(env, labels, block.steps, dropsName)
  const { kinds, values, steps } = block
  for (let row = 0, cell = 0; row < labels.length; row += 1) {
    env.budget.check()
    for (let step = 0; step < steps; step += 1, cell += 1) {
      if (kinds[cell] !== FLOAT) continue
      result.kinds[cell] = FLOAT
      result.values[cell] = calculate(values[cell] ?? 0, step)
    }
  }
  return result
}

function mapHistograms(
  env: Environment,
  block: Block,
  calculate: (histogram: FloatHistogram) => number,
): Block {
  const { labels, dropsName } = namesDropped(env, block.labels)
  const result = newBlock(env, labels, block.steps, dropsName)
  for (let cell = 0; cell < block.kinds.length; cell += 1) {
    const histogram = block.kinds[cell] === HISTOGRAM ? block.histograms?.[cell] : undefined
    if (histogram === undefined) continue
    env.budget.check()
    result.kinds[cell] = FLOAT
    result.values[cell] = calculate(histogram)
  }
  return result
}

export function callSimple(env: Environment, name: string, block: Block): Block {
  const ofHistogram = HISTOGRAMS[name]
  if (ofHistogram !== undefined) return mapHistograms(env, block, ofHistogram)
  const ofFloat = FLOATS[name]
  if (ofFloat === undefined) throw new Error(`No function ${name}`)
  return mapFloats(env, block, ofFloat)
}
