/** `count` and `group`: of floats and histograms alike. */
import { type Block, FLOAT, NO_SAMPLE } from '../series/block.ts'
import type { AggregationCall } from './each-float.ts'

function eachSample({ block, groups, env }: AggregationCall, visit: (cell: number) => void): void {
  const { kinds, steps, labels } = block
  for (let row = 0; row < labels.length; row += 1) {
    env.budget.check()
    for (let step = 0; step < steps; step += 1) {
      if (kinds[row * steps + step] !== NO_SAMPLE) visit((groups.groupOf[row] ?? 0) * steps + step)
    }
  }
}

export function groupCount(call: AggregationCall, { kinds, values }: Block): void {
  eachSample(call, cell => {
    kinds[cell] = FLOAT
    values[cell] = (values[cell] ?? 0) + 1
  })
}

export function groupOne(call: AggregationCall, { kinds, values }: Block): void {
  eachSample(call, cell => {
    kinds[cell] = FLOAT
    values[cell] = 1
  })
}
