/** Evaluates a tree over the times of a grid. */
import { aggregate } from '../aggregate/aggregate.ts'
import type { Environment } from '../functions/environment.ts'
import { namesDropped } from '../functions/environment.ts'
import { multiply } from '../histogram/float-histogram.ts'
import { combineScalars } from '../operators/scalars.ts'
import { combineSets } from '../operators/sets.ts'
import { combineWithScalar } from '../operators/vector-scalar.ts'
import { VectorOperation } from '../operators/vectors.ts'
import { type Block, emptyBlock, FLOAT, HISTOGRAM, setHistogram, sizeOf } from '../series/block.ts'
import { type Grid, gridOf } from '../series/grid.ts'
import { type Aggregation, type Binary, type Expr, type Subquery, unwrap } from '../syntax/ast.ts'
import { isSetOperator } from '../syntax/parse-operator.ts'
import { call } from './calls.ts'
import { mergeRows } from './merge.ts'
import type { Plan } from './plan.ts'
import type { SelectorReader } from './reader.ts'
import type { SampleCounter } from './samples.ts'
import { selectInstant } from './selector.ts'
import { selectSmoothed } from './smoothed.ts'
import { repeat, type Value, vector } from './value.ts'

export class Evaluator {
  readonly plan: Plan
  readonly env: Environment
  readonly reader: SelectorReader
  readonly samples: SampleCounter
  /** Results that do not depend on the step, for one step. */
  readonly #invariant = new Map<Expr, Value>()

  constructor(plan: Plan, env: Environment, reader: SelectorReader, samples: SampleCounter) {
    this.plan = plan
    this.env = env
    this.reader = reader
    this.samples = samples
  }

  /** The value of an expression at every step. What it allocated on the way no longer counts. */
  value(expr: Expr, grid: Grid): Value {
    const { budget } = this.env
    budget.checkNow()
    const before = budget.held
    const value = this.plan.invariant.has(expr) ? this.#kept(expr, grid) : this.#evaluate(expr, grid)
    budget.release(before, value.type === 'vector' ? sizeOf(value.block) : 0)
    return value
  }

  block(expr: Expr, grid: Grid): Block {
    const value = this.value(expr, grid)
    if (value.type !== 'vector') throw new Error(`Expected a vector, got a ${value.type}`)
    return value.block
  }

  scalars(expr: Expr, grid: Grid): Float64Array {
    const value = this.value(expr, grid)
    if (value.type !== 'scalar') throw new Error(`Expected a scalar, got a ${value.type}`)
    return value.values
  }

  #kept(expr: Expr, grid: Grid): Value {
    let kept = this.#invariant.get(expr)
    if (kept === undefined) {
      kept = this.#evaluate(expr, { ...grid, steps: 1 })
      this.#invariant.set(expr, kept)
    }
    return repeat(kept, grid.steps)
  }

  #evaluate(expr: Expr, grid: Grid): Value {
    switch (expr.kind) {
      case 'number':
        return { type: 'scalar', values: new Float64Array(grid.steps).fill(expr.value) }
      case 'string':
        return { type: 'string', text: expr.value }
      case 'paren':
        return this.value(expr.expr, grid)
      case 'unary':
        return this.#unary(expr.op, this.value(expr.expr, grid))
      case 'vector':
        return vector(this.select(expr, grid, 'value'))
      case 'aggregation':
        return vector(mergeRows(this.env, this.#aggregate(expr, grid)))
      case 'binary':
        return this.#binary(expr, grid)
      case 'call':
        return call(this, expr, grid)
      default:
        throw new Error(`A ${expr.kind} is not evaluated by itself`)
    }
  }

  /** An instant selector: values, or the times of the samples. */
  select(expr: Expr & { kind: 'vector' }, grid: Grid, taken: 'value' | 'time'): Block {
    const need = this.plan.needOf.get(expr)
    const timing = this.plan.timings.get(expr)
    if (need === undefined || timing === undefined) throw new Error('A selector that was not planned')
    const { count } = this.samples
    const selection = { store: this.reader.storeOf(need.id), timing, grid, taken, count }
    if (expr.extension === 'smoothed') return selectSmoothed(this.env, expr, selection)
    return selectInstant(this.env, selection)
  }

  #unary(op: '+' | '-', value: Value): Value {
    if (op === '+' || value.type === 'string') return value
    if (value.type === 'scalar') return { type: 'scalar', values: value.values.map(each => -each) }
    const { block } = value
    const { labels, dropsName } = namesDropped(this.env, block.labels)
    const result = emptyBlock(labels, block.steps, dropsName)
    for (let cell = 0; cell < block.kinds.length; cell += 1) {
      const histogram = block.kinds[cell] === HISTOGRAM ? block.histograms?.[cell] : undefined
      if (histogram !== undefined) setHistogram(result, cell, multiply(histogram, -1))
      if (block.kinds[cell] !== FLOAT) continue
      result.kinds[cell] = FLOAT
      result.values[cell] = -(block.values[cell] ?? 0)
    }
    return vector(mergeRows(this.env, result))
  }

  #aggregate(node: Aggregation, grid: Grid): Block {
    const parameter = node.parameter && this.value(unwrap(node.parameter), grid)
    const block = this.block(unwrap(node.expr), grid)
    if (parameter?.type === 'string') return aggregate(this.env, node, block, { text: parameter.text })
    if (parameter?.type === 'scalar') return aggregate(this.env, node, block, { values: parameter.values })
    return aggregate(this.env, node, block, {})
  }

  #binary(node: Binary, grid: Grid): Value {
    const left = this.value(node.left, grid)
    const right = this.value(node.right, grid)
    const { env } = this
    if (left.type === 'scalar' && right.type === 'scalar') {
      return { type: 'scalar', values: combineScalars(node.op, left.values, right.values) }
    }
    if (left.type === 'vector' && right.type === 'scalar') {
      return vector(mergeRows(env, combineWithScalar(env, node, left.block, right.values, false)))
    }
    if (left.type === 'scalar' && right.type === 'vector') {
      return vector(mergeRows(env, combineWithScalar(env, node, right.block, left.values, true)))
    }
    const { matching } = node
    if (left.type !== 'vector' || right.type !== 'vector' || matching === undefined) {
      throw new Error(`No operands for ${node.op}`)
    }
    if (isSetOperator(node.op)) {
      return vector(mergeRows(env, combineSets(env, node.op, left.block, right.block, matching)))
    }
    return vector(new VectorOperation(env, node, matching, left.block, right.block).run())
  }

  /** The result of a subquery for all windows over it, and its own times. */
  subquery(expr: Subquery, grid: Grid): { block: Block; grid: Grid } {
    const { lengths, timings, subqueryStepsMs } = this.plan
    const [rangeMs, stepMs] = [lengths.get(expr)?.ms ?? 0, subqueryStepsMs.get(expr) ?? 1]
    const { offsetMs, atMs } = timings.get(expr) ?? { offsetMs: 0, atMs: undefined }
    const first = (atMs ?? grid.startMs) - offsetMs - rangeMs
    const last = (atMs ?? grid.startMs + (grid.steps - 1) * grid.stepMs) - offsetMs
    // Its times are multiples of its step, after the start of the range.
    let start = stepMs * Math.trunc(first / stepMs)
    if (start <= first) start += stepMs
    const inner = gridOf(start, last, stepMs)
    this.env.budget.hold(inner.steps)
    this.samples.depth += 1
    const block = this.block(expr.expr, inner)
    this.samples.depth -= 1
    return { block, grid: inner }
  }
}
