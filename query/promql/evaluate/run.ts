/** Runs a query: slice by slice, reading what each slice needs. */
import { type Control, type Environment, Memo, SampleBudget } from '../functions/environment.ts'
import { Notes } from '../model/annotations.ts'
import { type Grid, gridOf, timeAt } from '../series/grid.ts'
import type { SampleSource } from '../series/source.ts'
import { unwrap } from '../syntax/ast.ts'
import { Evaluator } from './evaluator.ts'
import { dropNames } from './merge.ts'
import type { Plan } from './plan.ts'
import { rawRange } from './raw-range.ts'
import { SelectorReader } from './reader.ts'
import { type Answer, MatrixBuilder, type QueryResult, tooManyPoints, toVector } from './result.ts'
import { SampleCounter, type Stats } from './samples.ts'

/** How much longer a slice is than the subquery that it evaluates anew. */
const SUBQUERY_FACTOR = 4
/** A slice copies what it looks back at: that should not be more than a few times what it reads. */
const LOOKBACK_SHARE = 4

/** Evaluates a query. Throws a `PromqlError` where it has no answer. */
export async function run(plan: Plan, source: SampleSource, control: Control = {}): Promise<QueryResult> {
  const { settings } = plan
  const env: Environment = {
    notes: new Notes(),
    features: settings.features,
    lookbackMs: settings.lookbackMs,
    budget: new SampleBudget(control),
    memo: new Memo(),
  }
  const grid = gridOf(settings.startMs, settings.endMs, settings.stepMs)
  const samples = new SampleCounter(grid.steps, control.perStep === true)
  const reader = new SelectorReader(plan, source, env)
  env.budget.checkNow()
  await reader.open()
  const evaluator = new Evaluator(plan, env, reader, samples)
  const maxPoints = control.maxResultPoints ?? Number.POSITIVE_INFINITY
  const answer =
    settings.stepMs === 0
      ? await answerAt(evaluator, grid, maxPoints)
      : await answerOver(evaluator, grid, maxPoints)
  return { ...answer, annotations: env.notes.toAnnotations(plan.text), stats: statsOf(samples, env, grid) }
}

function statsOf(samples: SampleCounter, env: Environment, grid: Grid): Stats {
  const { total, perStep } = samples
  const stats = { totalSamples: total, peakSamples: env.budget.peak }
  if (perStep === undefined) return stats
  return { ...stats, perStep: [...perStep].map((count, step) => [timeAt(grid, step), count] as const) }
}

/** The answer for one time. */
async function answerAt(evaluator: Evaluator, grid: Grid, maxPoints: number): Promise<Answer> {
  await evaluator.reader.advance(grid)
  const timeMs = grid.startMs
  const expr = unwrap(evaluator.plan.expr)
  if (expr.kind === 'matrix' || expr.kind === 'subquery') {
    return { resultType: 'matrix', matrix: rawRange(evaluator, expr, maxPoints) }
  }
  const value = evaluator.value(evaluator.plan.expr, grid)
  if (value.type === 'scalar') return { resultType: 'scalar', timeMs, value: value.values[0] ?? Number.NaN }
  if (value.type === 'string') return { resultType: 'string', timeMs, text: value.text }
  const vector = toVector(dropNames(evaluator.env, value.block), timeMs)
  if (vector.length > maxPoints) throw tooManyPoints(maxPoints)
  return { resultType: 'vector', vector }
}

/** The answer over a range. */
async function answerOver(evaluator: Evaluator, grid: Grid, maxPoints: number): Promise<Answer> {
  const builder = new MatrixBuilder(grid.steps, maxPoints)
  for (let first = 0; first < grid.steps; ) {
    const slice = sliceFrom(evaluator.plan, grid, first)
    evaluator.samples.firstStep = first
    first += slice.steps
    await evaluator.reader.advance(slice)
    const value = evaluator.value(evaluator.plan.expr, slice)
    if (value.type === 'string') throw new Error('A range query of a string')
    builder.add(
      value.type === 'vector' ? dropNames(evaluator.env, value.block) : scalarBlock(value.values),
      slice,
    )
  }
  return { resultType: 'matrix', matrix: builder.finish() }
}

const NO_LABELS = [[]]

const scalarBlock = (values: Float64Array) => ({
  labels: NO_LABELS,
  steps: values.length,
  kinds: new Uint8Array(values.length).fill(1),
  values,
  histograms: undefined,
  dropsName: undefined,
})

/**
 * The steps that are evaluated together. Slices end before the samples that they need reach a multiple of their length: storage that
 * keeps hours apart is then read hour by hour.
 */
function sliceFrom({ settings, windows, longestSubqueryMs }: Plan, grid: Grid, first: number): Grid {
  const moving = windows.filter(({ isFixed }) => !isFixed)
  const lookback = Math.max(0, ...moving.map(each => each.toMs - each.fromMs))
  const length = Math.max(settings.sliceMs, lookback / LOOKBACK_SHARE, longestSubqueryMs * SUBQUERY_FACTOR)
  const startMs = timeAt(grid, first)
  const shiftMs = moving[0]?.toMs ?? 0
  const boundary = (Math.floor((startMs + shiftMs) / length) + 1) * length - shiftMs
  const steps = Math.max(1, Math.ceil((boundary - startMs) / grid.stepMs))
  return { startMs, stepMs: grid.stepMs, steps: Math.min(steps, grid.steps - first) }
}
