/** Durations and times of a query as numbers. */
import { type PromqlError, type Range, syntaxError } from '../model/errors.ts'
import { pow } from '../numeric/elementary.ts'
import {
  childrenOf,
  type DurationExpr,
  type Expr,
  type MatrixSelector,
  type Subquery,
  type VectorSelector,
} from '../syntax/ast.ts'
import { outOfRange } from '../syntax/durations.ts'
import type { Length, Plan, QuerySettings, ResolvedTiming } from './plan.ts'

type Resolved = Pick<Plan, 'timings' | 'lengths' | 'subqueryStepsMs'>

/** Works out every duration and `@` of a query. Throws a syntax error where one is not possible. */
export class Resolver implements Resolved {
  readonly timings = new Map<VectorSelector | Subquery, ResolvedTiming>()
  readonly lengths = new Map<MatrixSelector | Subquery, Length>()
  readonly subqueryStepsMs = new Map<Subquery, number>()
  readonly #text: string
  readonly #settings: QuerySettings

  constructor(text: string, settings: QuerySettings) {
    this.#text = text
    this.#settings = settings
  }

  resolve(expr: Expr): void {
    if (expr.kind === 'vector') this.timings.set(expr, this.#timing(expr))
    if (expr.kind === 'matrix') this.lengths.set(expr, this.#length(expr.duration, false))
    if (expr.kind === 'subquery') {
      this.timings.set(expr, this.#timing(expr))
      this.lengths.set(expr, this.#length(expr.duration, false))
      const step = expr.step === undefined ? this.#settings.subqueryStepMs : this.#length(expr.step, false).ms
      // A step below a millisecond would never end.
      if (step < 1)
        throw this.#error(expr.step?.range ?? expr.range, 'the step must be at least a millisecond')
      this.subqueryStepsMs.set(expr, step)
    }
    for (const child of childrenOf(expr)) this.resolve(child)
  }

  #timing({ offset, at }: VectorSelector | Subquery): ResolvedTiming {
    const { startMs, endMs } = this.#settings
    return {
      offsetMs: offset === undefined ? 0 : this.#length(offset, true).ms,
      atMs: at === 'start' ? startMs : at === 'end' ? endMs : at,
    }
  }

  #length(duration: DurationExpr, mayBeNegative: boolean): Length {
    const seconds = this.#seconds(duration)
    if (!Number.isFinite(seconds)) throw this.#error(duration.range, 'the duration is not a finite number')
    if (!mayBeNegative && seconds <= 0)
      throw this.#error(duration.range, 'the duration must be greater than 0')
    if (outOfRange(seconds)) throw this.#error(duration.range, 'the duration is out of range')
    if (duration.kind !== 'seconds') {
      const ms = Math.trunc(seconds * 1_000)
      return { ms, seconds: ms / 1_000 }
    }
    const nanoseconds = Math.round(seconds * 1e9)
    return { ms: Math.trunc(nanoseconds / 1e6), seconds: nanoseconds / 1e9 }
  }

  #seconds(duration: DurationExpr): number {
    const { startMs, endMs, stepMs } = this.#settings
    switch (duration.kind) {
      case 'seconds':
        return duration.seconds
      case 'step':
        return stepMs / 1_000
      case 'range':
        return (endMs - startMs) / 1_000
      case 'paren':
        return this.#seconds(duration.operand)
      case 'unary':
        return -this.#seconds(duration.operand)
      case 'binary':
        return this.#combined(duration)
    }
  }

  #combined({ op, left, right, range }: DurationExpr & { kind: 'binary' }): number {
    const [a, b] = [this.#seconds(left), this.#seconds(right)]
    switch (op) {
      case '+':
        return a + b
      case '-':
        return a - b
      case '*':
        return a * b
      case '^':
        return pow(a, b)
      case 'min_of':
        return Math.min(a, b)
      case 'max_of':
        return Math.max(a, b)
      default:
        if (b === 0) throw this.#error(range, 'division by zero')
        return op === '/' ? a / b : a % b
    }
  }

  #error(range: Range, problem: string): PromqlError {
    return syntaxError(this.#text, range, problem)
  }
}
