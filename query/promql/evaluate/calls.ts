/** Calls of functions. */

import { namesDropped } from '../functions/environment.ts'
import { callRangeFunction, isRangeFunction, type RangeArgument } from '../functions/range/call.ts'
import { dateFunction } from '../functions/vector/dates.ts'
import { callFraction, callQuantile, callQuantiles } from '../functions/vector/distribution.ts'
import { labelJoin, labelReplace } from '../functions/vector/labels.ts'
import { sortByLabels, sortByValue } from '../functions/vector/order.ts'
import { absent, scalarOf } from '../functions/vector/presence.ts'
import { callSimple, isSimple, mapFloats } from '../functions/vector/simple.ts'
import { type Block, emptyBlock, FLOAT } from '../series/block.ts'
import { storeOf } from '../series/block-store.ts'
import { type Grid, timeAt } from '../series/grid.ts'
import { type Call, type Expr, unwrap } from '../syntax/ast.ts'
import { typeOf } from '../syntax/check-types.ts'
import type { Evaluator } from './evaluator.ts'
import { callInfo } from './info.ts'
import { mergeRows } from './merge.ts'
import { type Value, vector } from './value.ts'

/** What a function needs to be called. */
interface Context {
  readonly evaluator: Evaluator
  readonly node: Call
  readonly args: readonly Expr[]
  readonly grid: Grid
}

type Implementation = (context: Context) => Value

const times = (grid: Grid): Float64Array =>
  Float64Array.from({ length: grid.steps }, (_, step) => timeAt(grid, step) / 1_000)

const scalar = (values: Float64Array): Value => ({ type: 'scalar', values })
const constant = (grid: Grid, value: number): Value => scalar(new Float64Array(grid.steps).fill(value))

const argument = ({ args, node }: Context, position: number): Expr => args[position] ?? node

const blockOf = (context: Context, position = 0): Block =>
  context.evaluator.block(argument(context, position), context.grid)

const scalarsOf = (context: Context, position: number): Float64Array =>
  context.evaluator.scalars(argument(context, position), context.grid)

function textOf(context: Context, position: number): string {
  const value = argument(context, position)
  return value.kind === 'string' ? value.value : ''
}

/** One series without labels. */
function singleSeries({ grid, evaluator }: Context, values: Float64Array): Value {
  const block = emptyBlock([[]], grid.steps, evaluator.env.features.delayedNameRemoval ? [false] : undefined)
  block.kinds.fill(FLOAT)
  block.values.set(values)
  return vector(block)
}

const merged = ({ evaluator }: Context, block: Block): Value => vector(mergeRows(evaluator.env, block))

const clamp = (context: Context, lower: Float64Array, upper: Float64Array): Value => {
  const { evaluator } = context
  const block = blockOf(context)
  const result = mapFloats(evaluator.env, block, (value, step) =>
    Math.max(lower[step] ?? 0, Math.min(upper[step] ?? 0, value)),
  )
  for (let cell = 0; cell < result.kinds.length; cell += 1) {
    const step = cell % block.steps
    if ((upper[step] ?? 0) < (lower[step] ?? 0)) result.kinds[cell] = 0
  }
  return merged(context, result)
}

const everywhere = ({ grid }: Context, value: number): Float64Array =>
  new Float64Array(grid.steps).fill(value)

const round: Implementation = context => {
  const nearest = context.args.length > 1 ? scalarsOf(context, 1) : everywhere(context, 1)
  const block = mapFloats(context.evaluator.env, blockOf(context), (value, step) => {
    // Less exact one way than the other.
    const inverse = 1 / (nearest[step] ?? 1)
    return Math.floor(value * inverse + 0.5) / inverse
  })
  return merged(context, block)
}

