/** What an aggregation works on. */
import type { Environment } from '../functions/environment.ts'
import type { Range } from '../model/errors.ts'
import { type Block, FLOAT } from '../series/block.ts'
import type { Groups } from './groups.ts'

/** One aggregation over one block. */
export interface AggregationCall {
  readonly env: Environment
  readonly op: string
  readonly block: Block
  readonly groups: Groups
  /** Where the vector stands in the text. */
  readonly argument: Range
}

/** Calls with every float, and its cell in the result. */
export function eachFloat(
  { env, block, groups }: AggregationCall,
  visit: (value: number, cell: number) => void,
): void {
  const { kinds, values, steps, labels } = block
  for (let row = 0; row < labels.length; row += 1) {
    env.budget.check()
    const target = (groups.groupOf[row] ?? 0) * steps
    const source = row * steps
    for (let step = 0; step < steps; step += 1) {
      if (kinds[source + step] === FLOAT) visit(values[source + step] ?? 0, target + step)
    }
  }
}
