/**
 * Guarantees: code that reads user text looks at each of its characters a fixed number of times, for any text. Counted,
 * not timed: shapes of the greatest length, made of each printable character and of fragments, repeated, nested and
 * left open, from a seeded generator.
 */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { LiteralReader } from '../../../query/sql/clickhouse-params.ts'
import { engineSentence } from '../../../query/sql/engine-text.ts'
import { readStatement } from '../../../query/sql/statement.ts'
import {
  assertParameterLengths,
  PARAMETER_MAX_BYTES,
  PARAMETERS_MAX,
} from '../../../query/sql/text-limits.ts'
import { type Characters, scan, tokenize } from '../../../query/sql/tokens.ts'

/** A text that counts how often it is read; a slice counts as its length. */
function counted(text: string): Characters & { readonly steps: () => number } {
  let steps = 0
  return {
    length: text.length,
    charCodeAt(at) {
      steps += 1
      return text.charCodeAt(at)
    },
    slice(from, to) {
      const piece = text.slice(from, to)
      steps += piece.length
      return piece
    },
    steps: () => steps,
  }
}

const LENGTH = 16_384
const FRAGMENTS = [
  "'",
  '"',
  '`',
  '\\',
  "\\'",
  "''",
  '``',
  '\\`',
  '/*',
  '*/',
  '/',
  '*',
  '--',
  '#',
  '#!',
  '\n',
  ' ',
  '\t',
  '$',
  '$$',
  '$a$',
  '{',
  '{a:',
  '{a :',
  '}',
  '(',
  ')',
  '[',
  ']',
  '\u2018',
  '\u201c',
  'a',
  'a.',
  '1',
  '1e',
  ',',
  ':',
  ';',
  'AS (',
  'FROM system.columns,',
  'SHOW ',
  'FORMAT ',
  "'a',",
  "['",
  "('\\",
]
const ASCII = Array.from({ length: 95 }, (_, at) => String.fromCharCode(32 + at))
const fill = (piece: string): string => piece.repeat(Math.ceil(LENGTH / piece.length)).slice(0, LENGTH)
const repeats = [...ASCII, ...FRAGMENTS].flatMap(piece => [
  fill(piece),
  `SELECT 1 /* {a:${fill(piece)}`,
  `SELECT '${fill(piece)}`,
  `['${fill(piece)}`,
])
/** Two alternating fragments, numbered ones, and random walks over all. */
const mixtures = fc.oneof(
  fc.tuple(fc.constantFrom(...FRAGMENTS), fc.constantFrom(...FRAGMENTS)).map(([a, b]) => fill(a + b)),
  fc.constantFrom(...FRAGMENTS).map(piece => {
    let text = ''
    for (let at = 0; text.length < LENGTH; at++) text += `${piece}t${at}`
    return text
  }),
  fc
    .array(fc.constantFrom(...FRAGMENTS, ...ASCII), { minLength: 50, maxLength: 200 })
    .map(pieces => fill(pieces.join(''))),
)

function check(text: string): void {
  const sql = counted(text)
  const tokens = tokenize(sql)
  expect(tokens.map(token => token.text).join('')).toBe(text)
  expect([text.slice(0, 40), sql.steps() <= 12 * text.length + 200]).toEqual([text.slice(0, 40), true])
  const literal = counted(text)
  new LiteralReader(literal).read()
  expect(literal.steps()).toBeLessThanOrEqual(8 * text.length + 200)
  let placed = 0
  const scanned = counted(text)
  scan(scanned, (_kind, start, end) => {
    if (start === placed) placed = end
  })
  expect([placed, scanned.steps() <= 10 * text.length + 200]).toEqual([text.length, true])
}

describe('user texts are read in linear time', () => {
  it.each([[repeats]])('repeats of each character and fragment, open and closed', texts => {
    for (const text of texts) check(text)
  })

  it('mixtures of fragments', () => {
    fc.assert(fc.property(mixtures, check), { numRuns: 60, seed: 20_261_130 })
  })

  it('errors of the engine that repeat the statement are shortened before they are inspected', () => {
    const message = `Code: 62. DB::Exception: Syntax error: ${fill('(version ')} (SYNTAX_ERROR) (version 26.7.2.1 (official build))`
    const sentence = engineSentence(message)
    expect(sentence.length).toBeLessThan(5_000)
    expect(sentence).toMatch(/^Syntax error: .*\(SYNTAX_ERROR\)$/s)
  })
})

describe('lengths are checked first', () => {
  it.each([
    ['bytes', `SELECT '${'ä'.repeat(140_000)}'`],
    ['words', `SELECT ${'1,'.repeat(60_000)}1`],
    ['SELECTs', Array(201).fill('SELECT 1').join(' UNION ALL ')],
    ['SELECTs, in what may be a comment', `SELECT 1 /* ${'select '.repeat(201)}*/`],
    ['dollar signs', `SELECT '${'$'.repeat(1_001)}'`],
    ['parentheses', `SELECT ${'('.repeat(151)}1${')'.repeat(151)}`],
    ['brackets', `SELECT ${'['.repeat(151)}1${']'.repeat(151)}`],
  ])('too many %s', (_what, sql) => {
    expect(() => readStatement(sql, 'JSON')).toThrow(
      expect.objectContaining({
        code: 'sql_refused',
        cause: expect.objectContaining({ reason: 'too_long' }),
      }),
    )
  })

  it('accepts what is just within the limits', () => {
    const many = `SELECT ${'(('.repeat(75)}1${'))'.repeat(75)} IN (${'1,'.repeat(40_000)}1)`
    expect(readStatement(many, 'JSON').text).toBe(many)
  })

  it('of parameters', () => {
    const long = 'x'.repeat(PARAMETER_MAX_BYTES + 1)
    expect(() => assertParameterLengths([['a', long]])).toThrow(/Parameter a is longer/)
    expect(() => assertParameterLengths([['a', ['x', long]]])).toThrow(/Parameter a is longer/)
    const many = Array.from({ length: PARAMETERS_MAX + 1 }, (_, at) => [`p${at}`, ''] as const)
    expect(() => assertParameterLengths(many)).toThrow(/More than 1000 parameters/)
    assertParameterLengths(many.slice(1))
  })
})
