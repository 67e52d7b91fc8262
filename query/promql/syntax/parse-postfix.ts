/** What may follow an expression: ranges, subqueries, `offset`, `@`, `anchored` and `smoothed`. */
import type { DurationExpr, Expr, Subquery, VectorSelector } from './ast.ts'
import { parseOffset, parsePositiveDuration, parseSeconds } from './parse-duration.ts'
import type { TokenStream } from './token-stream.ts'

/** The expression with everything that follows it. */
export function parsePostfix(tokens: TokenStream, primary: Expr): Expr {
  let expr = primary
  for (;;) {
    if (tokens.isSymbol('[')) expr = parseBrackets(tokens, expr)
    else if (tokens.isSymbol('@')) parseAt(tokens, expr)
    else if (tokens.isKeyword('offset')) parseOffsetOf(tokens, expr)
    else if (tokens.isKeyword('anchored', 'smoothed')) parseExtension(tokens, expr)
    else return expr
  }
}

function parseBrackets(tokens: TokenStream, expr: Expr): Expr {
  const open = tokens.take()
  const duration = parsePositiveDuration(tokens)
  if (tokens.takeIf(':')) return parseSubquery(tokens, expr, duration)
  if (!tokens.isSymbol(']')) throw tokens.unexpected('in the brackets', '":" or "]"')
  const { end } = tokens.take()
  const problem = rangeProblem(expr)
  if (problem !== undefined) throw tokens.error({ start: open.start, end }, problem)
  return {
    kind: 'matrix',
    selector: expr as VectorSelector,
    duration,
    range: { start: expr.range.start, end },
  }
}

function rangeProblem(expr: Expr): string | undefined {
  if (expr.kind !== 'vector')
    return 'only a selector can have a range: for other expressions use a subquery, [5m:]'
  if (expr.offset !== undefined) return 'the range must stand before offset'
  if (expr.at !== undefined) return 'the range must stand before @'
  return undefined
}

function parseSubquery(tokens: TokenStream, expr: Expr, duration: DurationExpr): Subquery {
  const step = tokens.isSymbol(']') ? undefined : parsePositiveDuration(tokens)
  if (!tokens.isSymbol(']')) throw tokens.unexpected('in the subquery', '"]"')
  const { end } = tokens.take()
  return {
    kind: 'subquery',
    expr,
    duration,
    step,
    offset: undefined,
    at: undefined,
    range: { start: expr.range.start, end },
  }
}

/** The part of the expression that a modifier changes. */
function timingOf(tokens: TokenStream, expr: Expr, modifier: string): VectorSelector | Subquery {
  if (expr.kind === 'vector' || expr.kind === 'subquery') return expr
  if (expr.kind === 'matrix') return expr.selector
  throw tokens.error(expr.range, `${modifier} can only follow a selector, a range or a subquery`)
}

/** Modifiers belong to the text of the expression that they follow. */
function extend(tokens: TokenStream, expr: Expr): void {
  const range = { start: expr.range.start, end: tokens.previousEnd }
  if (expr.kind === 'vector' || expr.kind === 'matrix' || expr.kind === 'subquery') expr.range = range
}

function parseOffsetOf(tokens: TokenStream, expr: Expr): void {
  const token = tokens.take()
  const offset = parseOffset(tokens)
  const timing = timingOf(tokens, expr, 'offset')
  if (timing.offset !== undefined) throw tokens.error(token, 'offset is given twice')
  const isZero = offset.kind === 'seconds' && offset.seconds === 0
  timing.offset = isZero ? undefined : offset
  extend(tokens, expr)
}

/** Times in milliseconds that 64 bits hold. */
const MAX_SECONDS = 2 ** 63

function parseAt(tokens: TokenStream, expr: Expr): void {
  const token = tokens.take()
  const at = parseAtValue(tokens)
  const timing = timingOf(tokens, expr, '@')
  if (timing.at !== undefined) throw tokens.error(token, '@ is given twice')
  timing.at = at
  extend(tokens, expr)
}

function parseAtValue(tokens: TokenStream): number | 'start' | 'end' {
  if (tokens.isKeyword('start', 'end')) {
    const word = tokens.take().text.toLowerCase() as 'start' | 'end'
    tokens.expect('(', `after ${word}`)
    tokens.expect(')', `after ${word}(`)
    return word
  }
  const sign = tokens.isSymbol('+', '-') ? tokens.take().text : '+'
  const { kind } = tokens.current
  if (kind !== 'number' && kind !== 'duration' && !tokens.isKeyword('inf', 'nan')) {
    throw tokens.unexpected('after @', 'a time in seconds, start() or end()')
  }
  const { seconds, range } = parseSeconds(tokens)
  if (!(seconds < MAX_SECONDS)) throw tokens.error(range, 'the time after @ is out of range')
  return Math.round((sign === '-' ? -seconds : seconds) * 1_000)
}

function parseExtension(tokens: TokenStream, expr: Expr): void {
  const token = tokens.take()
  const extension = token.text.toLowerCase() as 'anchored' | 'smoothed'
  if (expr.kind !== 'vector' && expr.kind !== 'matrix') {
    throw tokens.error(token, `${extension} can only follow a selector or a range`)
  }
  const selector = expr.kind === 'matrix' ? expr.selector : expr
  if (selector.extension !== undefined && selector.extension !== extension) {
    throw tokens.error(token, 'anchored and smoothed cannot be used together')
  }
  selector.extension = extension
  extend(tokens, expr)
}
