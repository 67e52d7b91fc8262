/** Reads a query: operators by how strongly they bind, everything else by descent. */
import type { Matcher } from '../model/matchers.ts'
import type { Aggregation, Call, Expr } from './ast.ts'
import { checkTypes } from './check-types.ts'
import { type Features, NO_FEATURES } from './features.ts'
import { functionNamed } from './functions.ts'
import { parseSeconds } from './parse-duration.ts'
import { operatorAhead, parseModifiers, UNARY_PRECEDENCE } from './parse-operator.ts'
import { parsePostfix } from './parse-postfix.ts'
import { parseLabelList, parseSelectorExpr } from './parse-selector.ts'
import { TokenStream } from './token-stream.ts'
import { canBeMetric, hasParameter, isAggregation, isExperimental, isNumberWord } from './tokens.ts'

/** The tree of a query whose types fit. Throws a `PromqlError` of kind `syntax` with the position of the first mistake. */
export function parse(text: string, features: Partial<Features> = {}): Expr {
  const tokens = new TokenStream(text, { ...NO_FEATURES, ...features })
  if (tokens.isAtEnd) throw tokens.error(tokens.current, 'the query is empty')
  const expr = parseExpr(tokens, 0)
  if (!tokens.isAtEnd) throw tokens.unexpected('after the expression', 'an operator or the end')
  checkTypes(text, expr)
  return expr
}

/** The conditions of a selector that stands alone, as `match[]` has it. */
export function parseSelector(text: string, features: Partial<Features> = {}): readonly Matcher[] {
  const tokens = new TokenStream(text, { ...NO_FEATURES, ...features })
  const { kind } = tokens.current
  if (kind !== 'identifier' && kind !== 'metric' && !tokens.isSymbol('{')) {
    throw tokens.unexpected('in the selector', 'the name of a metric or "{"')
  }
  const selector = parseSelectorExpr(tokens)
  if (!tokens.isAtEnd) throw tokens.unexpected('after the selector', 'the end')
  checkTypes(text, selector)
  return selector.matchers
}

function parseExpr(tokens: TokenStream, minimum: number): Expr {
  let left = tokens.nested(() => parseUnary(tokens))
  for (;;) {
    const ahead = operatorAhead(tokens)
    if (ahead === undefined || ahead.precedence <= minimum) return left
    const { op, precedence } = ahead
    tokens.take()
    const { bool, matching } = parseModifiers(tokens)
    // Powers group from the right, so each is a level deeper.
    const right =
      op === '^' ? tokens.nested(() => parseExpr(tokens, precedence - 1)) : parseExpr(tokens, precedence)
    left = {
      kind: 'binary',
      op,
      bool,
      left,
      right,
      matching,
      range: { start: left.range.start, end: right.range.end },
    }
  }
}

function parseUnary(tokens: TokenStream): Expr {
  if (!tokens.isSymbol('+', '-')) return parsePostfix(tokens, parsePrimary(tokens))
  const sign = tokens.take()
  const op = sign.text as '+' | '-'
  const expr = parseExpr(tokens, UNARY_PRECEDENCE)
  const range = { start: sign.start, end: expr.range.end }
  if (expr.kind !== 'number') return { kind: 'unary', op, expr, range }
  return { ...expr, value: op === '-' ? -expr.value : expr.value, range }
}

function parsePrimary(tokens: TokenStream): Expr {
  const { kind } = tokens.current
  if (kind === 'number' || kind === 'duration') return parseNumberLiteral(tokens)
  if (kind === 'string') {
    const { value = '', start, end } = tokens.take()
    return { kind: 'string', value, range: { start, end } }
  }
  if (tokens.isSymbol('(')) return parseParen(tokens)
  if (tokens.isSymbol('{') || kind === 'metric') return parseSelectorExpr(tokens)
  if (kind === 'identifier') return parseWord(tokens)
  throw tokens.unexpected('at this place', 'an expression')
}

