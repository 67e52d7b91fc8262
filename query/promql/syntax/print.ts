/** Trees as texts: on one line, and over several where a line would be too long. */
import { NAME } from '../model/labels.ts'
import { formatPlain } from '../numeric/numbers.ts'
import type { Aggregation, Binary, DurationExpr, Expr, Matching, Subquery, VectorSelector } from './ast.ts'
import { formatPromqlDuration } from './durations.ts'

const LEGACY_NAME = /^[A-Za-z_]\w*$/
const METRIC_NAME = /^[A-Za-z_:][\w:]*$/

const quote = (text: string): string => JSON.stringify(text)
const labelName = (name: string): string => (LEGACY_NAME.test(name) ? name : quote(name))
const labelList = (names: readonly string[]): string => `(${names.map(labelName).join(', ')})`

/** The expression on one line. */
export function print(expr: Expr): string {
  switch (expr.kind) {
    case 'number':
      return expr.isDuration ? formatPromqlDuration(expr.value * 1_000) : formatPlain(expr.value)
    case 'string':
      return quote(expr.value)
    case 'vector':
      return `${printSelector(expr)}${printTiming(expr)}`
    case 'matrix':
      return `${printSelector(expr.selector)}[${printDuration(expr.duration)}]${printTiming(expr.selector)}`
    case 'subquery':
      return `${print(expr.expr)}${printSubqueryEnd(expr)}`
    case 'call':
      return `${expr.func}(${expr.args.map(print).join(', ')})`
    case 'aggregation':
      return `${printAggregationHead(expr)}(${aggregationArguments(expr).map(print).join(', ')})`
    case 'binary':
      return `${print(expr.left)} ${printOperator(expr)} ${print(expr.right)}`
    case 'unary':
      return `${expr.op}${print(expr.expr)}`
    case 'paren':
      return `(${print(expr.expr)})`
  }
}

function printSelector({ name, matchers }: VectorSelector): string {
  const isOwnName = (matcher: { name: string; op: string; value: string }): boolean =>
    name !== '' && matcher.name === NAME && matcher.op === '=' && matcher.value === name
  const isPlain = METRIC_NAME.test(name)
  const texts = matchers
    .filter(matcher => !isOwnName(matcher))
    .map(({ name: label, op, value }) => `${labelName(label)}${op}${quote(value)}`)
    .sort()
  if (name !== '' && !isPlain) texts.unshift(quote(name))
  if (texts.length === 0) return isPlain ? name : '{}'
  return `${isPlain ? name : ''}{${texts.join(',')}}`
}

function printTiming(timing: VectorSelector | Subquery): string {
  const { at, offset } = timing
  const extension = timing.kind === 'vector' && timing.extension !== undefined ? ` ${timing.extension}` : ''
  const time = typeof at === 'number' ? ` @ ${(at / 1_000).toFixed(3)}` : at === undefined ? '' : ` @ ${at}()`
  const shift = offset === undefined ? '' : ` offset ${printDuration(offset)}`
  return timing.kind === 'vector' ? `${time}${extension}${shift}` : `${time}${shift}`
}

const printSubqueryEnd = (subquery: Subquery): string => {
  const step = subquery.step === undefined ? '' : printDuration(subquery.step)
  return `[${printDuration(subquery.duration)}:${step}]${printTiming(subquery)}`
}

function printDuration(duration: DurationExpr): string {
  switch (duration.kind) {
    case 'seconds':
      return formatPromqlDuration(duration.seconds * 1_000)
    case 'step':
    case 'range':
      return `${duration.kind}()`
    case 'paren':
      return `(${printDuration(duration.operand)})`
    case 'unary':
      return `${duration.op}${printDuration(duration.operand)}`
    case 'binary': {
      const [left, right] = [printDuration(duration.left), printDuration(duration.right)]
      const { op } = duration
      return op === 'min_of' || op === 'max_of' ? `${op}(${left}, ${right})` : `${left} ${op} ${right}`
    }
  }
}

function printAggregationHead({ op, without, grouping }: Aggregation): string {
  if (without) return `${op} without ${labelList(grouping)} `
  return grouping.length === 0 ? op : `${op} by ${labelList(grouping)} `
}

const aggregationArguments = ({ parameter, expr }: Aggregation): readonly Expr[] =>
  parameter === undefined ? [expr] : [parameter, expr]

const printOperator = ({ op, bool, matching }: Binary): string =>
  `${op}${bool ? ' bool' : ''}${matching === undefined ? '' : printMatching(matching)}`

function printMatching({ on, labels, card, include, fillLeft, fillRight }: Matching): string {
  const isGrouped = card === 'many-to-one' || card === 'one-to-many'
  let text = ''
  if (on || labels.length > 0 || isGrouped) text += ` ${on ? 'on' : 'ignoring'} ${labelList(labels)}`
  if (isGrouped) text += ` ${card === 'many-to-one' ? 'group_left' : 'group_right'} ${labelList(include)}`
  if (fillLeft !== undefined && fillLeft === fillRight) return `${text} fill (${formatPlain(fillLeft)})`
  if (fillLeft !== undefined) text += ` fill_left (${formatPlain(fillLeft)})`
  if (fillRight !== undefined) text += ` fill_right (${formatPlain(fillRight)})`
  return text
}

/** Longer expressions are split. */
const MAX_WIDTH = 100

/** The expression with a line for each part that would make a line too long. */
export function format(expr: Expr, level = 0): string {
  const indent = '  '.repeat(level)
  const line = print(expr)
  if (line.length <= MAX_WIDTH) return `${indent}${line}`
  const inside = (parts: readonly Expr[]): string => parts.map(part => format(part, level + 1)).join(',\n')
  switch (expr.kind) {
    case 'aggregation':
      return `${indent}${printAggregationHead(expr)}(\n${inside(aggregationArguments(expr))}\n${indent})`
    case 'call':
      return `${indent}${expr.func}(\n${inside(expr.args)}\n${indent})`
    case 'paren':
      return `${indent}(\n${inside([expr.expr])}\n${indent})`
    case 'binary':
      return `${format(expr.left, level + 1)}\n${indent}${printOperator(expr)}\n${format(expr.right, level + 1)}`
    case 'subquery':
      return `${format(expr.expr, level)}${printSubqueryEnd(expr)}`
    case 'unary':
      return `${indent}${expr.op}${format(expr.expr, level).trimStart()}`
    default:
      return `${indent}${line}`
  }
}
