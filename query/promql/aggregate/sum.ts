/** `sum` and `avg`, compensated, in the order of the rows. */

import { boundsReconciled, mixedSchemas, resetsCollide } from '../functions/messages.ts'
import { HistogramMean } from '../functions/range/histograms.ts'
import { compact } from '../histogram/arithmetic.ts'
import type { FloatHistogram } from '../histogram/float-histogram.ts'
import { labelValue, NAME } from '../model/labels.ts'
import { type Block, FLOAT, HISTOGRAM, NO_SAMPLE, setHistogram } from '../series/block.ts'
import type { AggregationCall } from './each-float.ts'

const isInfinite = (value: number): boolean => value > Number.MAX_VALUE || value < -Number.MAX_VALUE

export function groupSum(call: AggregationCall, result: Block): void {
  const lost = new Float64Array(result.kinds.length)
  addFloats(call, result, lost)
  const { kinds, values } = result
  for (let cell = 0; cell < kinds.length; cell += 1) if (kinds[cell] === FLOAT) values[cell]! += lost[cell]!
  addHistograms(call, result, false)
}

/** The innermost loop of most questions: plain, since closures would cost more than the sum. */
function addFloats({ env, block, groups }: AggregationCall, result: Block, lost: Float64Array): void {
  const { kinds, values, steps, labels } = block
  const { kinds: seen, values: sums } = result
  for (let row = 0; row < labels.length; row += 1) {
    env.budget.check()
    const source = row * steps
    const target = groups.groupOf[row]! * steps
    for (let step = 0; step < steps; step += 1) {
      if (kinds[source + step] !== FLOAT) continue
      const value = values[source + step]!
      const cell = target + step
      if (seen[cell] === NO_SAMPLE) {
        seen[cell] = FLOAT
        sums[cell] = value
        continue
      }
      const sum = sums[cell]!
      const total = sum + value
      if (isInfinite(total)) lost[cell] = 0
      else if (Math.abs(sum) >= Math.abs(value)) lost[cell]! += sum - total + value
      else lost[cell]! += value - total + sum
      sums[cell] = total
    }
  }
}

/** The sum divided; from where it would overflow, the mean is carried on instead. */
export function groupAverage(call: AggregationCall, result: Block): void {
  const { block, groups } = call
  const { kinds, values } = result
  const lost = new Float64Array(kinds.length)
  const counts = new Float64Array(kinds.length)
  const isMean = new Uint8Array(kinds.length)
  for (let row = 0; row < block.labels.length; row += 1) {
    call.env.budget.check()
    for (let step = 0; step < block.steps; step += 1) {
      const source = row * block.steps + step
      if (block.kinds[source] !== FLOAT) continue
      const cell = groups.groupOf[row]! * block.steps + step
      averageInto({ values, lost, counts, isMean }, cell, block.values[source]!)
      kinds[cell] = FLOAT
    }
  }
  for (let cell = 0; cell < kinds.length; cell += 1) {
    if (kinds[cell] !== FLOAT) continue
    const count = counts[cell]!
    values[cell] =
      isMean[cell] === 1 ? values[cell]! + lost[cell]! : values[cell]! / count + lost[cell]! / count
  }
  addHistograms(call, result, true)
}

interface Averages {
  /** Sums, or means where the sum would overflow. */
  readonly values: Float64Array
  readonly lost: Float64Array
  readonly counts: Float64Array
  readonly isMean: Uint8Array
}

function averageInto({ values, lost, counts, isMean }: Averages, cell: number, value: number): void {
  counts[cell]! += 1
  const count = counts[cell]!
  if (count === 1) {
    values[cell] = value
    return
  }
  let [before, increment] = [values[cell]!, value]
  if (isMean[cell] === 0) {
    if (!isInfinite(before + value)) {
      addInto(values, lost, cell, before, value)
      return
    }
    isMean[cell] = 1
    before /= count - 1
    lost[cell]! /= count - 1
  }
  const share = (count - 1) / count
  increment = value / count
  before *= share
  lost[cell]! *= share
  addInto(values, lost, cell, before, increment)
}

function addInto(sums: Float64Array, lost: Float64Array, cell: number, sum: number, value: number): void {
  const total = sum + value
  if (isInfinite(total)) lost[cell] = 0
  else if (Math.abs(sum) >= Math.abs(value)) lost[cell]! += sum - total + value
  else lost[cell]! += value - total + sum
  sums[cell] = total
}

/** Adds the histograms. Where a group has floats as well, or buckets that do not fit, it has no result. */
function addHistograms(call: AggregationCall, result: Block, isMean: boolean): void {
  const { env, block, groups, argument } = call
  if (block.histograms === undefined) return
  const sums = new Map<number, HistogramMean>()
  const refused = new Set<number>()
  const mixed = new Set<number>()
  for (let source = 0; source < block.kinds.length; source += 1) {
    const histogram = block.kinds[source] === HISTOGRAM ? block.histograms[source] : undefined
    if (histogram === undefined) continue
    env.budget.check()
    const row = Math.floor(source / block.steps)
    const cell = groups.groupOf[row]! * block.steps + (source % block.steps)
    if (result.kinds[cell] === FLOAT) mixed.add(cell)
    if (mixed.has(cell) || refused.has(cell) || addOne(sums, cell, histogram, isMean)) continue
    refused.add(cell)
    sums.delete(cell)
    mixedSchemas(env.notes, labelValue(block.labels[row] ?? [], NAME), argument)
  }
  for (const cell of mixed) {
    result.kinds[cell] = NO_SAMPLE
    env.notes.warn('left out groups that have floats and histograms', argument)
  }
  for (const [cell, sum] of sums) {
    if (sum.collided) resetsCollide(env.notes, 'aggregation', argument)
    if (sum.reconciled) boundsReconciled(env.notes, 'aggregation', argument)
    setHistogram(result, cell, compact(isMean ? sum.mean() : sum.sum()))
  }
}

function addOne(
  sums: Map<number, HistogramMean>,
  cell: number,
  histogram: FloatHistogram,
  isMean: boolean,
): boolean {
  const sum = sums.get(cell)
  if (sum === undefined) {
    sums.set(cell, new HistogramMean(histogram))
    return true
  }
  return isMean ? sum.addToMean(histogram) : sum.addToSum(histogram)
}
