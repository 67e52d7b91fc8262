/** Selectors: `name{label="value"}`. */
import { NAME } from '../model/labels.ts'
import { anchoredPattern, type Matcher, type MatchOperator } from '../model/matchers.ts'
import type { VectorSelector } from './ast.ts'
import type { TokenStream } from './token-stream.ts'

const OPERATORS = ['=', '!=', '=~', '!~']

/** The selector that begins here: a name, braces, or both. */
export function parseSelectorExpr(tokens: TokenStream): VectorSelector {
  const { start } = tokens.current
  const name = tokens.isSymbol('{') ? '' : tokens.take().text
  const inner = tokens.isSymbol('{') ? parseBraces(tokens) : []
  const named: readonly Matcher[] = name === '' ? [] : [{ name: NAME, op: '=', value: name }]
  return {
    kind: 'vector',
    name,
    matchers: [...inner, ...named],
    extension: undefined,
    offset: undefined,
    at: undefined,
    range: { start, end: tokens.previousEnd },
  }
}

function parseBraces(tokens: TokenStream): readonly Matcher[] {
  const matchers: Matcher[] = []
  tokens.expect('{', 'in the selector')
  while (!tokens.isSymbol('}')) {
    matchers.push(parseMatcher(tokens))
    if (!tokens.takeIf(',') && !tokens.isSymbol('}')) throw tokens.unexpected('in the selector', '"," or "}"')
  }
  tokens.take()
  return matchers
}

function parseMatcher(tokens: TokenStream): Matcher {
  const { kind } = tokens.current
  if (kind !== 'identifier' && kind !== 'string') {
    throw tokens.unexpected('in the selector', 'the name of a label or "}"')
  }
  const label = tokens.take()
  const name = label.value ?? label.text
  // A string alone is the name of the metric.
  if (kind === 'string' && tokens.isSymbol(',', '}')) return { name: NAME, op: '=', value: name }
  if (!tokens.isSymbol(...OPERATORS)) throw tokens.unexpected('in the selector', OPERATORS.join(', '))
  const op = tokens.take().text as MatchOperator
  if (tokens.current.kind !== 'string') throw tokens.unexpected('in the selector', 'a string')
  const { value = '', end } = tokens.take()
  if (op.endsWith('~') && anchoredPattern(value) === undefined) {
    const problem = `${JSON.stringify(value)} is not a regular expression (RE2 syntax)`
    throw tokens.error({ start: label.start, end }, problem)
  }
  return { name, op, value }
}

/** Names of labels in parentheses. */
export function parseLabelList(tokens: TokenStream, where: string): readonly string[] {
  const labels: string[] = []
  tokens.expect('(', where)
  while (!tokens.isSymbol(')')) {
    labels.push(parseLabelName(tokens, where))
    if (!tokens.takeIf(',') && !tokens.isSymbol(')')) throw tokens.unexpected(where, '"," or ")"')
  }
  tokens.take()
  return labels
}

function parseLabelName(tokens: TokenStream, where: string): string {
  const { kind } = tokens.current
  if (kind !== 'identifier' && kind !== 'string' && kind !== 'metric') {
    throw tokens.unexpected(where, 'the name of a label')
  }
  const token = tokens.take()
  const name = token.value ?? token.text
  if (name === '' || (kind === 'metric' && tokens.features.utf8Names)) {
    throw tokens.error(token, `${JSON.stringify(name)} is not the name of a label: put it in quotes`)
  }
  return name
}
