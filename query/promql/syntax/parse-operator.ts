/** What stands between the two sides of an operator: `bool`, `on`, `group_left`, `fill`. */
import type { Matching } from './ast.ts'
import { parseSeconds } from './parse-duration.ts'
import { parseLabelList } from './parse-selector.ts'
import type { TokenStream } from './token-stream.ts'

/** From the weakest to the strongest. */
const PRECEDENCE: Readonly<Record<string, number>> = {
  or: 1,
  and: 2,
  unless: 2,
  '==': 3,
  '!=': 3,
  '<': 3,
  '<=': 3,
  '>': 3,
  '>=': 3,
  '</': 3,
  '>/': 3,
  '+': 4,
  '-': 4,
  '*': 5,
  '/': 5,
  '%': 5,
  atan2: 5,
  '^': 6,
}

/** A sign binds as multiplication does: `-1^2` is `-(1^2)`. */
export const UNARY_PRECEDENCE = 5

const COMPARISONS = ['==', '!=', '<', '<=', '>', '>=']

export const isComparison = (op: string): boolean => COMPARISONS.includes(op)
export const isSetOperator = (op: string): boolean => op === 'and' || op === 'or' || op === 'unless'

/** Operators after which values mean something else, so that the name of the metric is dropped. */
export const isArithmetic = (op: string): boolean =>
  !isComparison(op) && !isSetOperator(op) && op !== '</' && op !== '>/'

/** The operator that comes next and how strongly it binds. */
export function operatorAhead(tokens: TokenStream): { op: string; precedence: number } | undefined {
  const { kind, text } = tokens.current
  const op = kind === 'symbol' ? text : (tokens.keyword ?? '')
  const precedence = PRECEDENCE[op]
  return precedence === undefined ? undefined : { op, precedence }
}

/** Everything between the operator and its right side. */
export function parseModifiers(tokens: TokenStream): { bool: boolean; matching: Matching } {
  const bool = tokens.isKeyword('bool')
  if (bool) tokens.take()
  return { bool, matching: { ...parseGroup(tokens), ...parseFill(tokens) } }
}

type GroupModifier = Omit<Matching, 'fillLeft' | 'fillRight'>

function parseGroup(tokens: TokenStream): GroupModifier {
  if (!tokens.isKeyword('on', 'ignoring')) {
    return { on: false, labels: [], card: 'one-to-one', include: [] }
  }
  const word = tokens.take().text.toLowerCase()
  const labels = parseLabelList(tokens, `after ${word}`)
  if (!tokens.isKeyword('group_left', 'group_right')) {
    return { on: word === 'on', labels, card: 'one-to-one', include: [] }
  }
  const group = tokens.take().text.toLowerCase()
  const include = tokens.isSymbol('(') ? parseLabelList(tokens, `after ${group}`) : []
  const card = group === 'group_left' ? 'many-to-one' : 'one-to-many'
  return { on: word === 'on', labels, card, include }
}

type FillModifier = Pick<Matching, 'fillLeft' | 'fillRight'>

function parseFill(tokens: TokenStream): FillModifier {
  let fill: FillModifier = { fillLeft: undefined, fillRight: undefined }
  for (;;) {
    const { kind, text } = tokens.current
    const word = kind === 'identifier' && tokens.isCallAhead() ? text.toLowerCase() : ''
    if (word !== 'fill' && word !== 'fill_left' && word !== 'fill_right') return fill
    const token = tokens.take()
    if (!tokens.features.fill) throw tokens.error(token, `${word} is experimental and is not enabled here`)
    const isGiven = word === 'fill_right' ? fill.fillRight !== undefined : fill.fillLeft !== undefined
    if (isGiven || (word === 'fill' && fill.fillRight !== undefined)) {
      throw tokens.error(token, `${word} is given twice`)
    }
    const value = parseFillValue(tokens, word)
    if (word !== 'fill_right') fill = { ...fill, fillLeft: value }
    if (word !== 'fill_left') fill = { ...fill, fillRight: value }
  }
}

function parseFillValue(tokens: TokenStream, word: string): number {
  tokens.expect('(', `after ${word}`)
  const sign = tokens.isSymbol('+', '-') ? tokens.take().text : '+'
  const { kind } = tokens.current
  if (kind !== 'number' && kind !== 'duration' && !tokens.isKeyword('inf', 'nan')) {
    throw tokens.unexpected(`in ${word}`, 'a number')
  }
  const { seconds } = parseSeconds(tokens)
  tokens.expect(')', `in ${word}`)
  return sign === '-' ? -seconds : seconds
}
