/** A range or a subquery as the answer itself: the samples as they are. */

import { endsOf, leftValue, rightValue } from '../functions/range/extended.ts'
import { Window } from '../functions/range/window.ts'
import { executionError } from '../model/errors.ts'
import { compareLabels, dropMetadata } from '../model/labels.ts'
import { storeOf } from '../series/block-store.ts'
import { gridOf } from '../series/grid.ts'
import { firstAfter, type Store } from '../series/store.ts'
import type { MatrixSelector, Subquery } from '../syntax/ast.ts'
import type { Evaluator } from './evaluator.ts'
import { type MatrixSeries, tooManyPoints } from './result.ts'

export function rawRange(
  evaluator: Evaluator,
  expr: MatrixSelector | Subquery,
  maxPoints: number,
): readonly MatrixSeries[] {
  const { startMs } = evaluator.plan.settings
  const grid = gridOf(startMs, startMs, 0)
  if (expr.kind === 'subquery') {
    const { block, grid: inner } = evaluator.subquery(expr, grid)
    const store = storeOf(block, inner)
    return seriesOf(store, Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY, maxPoints)
  }
  const { plan, reader } = evaluator
  const need = plan.needOf.get(expr.selector)
  const timing = plan.timings.get(expr.selector)
  const store = reader.storeOf(need?.id ?? -1)
  const endMs = (timing?.atMs ?? startMs) - (timing?.offsetMs ?? 0)
  const rangeMs = plan.lengths.get(expr)?.ms ?? 0
  const series =
    expr.selector.extension === undefined
      ? seriesOf(store, endMs - rangeMs, endMs, maxPoints)
      : extendedSeries(evaluator, expr, store, [endMs - rangeMs, endMs])
  const samples = series.reduce((sum, { times, histograms }) => sum + times.length + histograms.length, 0)
  evaluator.samples.count(0, samples)
  return series
}

function seriesOf(store: Store, fromMs: number, toMs: number, maxPoints: number): readonly MatrixSeries[] {
  const all: MatrixSeries[] = []
  let points = 0
  for (const [row, labels] of store.labels.entries()) {
    const from = firstAfter(store.times, store.starts[row] ?? 0, store.starts[row + 1] ?? 0, fromMs)
    const to = firstAfter(store.times, from, store.starts[row + 1] ?? 0, toMs)
    const [first, end] = [store.histogramStarts?.[row] ?? 0, store.histogramStarts?.[row + 1] ?? 0]
    const histogramFrom = firstAfter(store.histogramTimes, first, end, fromMs)
    const histogramTo = firstAfter(store.histogramTimes, histogramFrom, end, toMs)
    points += to - from + histogramTo - histogramFrom
    if (points > maxPoints) throw tooManyPoints(maxPoints)
    if (to === from && histogramTo === histogramFrom) continue
    all.push({
      labels: store.dropsName?.[row] === true ? dropMetadata(labels) : labels,
      times: store.times.slice(from, to),
      values: store.values.slice(from, to),
      histograms: store.histograms
        .slice(histogramFrom, histogramTo)
        .map((histogram, index) => ({ timeMs: store.histogramTimes[histogramFrom + index] ?? 0, histogram })),
    })
  }
  return all.sort((a, b) => compareLabels(a.labels, b.labels))
}

/** Ranges with samples at both of their ends. */
function extendedSeries(
  evaluator: Evaluator,
  expr: MatrixSelector,
  store: Store,
  [fromMs, toMs]: readonly [number, number],
): readonly MatrixSeries[] {
  const { env } = evaluator
  if (store.histograms.length > 0) {
    throw executionError(
      `a range with ${expr.selector.extension} cannot be an answer where it has histograms`,
    )
  }
  const call = { kind: 'call', func: '', args: [expr], range: expr.range } as const
  const window = new Window(env, call, expr.range, store)
  window.extension = expr.selector.extension
  window.rangeStartMs = fromMs
  window.rangeEndMs = toMs
  const after = window.extension === 'smoothed' ? env.lookbackMs : 0
  return store.labels.flatMap((labels, row) => {
    const end = store.starts[row + 1] ?? 0
    window.from = firstAfter(store.times, store.starts[row] ?? 0, end, fromMs - env.lookbackMs)
    window.to = firstAfter(store.times, window.from, end, toMs + after)
    const ends = endsOf(store.times, window.from, window.to, window)
    if (ends === undefined) return []
    const inner = firstAfter(store.times, window.from, window.to, fromMs)
    const last = firstAfter(store.times, inner, window.to, toMs)
    const isAtEnd = last > inner && store.times[last - 1] === toMs
    const innerEnd = isAtEnd ? last - 1 : last
    return [
      {
        labels,
        times: Float64Array.of(fromMs, ...store.times.subarray(inner, innerEnd), toMs),
        values: Float64Array.of(
          leftValue(window, ends.first, false),
          ...store.values.subarray(inner, innerEnd),
          rightValue(window, ends.last, false),
        ),
        histograms: [],
      },
    ]
  })
}
