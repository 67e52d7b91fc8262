// Guarantees: operators bind as the language says, and a mistake is told with its place and what to do.
import { expect, it } from 'vitest'
import { format, PromqlError, parse } from '../../../query/promql/index.ts'
import { HANDPICKED } from '../../promql/handpicked.ts'

const FEATURES = { experimentalFunctions: true, fill: true }

/** The operators of an expression with parentheses around each. */
function grouped(text: string): string {
  const shown = (expr: ReturnType<typeof parse>): string => {
    if (expr.kind === 'binary') return `(${shown(expr.left)} ${expr.op} ${shown(expr.right)})`
    if (expr.kind === 'unary') return `(${expr.op}${shown(expr.expr)})`
    return format(expr)
  }
  return shown(parse(text))
}

it.each([
  ['a + b * c', '(a + (b * c))'],
  ['a - b - c', '((a - b) - c)'],
  ['a ^ b ^ c', '(a ^ (b ^ c))'],
  ['-a ^ b', '(-(a ^ b))'],
  ['-1 ^ 2', '(-(1 ^ 2))'],
  ['a and b or c unless d', '((a and b) or (c unless d))'],
  ['a > b + c == d', '((a > (b + c)) == d)'],
  ['a % b atan2 c / d', '(((a % b) atan2 c) / d)'],
  ['-a offset 5m + b', '((-a offset 5m) + b)'],
])('%s is %s', (text, expected) => {
  expect(grouped(text)).toBe(expected)
})

it.each(HANDPICKED.map(text => [text]))('reads what it writes: %s', text => {
  const once = format(parse(text, FEATURES))
  expect(format(parse(once, FEATURES))).toBe(once)
})

it.each([
  ['sum(', '1:5: parse error: the parenthesis is not closed: add ")"'],
  ['rate(up)', '1:6: parse error: rate needs a range vector as argument 1, not an instant vector'],
  ['up{job="a"', '1:11: parse error: the braces are not closed: add "}"'],
  ['up[5]]', '1:6: parse error: unexpected character "]"'],
  ['{job=~".*"}', 'would read all series'],
  ['sum(up) +\n  nosuch(up)', '2:3: parse error: there is no function "nosuch"'],
  ['up offset 1m offset 1m', 'offset is given twice'],
  ['1 == 2', 'needs bool'],
  ['up and 1', 'needs instant vectors on both sides'],
  ['up{a=~"("}', 'is not a regular expression'],
  ['"a', 'the string is not closed'],
  ['5m3h', 'units from large to small'],
  ['limitk(1, up)', 'experimental and is not enabled'],
  ['(up)[5m]', 'use a subquery'],
  ['('.repeat(300), 'nests deeper'],
  [`${'2 ^ '.repeat(100_000)}2`, 'nests deeper'],
  [`a offset (${'2 ^ '.repeat(100_000)}2)`, 'nests deeper'],
  ['', 'the query is empty'],
])('refuses %s', (text, message) => {
  expect(() => parse(text)).toThrow(PromqlError)
  expect(() => parse(text)).toThrow(message)
})