const timestamp: Implementation = context => {
  const { evaluator, grid } = context
  const selector = argument(context, 0)
  const { env } = evaluator
  if (selector.kind === 'vector') {
    const block = mapFloats(env, evaluator.select(selector, grid, 'time'), ms => ms / 1_000)
    return merged(context, block)
  }
  const block = blockOf(context)
  const { labels, dropsName } = namesDropped(env, block.labels)
  const result = emptyBlock(labels, grid.steps, dropsName)
  for (let cell = 0; cell < block.kinds.length; cell += 1) {
    if (block.kinds[cell] === 0) continue
    result.kinds[cell] = FLOAT
    result.values[cell] = timeAt(grid, cell % grid.steps) / 1_000
  }
  return merged(context, result)
}

/** Orders an answer for one time; over a range the order of series is always that of their labels. */
const sort =
  (order: (block: Block, context: Context) => Block): Implementation =>
  context => {
    const { evaluator, node } = context
    const { startMs, endMs } = evaluator.plan.settings
    if (startMs !== endMs) {
      evaluator.env.notes.warn('sorting has no effect over a range: series are ordered by labels', node.range)
    }
    const block = blockOf(context)
    return vector(context.grid.steps === 1 ? order(block, context) : withoutHistograms(block, node.func))
  }

const withoutHistograms = (block: Block, name: string): Block =>
  block.histograms === undefined || name.startsWith('sort_by_label')
    ? block
    : { ...block, kinds: block.kinds.map(kind => (kind === FLOAT ? kind : 0)), histograms: undefined }

const labelNames = ({ args }: Context): readonly string[] =>
  args.slice(1).map(each => (each.kind === 'string' ? each.value : ''))

const replaceLabel: Implementation = context => {
  const how = {
    target: textOf(context, 1),
    replacement: textOf(context, 2),
    source: textOf(context, 3),
    pattern: textOf(context, 4),
  }
  return merged(context, labelReplace(context.evaluator.env, context.node, blockOf(context), how))
}

const joinLabels: Implementation = context => {
  const sources = context.args.slice(3).map((_, index) => textOf(context, index + 3))
  const how = { target: textOf(context, 1), separator: textOf(context, 2), sources }
  return merged(context, labelJoin(context.evaluator.env, context.node, blockOf(context), how))
}

const subjectOf = (context: Context, position: number) => ({
  env: context.evaluator.env,
  block: blockOf(context, position),
  argument: argument(context, position).range,
})

const FUNCTIONS: Readonly<Record<string, Implementation>> = {
  time: ({ grid }) => scalar(times(grid)),
  pi: ({ grid }) => constant(grid, Math.PI),
  start: ({ evaluator, grid }) => constant(grid, evaluator.plan.settings.startMs / 1_000),
  end: ({ evaluator, grid }) => constant(grid, evaluator.plan.settings.endMs / 1_000),
  range: ({ evaluator, grid }) => {
    const { startMs, endMs } = evaluator.plan.settings
    return constant(grid, (endMs - startMs) / 1_000)
  },
  step: ({ evaluator, grid }) => constant(grid, evaluator.plan.settings.stepMs / 1_000),
  min_of: context => {
    const other = scalarsOf(context, 1)
    return scalar(scalarsOf(context, 0).map((value, step) => Math.min(value, other[step] ?? 0)))
  },
  max_of: context => {
    const other = scalarsOf(context, 1)
    return scalar(scalarsOf(context, 0).map((value, step) => Math.max(value, other[step] ?? 0)))
  },
  vector: context => singleSeries(context, scalarsOf(context, 0)),
  scalar: context => scalar(scalarOf(blockOf(context))),
  absent: context => vector(absent(argument(context, 0), blockOf(context))),
  clamp: context => clamp(context, scalarsOf(context, 1), scalarsOf(context, 2)),
  clamp_min: context => clamp(context, scalarsOf(context, 1), everywhere(context, Number.POSITIVE_INFINITY)),
  clamp_max: context => clamp(context, everywhere(context, Number.NEGATIVE_INFINITY), scalarsOf(context, 1)),
  round,
  timestamp,
  start_timestamp: ({ grid }) => vector(emptyBlock([], grid.steps)),
  sort: sort(block => sortByValue(block, 1)),
  sort_desc: sort(block => sortByValue(block, -1)),
  sort_by_label: sort((block, context) => sortByLabels(block, labelNames(context), 1)),
  sort_by_label_desc: sort((block, context) => sortByLabels(block, labelNames(context), -1)),
  label_replace: replaceLabel,
  label_join: joinLabels,
  histogram_quantile: context =>
    merged(
      context,
      callQuantile(subjectOf(context, 1), scalarsOf(context, 0), argument(context, 0).range, context.grid),
    ),
  histogram_quantiles: context => {
    const quantiles = context.args
      .slice(2)
      .map((each, index) => [scalarsOf(context, index + 2), each.range] as const)
    return merged(context, callQuantiles(subjectOf(context, 0), textOf(context, 1), quantiles, context.grid))
  },
  histogram_fraction: context =>
    merged(context, callFraction(subjectOf(context, 2), scalarsOf(context, 0), scalarsOf(context, 1))),
  info: ({ evaluator, node, grid }) => vector(mergeRows(evaluator.env, callInfo(evaluator, node, grid))),
}

