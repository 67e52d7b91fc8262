/** Which expressions have the same result at every step, because `@` fixes what they look at. */
import { type Call, type Expr, unwrap } from '../syntax/ast.ts'
import type { Timings } from './plan.ts'

/** Functions whose result depends on the time of evaluation, or on the times of samples. */
const DEPENDS_ON_TIME = new Set([
  ...['days_in_month', 'day_of_month', 'day_of_week', 'day_of_year', 'hour', 'minute', 'month', 'year'],
  ...['predict_linear', 'time', 'timestamp'],
])

export const dependsOnTime = (name: string): boolean => DEPENDS_ON_TIME.has(name)

interface Invariance {
  readonly isInvariant: boolean
  /** Ranges and literals are not evaluated by themselves: there is nothing to keep. */
  readonly isWorthKeeping: boolean
}

const VARIES: Invariance = { isInvariant: false, isWorthKeeping: false }
const KEPT: Invariance = { isInvariant: true, isWorthKeeping: true }

/** The outermost expressions that do not depend on the step. */
export function invariantIn(
  expr: Expr,
  timings: Timings,
  hasOneReference: (call: Call) => boolean,
): ReadonlySet<Expr> {
  const found = new Set<Expr>()
  const finder = new Finder(found, timings, hasOneReference)
  if (finder.visit(expr).isWorthKeeping) found.add(expr)
  return found
}

class Finder {
  readonly #found: Set<Expr>
  readonly #timings: Timings
  readonly #hasOneReference: (call: Call) => boolean

  constructor(found: Set<Expr>, timings: Timings, hasOneReference: (call: Call) => boolean) {
    this.#found = found
    this.#timings = timings
    this.#hasOneReference = hasOneReference
  }

  visit(expr: Expr): Invariance {
    switch (expr.kind) {
      case 'number':
      case 'string':
        return { isInvariant: true, isWorthKeeping: false }
      case 'vector':
        return this.#isFixed(expr) ? KEPT : VARIES
      case 'matrix':
        return { isInvariant: this.#isFixed(expr.selector), isWorthKeeping: false }
      case 'subquery':
        // Within a subquery it is kept whether the subquery itself is fixed or not.
        if (this.visit(expr.expr).isInvariant) this.#found.add(expr.expr)
        return { isInvariant: this.#isFixed(expr), isWorthKeeping: false }
      case 'aggregation':
        // The parameter is evaluated step by step, whatever it is.
        return this.#aggregation(expr)
      case 'binary':
        return this.#all([expr.left, expr.right])
      case 'call':
        return this.#call(expr)
      default:
        return this.visit(expr.expr)
    }
  }

  #isFixed(expr: Expr): boolean {
    return this.#timings.get(expr)?.atMs !== undefined
  }

  #aggregation({ expr, parameter }: Expr & { kind: 'aggregation' }): Invariance {
    const verdict = this.visit(unwrap(expr))
    if (parameter === undefined || !verdict.isInvariant) return verdict
    if (this.visit(unwrap(parameter)).isInvariant) return verdict
    if (verdict.isWorthKeeping) this.#found.add(unwrap(expr))
    return VARIES
  }

  #all(parts: readonly Expr[]): Invariance {
    const verdicts = parts.map(part => this.visit(part))
    if (verdicts.every(({ isInvariant }) => isInvariant)) return KEPT
    this.#keep(parts, verdicts)
    return VARIES
  }

  #keep(parts: readonly Expr[], verdicts: readonly Invariance[]): void {
    for (const [index, part] of parts.entries()) {
      if (verdicts[index]?.isInvariant === true && verdicts[index].isWorthKeeping) this.#found.add(part)
    }
  }

  #call(call: Call): Invariance {
    const args = call.args.map(unwrap)
    const verdicts = args.map(argument => this.visit(argument))
    const areInvariant = verdicts.every(({ isInvariant }) => isInvariant)
    const isTimestamp = call.func === 'timestamp' && args.every(({ kind }) => kind === 'vector')
    const isSafe = !dependsOnTime(call.func) || isTimestamp
    const isInfoSafe = call.func !== 'info' || this.#hasOneReference(call)
    if (areInvariant && isSafe && isInfoSafe) return KEPT
    this.#keep(call.func === 'info' ? args.slice(0, 1) : args, verdicts)
    return VARIES
  }
}