function parseNumberLiteral(tokens: TokenStream): Expr {
  const { seconds, isDuration, range } = parseSeconds(tokens)
  return { kind: 'number', value: seconds, isDuration, range }
}

function parseParen(tokens: TokenStream): Expr {
  const { start } = tokens.take()
  const expr = parseExpr(tokens, 0)
  const { end } = tokens.expect(')', 'after the expression')
  return { kind: 'paren', expr, range: { start, end } }
}

/** Words that are a call where a parenthesis follows, and the name of a metric elsewhere. */
const CALLS_ONLY = ['start', 'end', 'step', 'range', 'min_of', 'max_of']

function parseWord(tokens: TokenStream): Expr {
  const { keyword } = tokens
  if (keyword === undefined) return tokens.isCallAhead() ? parseCall(tokens) : parseSelectorExpr(tokens)
  if (isNumberWord(keyword)) return parseNumberLiteral(tokens)
  if (isAggregation(keyword) && isAggregationAhead(tokens)) return parseAggregation(tokens, keyword)
  if (CALLS_ONLY.includes(keyword) && tokens.isCallAhead()) return parseCall(tokens)
  // Where an expression must stand, other keywords are names.
  if (canBeMetric(keyword)) return parseSelectorExpr(tokens)
  throw tokens.unexpected('at this place', 'an expression')
}

const isAggregationAhead = (tokens: TokenStream): boolean =>
  tokens.isCallAhead() || /^\s*(?:by|without)\b/i.test(tokens.text.slice(tokens.current.end))

function parseArguments(tokens: TokenStream, where: string): readonly Expr[] {
  const args: Expr[] = []
  tokens.expect('(', where)
  while (!tokens.isSymbol(')')) {
    args.push(parseExpr(tokens, 0))
    if (tokens.isSymbol(')')) break
    const comma = tokens.expect(',', where)
    if (tokens.isSymbol(')')) throw tokens.error(comma, 'a comma must be followed by an argument')
  }
  tokens.take()
  return args
}

function parseCall(tokens: TokenStream): Call {
  const name = tokens.take()
  const func = functionNamed(name.text)
  if (func === undefined) {
    throw tokens.error(name, `there is no function ${JSON.stringify(name.text)}`)
  }
  if (func.experimental && !tokens.features.experimentalFunctions) {
    throw tokens.error(name, `the function ${name.text} is experimental and is not enabled here`)
  }
  const args = parseArguments(tokens, `in the call of ${name.text}`)
  return { kind: 'call', func: name.text, args, range: { start: name.start, end: tokens.previousEnd } }
}

function parseGrouping(tokens: TokenStream): Pick<Aggregation, 'grouping' | 'without'> | undefined {
  if (!tokens.isKeyword('by', 'without')) return undefined
  const word = tokens.take().text.toLowerCase()
  return { grouping: parseLabelList(tokens, `after ${word}`), without: word === 'without' }
}

function parseAggregation(tokens: TokenStream, op: string): Aggregation {
  const name = tokens.take()
  if (isExperimental(op) && !tokens.features.experimentalFunctions) {
    throw tokens.error(name, `the aggregation ${op} is experimental and is not enabled here`)
  }
  const before = parseGrouping(tokens)
  const args = parseArguments(tokens, `in the aggregation ${op}`)
  const range = { start: name.start, end: tokens.previousEnd }
  const { grouping, without } = before ?? parseGrouping(tokens) ?? { grouping: [], without: false }
  const wanted = hasParameter(op) ? 2 : 1
  const expr = args.at(-1)
  if (args.length !== wanted || expr === undefined) {
    throw tokens.error(range, `${op} takes ${wanted} argument${wanted === 1 ? '' : 's'}, got ${args.length}`)
  }
  const parameter = wanted === 2 ? args[0] : undefined
  return { kind: 'aggregation', op, expr, parameter, grouping, without, range }
}
