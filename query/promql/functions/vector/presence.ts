/** `absent`, `absent_over_time` and `scalar`: whether there is something at all. */
import { isMetadata, type Labels, labelsOf } from '../../model/labels.ts'
import { type Block, emptyBlock, FLOAT, NO_SAMPLE } from '../../series/block.ts'
import type { Expr } from '../../syntax/ast.ts'

/** The labels that an expression asks for exactly: those of its matchers that are equal to one value, each name once. */
function labelsWanted(expr: Expr): Labels {
  const selector = expr.kind === 'matrix' ? expr.selector : expr
  if (selector.kind !== 'vector') return []
  const wanted = new Map<string, string>()
  const seen = new Set<string>()
  for (const { name, op, value } of selector.matchers) {
    if (isMetadata(name)) continue
    // Also one that is asked for twice is left out, even with the same value.
    const isFirst = op === '=' && !seen.has(name)
    if (isFirst) seen.add(name)
    wanted.set(name, isFirst ? value : '')
  }
  return labelsOf(Object.fromEntries(wanted))
}

/** One series that is 1 at the steps at which the argument has nothing. */
export function absent(argument: Expr, block: Block): Block {
  const { kinds, steps, labels } = block
  const result = emptyBlock([labelsWanted(argument)], steps, block.dropsName && [false])
  result.kinds.fill(FLOAT)
  result.values.fill(1)
  for (let row = 0; row < labels.length; row += 1) {
    for (let step = 0; step < steps; step += 1) {
      if (kinds[row * steps + step] !== NO_SAMPLE) result.kinds[step] = NO_SAMPLE
    }
  }
  return result
}

/** The value of the only float at each step, NaN where there is none or more than one. */
export function scalarOf({ kinds, values, steps, labels }: Block): Float64Array {
  const result = new Float64Array(steps).fill(Number.NaN)
  for (let step = 0; step < steps; step += 1) {
    let found = 0
    for (let row = 0; row < labels.length && found < 2; row += 1) {
      const cell = row * steps + step
      if (kinds[cell] !== FLOAT) continue
      found += 1
      result[step] = values[cell] ?? 0
    }
    if (found > 1) result[step] = Number.NaN
  }
  return result
}
