/** Values of expressions: at every step of a grid. */
import { type Block, emptyBlock, setHistogram } from '../series/block.ts'

export type Value =
  | { readonly type: 'scalar'; readonly values: Float64Array }
  | { readonly type: 'vector'; readonly block: Block }
  | { readonly type: 'string'; readonly text: string }

export const vector = (block: Block): Value => ({ type: 'vector', block })

/** A value of one step at many. */
export function repeat(value: Value, steps: number): Value {
  if (steps === 1 || value.type === 'string') return value
  if (value.type === 'scalar') {
    return { type: 'scalar', values: new Float64Array(steps).fill(value.values[0] ?? Number.NaN) }
  }
  const { labels, kinds, values, histograms, dropsName } = value.block
  const block = emptyBlock(labels, steps, dropsName)
  for (let row = 0; row < labels.length; row += 1) {
    block.kinds.fill(kinds[row] ?? 0, row * steps, (row + 1) * steps)
    block.values.fill(values[row] ?? 0, row * steps, (row + 1) * steps)
    const histogram = histograms?.[row]
    if (histogram === undefined) continue
    for (let step = 0; step < steps; step += 1) setHistogram(block, row * steps + step, histogram)
  }
  return vector(block)
}
