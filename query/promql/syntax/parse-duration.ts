/** Durations in brackets and after `offset`, which may be calculated from the step and the range of the query. */
import { parseNumber } from '../numeric/numbers.ts'
import type { DurationExpr } from './ast.ts'
import { durationMs, outOfRange } from './durations.ts'
import type { TokenStream } from './token-stream.ts'
import { isNumberWord } from './tokens.ts'

const PRECEDENCE: Readonly<Record<string, number>> = { '+': 1, '-': 1, '*': 2, '/': 2, '%': 2, '^': 3 }
const UNARY_PRECEDENCE = 2

const EXPECTED = 'a number, a duration, step() or range()'

/** The length of a range or the step of a subquery: more than nothing. */
export function parsePositiveDuration(tokens: TokenStream): DurationExpr {
  const duration = parseExpression(tokens, 0)
  if (duration.kind === 'seconds' && duration.seconds <= 0) {
    throw tokens.error(duration.range, 'the duration must be greater than 0')
  }
  return duration
}

/** What follows `offset`. Without parentheses it is but one value: `a offset -2^2` is `(a offset -2)^2`. */
export function parseOffset(tokens: TokenStream): DurationExpr {
  if (!tokens.isSymbol('+', '-')) return parseOperand(tokens, 'after offset')
  const sign = tokens.take()
  const operand = parseOperand(tokens, 'after offset')
  return signed(tokens, sign.text as '+' | '-', operand, sign.start)
}

function parseExpression(tokens: TokenStream, minimum: number): DurationExpr {
  let left = tokens.nested(() => parseUnary(tokens))
  for (;;) {
    const op = tokens.current.kind === 'symbol' ? tokens.current.text : ''
    const precedence = PRECEDENCE[op]
    if (precedence === undefined || precedence <= minimum) return left
    const operator = tokens.take()
    // Powers group from the right, so each is a level deeper.
    const right =
      op === '^'
        ? tokens.nested(() => parseExpression(tokens, precedence - 1))
        : parseExpression(tokens, precedence)
    if ((op === '/' || op === '%') && right.kind === 'seconds' && right.seconds === 0) {
      throw tokens.error(operator, 'division by zero')
    }
    left = {
      kind: 'binary',
      op: op as '+',
      left,
      right,
      range: { start: left.range.start, end: right.range.end },
    }
  }
}

function parseUnary(tokens: TokenStream): DurationExpr {
  if (!tokens.isSymbol('+', '-')) return parseOperand(tokens, 'in the brackets')
  const sign = tokens.take()
  const operand = parseExpression(tokens, UNARY_PRECEDENCE)
  return signed(tokens, sign.text as '+' | '-', operand, sign.start)
}

function signed(tokens: TokenStream, op: '+' | '-', operand: DurationExpr, start: number): DurationExpr {
  const range = { start, end: operand.range.end }
  if (operand.kind === 'seconds') {
    return checked(tokens, { ...operand, seconds: op === '-' ? -operand.seconds : operand.seconds, range })
  }
  return op === '+' ? operand : { kind: 'unary', op, operand, range }
}

function checked(tokens: TokenStream, duration: DurationExpr): DurationExpr {
  if (duration.kind === 'seconds' && !(Math.abs(duration.seconds) >= 0 && !outOfRange(duration.seconds))) {
    throw tokens.error(duration.range, 'the duration is out of range')
  }
  return duration
}

function parseOperand(tokens: TokenStream, where: string): DurationExpr {
  const { kind, text } = tokens.current
  const word = kind === 'identifier' ? text.toLowerCase() : ''
  if (kind === 'number' || kind === 'duration' || isNumberWord(word)) {
    return checked(tokens, parseSeconds(tokens))
  }
  if (word === 'step' || word === 'range') return parseContext(tokens, word)
  if (word === 'min_of' || word === 'max_of') return parseChoice(tokens, word)
  if (!tokens.isSymbol('(')) throw tokens.unexpected(where, EXPECTED)
  const open = tokens.take()
  const operand = parseExpression(tokens, 0)
  const close = tokens.expect(')', where)
  return { kind: 'paren', op: '+', operand, range: { start: open.start, end: close.end } }
}

function parseContext(tokens: TokenStream, kind: 'step' | 'range'): DurationExpr {
  const { start } = tokens.take()
  tokens.expect('(', `after ${kind}`)
  const { end } = tokens.expect(')', `after ${kind}(`)
  return { kind, range: { start, end } }
}

function parseChoice(tokens: TokenStream, op: 'min_of' | 'max_of'): DurationExpr {
  const { start } = tokens.take()
  tokens.expect('(', `after ${op}`)
  const left = parseExpression(tokens, 0)
  tokens.expect(',', `in ${op}`)
  const right = parseExpression(tokens, 0)
  const { end } = tokens.expect(')', `in ${op}`)
  return { kind: 'binary', op, left, right, range: { start, end } }
}

/** A number of seconds, written as a number or as a duration. */
export function parseSeconds(tokens: TokenStream): DurationExpr & { readonly kind: 'seconds' } {
  const token = tokens.take()
  const range = { start: token.start, end: token.end }
  if (token.kind === 'duration') {
    const ms = durationMs(token.text)
    if (ms === undefined) {
      throw tokens.error(
        token,
        `${JSON.stringify(token.text)} is not a duration: write units from large to small`,
      )
    }
    return { kind: 'seconds', seconds: ms / 1_000, isDuration: true, range }
  }
  const value = parseNumber(token.text)
  if (value === undefined) throw tokens.error(token, `${JSON.stringify(token.text)} is not a number`)
  return { kind: 'seconds', seconds: value, isDuration: false, range }
}
