/** Instant selectors with `smoothed`: values between the samples before and after. */
import { type Environment, newBlock } from '../functions/environment.ts'
import { mixedSchemas, mixedTypes } from '../functions/messages.ts'
import { interpolate, interpolateHistograms } from '../functions/range/interpolate.ts'
import { Window } from '../functions/range/window.ts'
import { isCustom, RESET_HINT, withHint } from '../histogram/float-histogram.ts'
import { type Block, setFloat, setHistogram } from '../series/block.ts'
import { timeAt } from '../series/grid.ts'
import { firstAfter } from '../series/store.ts'
import type { VectorSelector } from '../syntax/ast.ts'
import type { Selection } from './selector.ts'

export function selectSmoothed(env: Environment, selector: VectorSelector, selection: Selection): Block {
  const { store, grid, timing } = selection
  const block = newBlock(env, store.labels, grid.steps, store.dropsName)
  const call = { kind: 'call', func: '', args: [selector], range: selector.range } as const
  const window = new Window(env, call, selector.range, store)
  for (let row = 0; row < store.labels.length; row += 1) {
    env.budget.check()
    window.labels = store.labels[row] ?? []
    for (let step = 0; step < grid.steps; step += 1) {
      const time = (timing.atMs ?? timeAt(grid, step)) - timing.offsetMs
      moveTo(window, selection, row, time)
      const cell = row * grid.steps + step
      if (window.floats > 0 && window.histogramCount > 0) mixedTypes(env.notes, window.metric, selector.range)
      else if (window.floats > 0) smoothFloat(window, time, block, cell)
      else if (window.histogramCount > 0) smoothHistogram(window, time, block, cell)
      if (block.kinds[cell] !== 0) selection.count(step, 1)
    }
  }
  return block
}

/** The samples within the lookback before and after a time. */
function moveTo(window: Window, { store }: Selection, row: number, time: number): void {
  const { lookbackMs } = window.env
  const [from, to] = [store.starts[row] ?? 0, store.starts[row + 1] ?? 0]
  window.from = firstAfter(store.times, from, to, time - lookbackMs)
  window.to = firstAfter(store.times, window.from, to, time + lookbackMs)
  const [first, last] = [store.histogramStarts?.[row] ?? 0, store.histogramStarts?.[row + 1] ?? 0]
  window.histogramFrom = firstAfter(store.histogramTimes, first, last, time - lookbackMs)
  window.histogramTo = firstAfter(store.histogramTimes, window.histogramFrom, last, time + lookbackMs)
}

function smoothFloat(window: Window, time: number, block: Block, cell: number): void {
  const { times, values, from, to } = window
  const before = firstAfter(times, from, to, time) - 1
  // Before the first sample there is nothing to begin from.
  if (before < from) return
  const isExact = times[before] === time
  const isLast = before + 1 === to
  setFloat(
    block,
    cell,
    isExact || isLast ? (values[before] ?? 0) : interpolate(window, [before, before + 1], time, false),
  )
}

function smoothHistogram(window: Window, time: number, block: Block, cell: number): void {
  const { histogramTimes, histograms, histogramFrom, histogramTo } = window
  const before = firstAfter(histogramTimes, histogramFrom, histogramTo, time) - 1
  const histogram = histograms[before]
  if (before < histogramFrom || histogram === undefined) return
  const next = before + 1 < histogramTo ? histograms[before + 1] : undefined
  if (histogramTimes[before] === time || next === undefined) {
    const isExact = histogramTimes[before] === time
    setHistogram(block, cell, isExact ? histogram : withHint(histogram, RESET_HINT.unknown))
    return
  }
  if (isCustom(histogram) !== isCustom(next)) {
    mixedSchemas(window.env.notes, window.metric, window.argument)
    return
  }
  const areGauges =
    histogram.counterResetHint === RESET_HINT.gauge && next.counterResetHint === RESET_HINT.gauge
  const between = interpolateHistograms(window, [before, before + 1], time, !areGauges)
  if (between !== undefined) setHistogram(block, cell, between)
}
