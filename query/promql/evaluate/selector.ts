/** Instant selectors: the last sample of each series that is not too old. */
import { type Environment, newBlock } from '../functions/environment.ts'
import { type Block, FLOAT, setFloat, setHistogram } from '../series/block.ts'
import { type Grid, timeAt } from '../series/grid.ts'
import type { Store } from '../series/store.ts'
import type { ResolvedTiming } from './plan.ts'

/** What is taken of a sample: its value, or its time in milliseconds. */
export type Taken = 'value' | 'time'

export interface Selection {
  readonly store: Store
  readonly timing: ResolvedTiming
  readonly grid: Grid
  readonly taken: Taken
  readonly count: (step: number, samples: number) => void
}

export function selectInstant(env: Environment, selection: Selection): Block {
  const { store, grid } = selection
  const block = newBlock(env, store.labels, grid.steps, store.dropsName)
  for (let row = 0; row < store.labels.length; row += 1) {
    env.budget.check()
    const hasHistograms =
      store.histogramStarts !== undefined && store.histogramStarts[row + 1] !== store.histogramStarts[row]
    if (hasHistograms) selectMixed(env, selection, row, block)
    else selectFloats(env, selection, row, block)
  }
  return block
}

function selectFloats(
  env: Environment,
  { store, timing, grid, taken, count }: Selection,
  row: number,
  block: Block,
): void {
  const { times, values, starts, stale } = store
  const end = starts[row + 1] ?? 0
  let at = (starts[row] ?? 0) - 1
  const first = at + 1
  for (let step = 0; step < grid.steps; step += 1) {
    const time = (timing.atMs ?? timeAt(grid, step)) - timing.offsetMs
    while (at + 1 < end && (times[at + 1] ?? 0) <= time) at += 1
    if (at < first || (times[at] ?? 0) <= time - env.lookbackMs || stale?.[at] === 1) continue
    const cell = row * grid.steps + step
    block.kinds[cell] = FLOAT
    block.values[cell] = taken === 'value' ? (values[at] ?? 0) : (times[at] ?? 0)
    count(step, 1)
  }
}

function selectMixed(
  env: Environment,
  { store, timing, grid, taken, count }: Selection,
  row: number,
  block: Block,
): void {
  const { times, values, starts, stale, histogramTimes, histograms, histogramStarts } = store
  const [first, end] = [starts[row] ?? 0, starts[row + 1] ?? 0]
  const [firstHistogram, endHistogram] = [histogramStarts?.[row] ?? 0, histogramStarts?.[row + 1] ?? 0]
  let at = first - 1
  let histogramAt = firstHistogram - 1
  for (let step = 0; step < grid.steps; step += 1) {
    const time = (timing.atMs ?? timeAt(grid, step)) - timing.offsetMs
    while (at + 1 < end && (times[at + 1] ?? 0) <= time) at += 1
    while (histogramAt + 1 < endHistogram && (histogramTimes[histogramAt + 1] ?? 0) <= time) histogramAt += 1
    const floatTime = at < first ? Number.NEGATIVE_INFINITY : (times[at] ?? 0)
    const histogramTime =
      histogramAt < firstHistogram ? Number.NEGATIVE_INFINITY : (histogramTimes[histogramAt] ?? 0)
    const last = Math.max(floatTime, histogramTime)
    if (last <= time - env.lookbackMs) continue
    const histogram = histogramTime > floatTime ? histograms[histogramAt] : undefined
    if (histogram === undefined && stale?.[at] === 1) continue
    const cell = row * grid.steps + step
    if (taken === 'time') setFloat(block, cell, last)
    else if (histogram === undefined) setFloat(block, cell, values[at] ?? 0)
    else setHistogram(block, cell, histogram)
    count(step, 1)
  }
}
