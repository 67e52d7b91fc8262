/** Checks that every function, aggregation and operator gets what it can work with. */
import { syntaxError } from '../model/errors.ts'
import { NAME } from '../model/labels.ts'
import { matcherTest } from '../model/matchers.ts'
import { type Aggregation, type Binary, type Call, childrenOf, type Expr, type ValueType } from './ast.ts'
import { argumentType, functionNamed } from './functions.ts'
import { isComparison, isSetOperator } from './parse-operator.ts'

/** The type of an expression. */
export function typeOf(expr: Expr): ValueType {
  switch (expr.kind) {
    case 'number':
      return 'scalar'
    case 'string':
      return 'string'
    case 'matrix':
    case 'subquery':
      return 'matrix'
    case 'call':
      return functionNamed(expr.func)?.returns ?? 'vector'
    case 'binary':
      return typeOf(expr.left) === 'scalar' && typeOf(expr.right) === 'scalar' ? 'scalar' : 'vector'
    case 'unary':
    case 'paren':
      return typeOf(expr.expr)
    default:
      return 'vector'
  }
}

const NAMES: Readonly<Record<ValueType, string>> = {
  scalar: 'a scalar',
  string: 'a string',
  vector: 'an instant vector',
  matrix: 'a range vector',
}

/** Throws a syntax error where a type does not fit. Marks set operators, and operators that a scalar takes part in. */
export function checkTypes(text: string, expr: Expr): void {
  // The second argument of info() is no selector that is read: it may be empty.
  const children = expr.kind === 'call' && expr.func === 'info' ? expr.args.slice(0, 1) : childrenOf(expr)
  for (const child of children) checkTypes(text, child)
  checkNode(expr, (part, problem) => {
    throw syntaxError(text, part.range, problem)
  })
}

function checkNode(expr: Expr, fail: Fail): void {
  if (expr.kind === 'call') checkCall(expr, fail)
  else if (expr.kind === 'aggregation') checkAggregation(expr, fail)
  else if (expr.kind === 'binary') checkBinary(expr, fail)
  else if (expr.kind === 'vector') checkSelector(expr, fail)
  else if (expr.kind === 'unary') {
    const type = typeOf(expr.expr)
    if (type === 'scalar' || type === 'vector') return
    fail(expr, `a sign can only stand before a scalar or an instant vector, not before ${NAMES[type]}`)
  } else if (expr.kind === 'subquery') {
    const type = typeOf(expr.expr)
    if (type !== 'vector') fail(expr, `a subquery needs an instant vector, not ${NAMES[type]}`)
  }
}

type Fail = (part: Expr, problem: string) => never

function checkSelector(selector: Expr & { kind: 'vector' }, fail: Fail): void {
  const { name, matchers } = selector
  if (name !== '') {
    const names = matchers.filter(matcher => matcher.name === NAME)
    if (names.length > 1) {
      fail(
        selector,
        `the metric's name is given twice: ${JSON.stringify(name)} and ${JSON.stringify(names[0]?.value)}`,
      )
    }
    return
  }
  if (!matchers.some(matcher => !matcherTest(matcher)(''))) {
    fail(
      selector,
      'the selector would read all series: add a name or a matcher that an empty value does not pass',
    )
  }
}

function checkCall(call: Call, fail: Fail): void {
  const signature = functionNamed(call.func)
  if (signature === undefined) return
  const { args, variadic } = signature
  const least = variadic === 0 ? args.length : args.length - 1
  const most = variadic < 0 ? Number.POSITIVE_INFINITY : least + variadic
  const given = call.args.length
  if (given < least || given > most) {
    const wanted =
      least === most
        ? `${least}`
        : most === Number.POSITIVE_INFINITY
          ? `at least ${least}`
          : `${least} to ${most}`
    fail(call, `${call.func} takes ${wanted} argument(s), got ${given}`)
  }
  for (const [position, argument] of call.args.entries()) {
    const [wanted, type] = [argumentType(signature, position), typeOf(argument)]
    if (wanted !== type) {
      fail(argument, `${call.func} needs ${NAMES[wanted]} as argument ${position + 1}, not ${NAMES[type]}`)
    }
  }
  if (call.func === 'info') checkInfo(call, fail)
}

function checkInfo({ args }: Call, fail: Fail): void {
  const [, selector] = args
  if (selector === undefined) return
  if (selector.kind !== 'vector' || selector.name !== '') {
    fail(selector, 'the second argument of info must be a selector without a name: {label="value"}')
  }
}

function checkAggregation({ op, expr, parameter }: Aggregation, fail: Fail): void {
  const type = typeOf(expr)
  if (type !== 'vector') fail(expr, `${op} needs an instant vector, not ${NAMES[type]}`)
  if (parameter === undefined) return
  const [wanted, given] = [op === 'count_values' ? 'string' : 'scalar', typeOf(parameter)] as const
  if (wanted !== given) fail(parameter, `${op} needs ${NAMES[wanted]} as parameter, not ${NAMES[given]}`)
}

function checkBinary(binary: Binary, fail: Fail): void {
  const { op, left, right } = binary
  const [leftType, rightType] = [typeOf(left), typeOf(right)]
  for (const [side, type] of [
    [left, leftType],
    [right, rightType],
  ] as const) {
    if (type !== 'scalar' && type !== 'vector') {
      fail(side, `the operator ${op} needs scalars or instant vectors, not ${NAMES[type]}`)
    }
  }
  const scalars = [leftType, rightType].filter(type => type === 'scalar').length
  if (binary.bool && !isComparison(op)) fail(binary, `bool can only follow comparisons, not ${op}`)
  if (isComparison(op) && scalars === 2 && !binary.bool) {
    fail(binary, `a comparison of two scalars needs bool: ${op} bool`)
  }
  if (scalars === 2 && (op === '</' || op === '>/')) fail(binary, `${op} needs histograms on its left side`)
  if (scalars > 0 && isSetOperator(op)) fail(binary, `${op} needs instant vectors on both sides`)
  if (scalars > 0) checkWithoutMatching(binary, fail)
  else checkMatching(binary, fail)
}

function checkWithoutMatching(binary: Binary, fail: Fail): void {
  const { matching } = binary
  if (matching !== undefined && matching.labels.length > 0) {
    fail(binary, 'on and ignoring need instant vectors on both sides')
  }
  if (matching?.fillLeft !== undefined || matching?.fillRight !== undefined) {
    fail(binary, 'fill needs instant vectors on both sides')
  }
  binary.matching = undefined
}

function checkMatching(binary: Binary, fail: Fail): void {
  const { op, matching } = binary
  if (matching === undefined) return
  const both = matching.labels.find(label => matching.on && matching.include.includes(label))
  if (both !== undefined) {
    fail(binary, `the label ${JSON.stringify(both)} must not stand in on and in the group modifier at once`)
  }
  if (!isSetOperator(op)) return
  if (matching.card !== 'one-to-one')
    fail(binary, `${op} matches sets: group_left and group_right do not fit`)
  if (matching.fillLeft !== undefined || matching.fillRight !== undefined) {
    fail(binary, `${op} matches sets: fill does not fit`)
  }
  binary.matching = { ...matching, card: 'many-to-many' }
}
