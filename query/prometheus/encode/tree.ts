/** The tree of an expression in the JSON of Prometheus' `parse_query`. */
import { formatPlain } from '../../promql/numeric/numbers.ts'
import type { DurationExpr, Expr, Subquery, VectorSelector } from '../../promql/syntax/ast.ts'
import { functionNamed } from '../../promql/syntax/functions.ts'

/** An object that JSON can write. */
export function treeOf(expr: Expr): unknown {
  switch (expr.kind) {
    case 'number':
      return { type: 'numberLiteral', val: formatPlain(expr.value) }
    case 'string':
      return { type: 'stringLiteral', val: expr.value }
    case 'paren':
      return { type: 'parenExpr', expr: treeOf(expr.expr) }
    case 'unary':
      return { type: 'unaryExpr', op: expr.op, expr: treeOf(expr.expr) }
    case 'vector':
      return { type: 'vectorSelector', ...selectorOf(expr) }
    case 'matrix':
      return { type: 'matrixSelector', ...selectorOf(expr.selector), range: msOf(expr.duration) }
    case 'subquery':
      return {
        type: 'subquery',
        expr: treeOf(expr.expr),
        range: msOf(expr.duration),
        step: msOf(expr.step),
        ...timingOf(expr),
      }
    case 'call': {
      const signature = functionNamed(expr.func)
      return {
        type: 'call',
        func: {
          name: expr.func,
          argTypes: signature?.args ?? [],
          variadic: signature?.variadic ?? 0,
          returnType: signature?.returns ?? 'none',
        },
        args: expr.args.map(treeOf),
      }
    }
    case 'aggregation':
      return {
        type: 'aggregation',
        op: expr.op,
        expr: treeOf(expr.expr),
        param: expr.parameter === undefined ? null : treeOf(expr.parameter),
        grouping: expr.grouping,
        without: expr.without,
      }
    case 'binary': {
      const { matching } = expr
      return {
        type: 'binaryExpr',
        op: expr.op,
        lhs: treeOf(expr.left),
        rhs: treeOf(expr.right),
        matching:
          matching === undefined
            ? null
            : {
                card: matching.card,
                labels: matching.labels,
                on: matching.on,
                include: matching.include,
                fillValues: { lhs: matching.fillLeft ?? null, rhs: matching.fillRight ?? null },
              },
        bool: expr.bool,
      }
    }
  }
}

const selectorOf = (selector: VectorSelector) => ({
  name: selector.name,
  matchers: selector.matchers.map(({ name, op, value }) => ({ name, value, type: op })),
  anchored: selector.extension === 'anchored',
  smoothed: selector.extension === 'smoothed',
  ...timingOf(selector),
})

const timingOf = ({ offset, at }: VectorSelector | Subquery) => ({
  offset: msOf(offset),
  timestamp: typeof at === 'number' ? at : null,
  startOrEnd: typeof at === 'string' ? at : null,
})

/** Milliseconds; 0 for one that only a query knows. */
function msOf(duration: DurationExpr | undefined): number {
  if (duration?.kind === 'seconds') return Math.round(duration.seconds * 1000)
  if (duration?.kind === 'unary' || duration?.kind === 'paren')
    return (duration.op === '-' ? -1 : 1) * msOf(duration.operand)
  return 0
}