export function call(evaluator: Evaluator, node: Call, grid: Grid): Value {
  const context = { evaluator, node, args: node.args.map(unwrap), grid }
  if (isRangeFunction(node.func)) return overRange(context)
  if (isSimple(node.func)) return merged(context, callSimple(evaluator.env, node.func, blockOf(context)))
  const date = dateFunction(node.func)
  if (date !== undefined) {
    if (context.args.length === 0)
      return singleSeries(
        context,
        times(grid).map(seconds => date(Math.floor(seconds))),
      )
    return merged(context, mapFloats(evaluator.env, blockOf(context), date))
  }
  const implementation = FUNCTIONS[node.func]
  if (implementation === undefined) throw new Error(`No implementation of ${node.func}`)
  return implementation(context)
}

function overRange(context: Context): Value {
  const { evaluator, node, args, grid } = context
  const position = args.findIndex(each => typeOf(each) === 'matrix')
  const range = rangeOf(context, position)
  const scalars = args.map((each, index) => (index === position ? undefined : evaluator.scalars(each, grid)))
  const { count } = evaluator.samples
  const what = { call: node, range, scalars, grid, count, isCounted: evaluator.samples.perStep !== undefined }
  const block = callRangeFunction(evaluator.env, what)
  if (node.func === 'absent_over_time') return vector(absent(argument(context, position), block))
  return merged(context, block)
}

function rangeOf(context: Context, position: number): RangeArgument {
  const { evaluator, grid } = context
  const { plan } = evaluator
  const expr = argument(context, position)
  if (expr.kind === 'matrix') {
    const need = plan.needOf.get(expr.selector)
    const timing = plan.timings.get(expr.selector)
    const length = plan.lengths.get(expr)
    if (need === undefined || timing === undefined || length === undefined)
      throw new Error('An unplanned range')
    return {
      store: evaluator.reader.storeOf(need.id),
      position,
      rangeMs: length.ms,
      rangeSeconds: length.seconds,
      ...timing,
      extension: expr.selector.extension,
    }
  }
  if (expr.kind !== 'subquery') throw new Error(`A ${expr.kind} is not a range`)
  const { block, grid: inner } = evaluator.subquery(expr, grid)
  const length = plan.lengths.get(expr)
  const timing = plan.timings.get(expr) ?? { offsetMs: 0, atMs: undefined }
  evaluator.env.budget.hold(block.kinds.length)
  return {
    store: storeOf(block, inner),
    position,
    rangeMs: length?.ms ?? 0,
    rangeSeconds: length?.seconds ?? 0,
    ...timing,
    extension: undefined,
  }
}
