/** Aggregations that keep some of the series as they are: `topk`, `bottomk`, `limitk` and `limit_ratio`. */
import { ignoredInAggregation } from '../functions/messages.ts'
import { pickRows } from '../functions/vector/order.ts'
import { executionError, type Range } from '../model/errors.ts'
import { formatShort } from '../numeric/numbers.ts'
import { type Block, copyCell, emptyBlock, FLOAT, HISTOGRAM, NO_SAMPLE } from '../series/block.ts'
import type { AggregationCall } from './each-float.ts'
import { RowHeap } from './heap.ts'
import { ratioOf } from './label-hash.ts'

function checkCounts(op: string, counts: Float64Array): boolean {
  if (!counts.some(count => count >= 1) && !counts.some(count => Number.isNaN(count))) return false
  for (const count of counts) {
    if (Number.isNaN(count)) throw executionError(`the parameter of ${op} is NaN`)
    if (Math.abs(count) >= 2 ** 63) {
      throw executionError(`the parameter of ${op} is out of range: ${formatShort(count)}`)
    }
  }
  return counts.some(count => count >= 1)
}

/** Up to k series of each group at each step. Answers for one time come from the best to the worst. */
export function chooseRows(call: AggregationCall, counts: Float64Array, range: Range): Block {
  const { env, block, op } = call
  if (!checkCounts(op, counts)) return emptyBlock([], block.steps)
  if (op !== 'limitk' && block.kinds.includes(HISTOGRAM)) ignoredInAggregation(env.notes, op, range)
  const result = emptyBlock(block.labels, block.steps, block.dropsName)
  env.budget.hold(result.kinds.length)
  let order: readonly number[] = []
  for (let step = 0; step < block.steps; step += 1) {
    env.budget.checkNow()
    const count = Math.min(Math.trunc(counts[step] ?? 0), block.labels.length)
    if (count < 1) continue
    order = op === 'limitk' ? firstRows(call, step, count) : bestRows(call, step, count)
    for (const row of order) copyCell(block, row * block.steps + step, result, row * block.steps + step)
  }
  return block.steps === 1 ? pickRows(block, order) : result
}

function firstRows({ block, groups }: AggregationCall, step: number, count: number): readonly number[] {
  const chosen = groups.labels.map((): number[] => [])
  for (let row = 0; row < block.labels.length; row += 1) {
    const rows = chosen[groups.groupOf[row] ?? 0]
    const isThere = block.kinds[row * block.steps + step] !== NO_SAMPLE
    if (isThere && rows !== undefined && rows.length < count) rows.push(row)
  }
  return chosen.flat()
}

function bestRows({ block, groups, op }: AggregationCall, step: number, count: number): readonly number[] {
  const { kinds, values, steps } = block
  const heaps: (RowHeap | undefined)[] = []
  for (let row = 0; row < block.labels.length; row += 1) {
    const cell = row * steps + step
    if (kinds[cell] !== FLOAT) continue
    const group = groups.groupOf[row] ?? 0
    heaps[group] ??= new RowHeap(op === 'topk' ? 1 : -1)
    const heap = heaps[group]
    if (heap.size < count) heap.push(values[cell] ?? 0, row)
    else heap.offer(values[cell] ?? 0, row)
  }
  return heaps.flatMap(heap => heap?.sorted() ?? [])
}

/** A share of the series, always the same ones: by a hash of their labels. A negative ratio keeps the others. */
export function limitRatio({ env, block, op }: AggregationCall, ratios: Float64Array, where: Range): Block {
  const result = emptyBlock(block.labels, block.steps, block.dropsName)
  env.budget.hold(result.kinds.length)
  const offsets = Float64Array.from(block.labels, ratioOf)
  for (let step = 0; step < block.steps; step += 1) {
    const given = ratios[step] ?? 0
    if (Number.isNaN(given)) throw executionError(`the parameter of ${op} is NaN`)
    const ratio = Math.max(-1, Math.min(1, given))
    if (ratio !== given) {
      env.notes.warn(`a ratio must lie between -1 and 1, got ${formatShort(given)}: used ${ratio}`, where)
    }
    for (let row = 0; row < block.labels.length; row += 1) {
      const offset = offsets[row] ?? 0
      const isKept = ratio >= 0 ? offset < ratio : offset >= 1 + ratio
      const cell = row * block.steps + step
      if (isKept) copyCell(block, cell, result, cell)
    }
  }
  return result
}
