/** Guarantees: each token of a trace counts once, with the span closest to the model, whatever tree spans make. */
import { expect, it } from 'vitest'
import { type TokenSpan, tokenCarriers } from '../../../processors/requests/tokens.ts'

/** `id < parent`, kind, and tokens as `in+out` where the span has usage. */
const span = (line: string): TokenSpan => {
  const [, id = '', parent = '', kind = '', input, output] =
    /^(\w+)(?: < (\w+))? (\w+)(?: (\d+)\+(\d+))?$/.exec(line) ?? []
  return {
    Tenant: 'default',
    TraceId: 't',
    SpanId: id,
    ParentSpanId: parent,
    SpanKind: kind,
    Start: `${id.charCodeAt(0)}`,
    HasUsage: input !== undefined,
    Model: input === undefined ? '' : 'm',
    Input: input ?? '0',
    Output: output ?? '0',
  }
}
const carriers = (...lines: readonly string[]): readonly string[] =>
  tokenCarriers(lines.map(span)).map(
    one => `${one.SpanId} ${one.ModelPlace} ${one.Input}+${one.Output} ${one.Model}`,
  )

it.each([
  ['a remote model', ['a Server', 'b < a Client 10+5'], ['b remote 10+5 m']],
  ['a model in the process', ['a Server', 'b < a Internal 10+5'], ['b served 10+5 m']],
  ['a server that says its usage', ['a Client 10+5', 'b < a Server 10+5'], ['b served 10+5 m']],
  ['a server that does not', ['a Client 10+5', 'b < a Client', 'c < b Server'], ['c served 10+5 m']],
  [
    'an agent over its calls',
    ['a Internal 30+9', 'b < a Client 10+5', 'c < a Client 20+4'],
    ['b remote 10+5 m', 'c remote 20+4 m'],
  ],
  [
    'an agent over an agent, with spans between',
    ['a Internal 1+1', 'b < a Internal', 'c < b Internal 1+1', 'd < c Internal 1+1'],
    ['d served 1+1 m'],
  ],
  [
    'two calls that one server answers',
    ['a Internal', 'b < a Client 1+2', 'c < b Server', 'd < c Client 3+4', 'e < d Server'],
    ['e served 3+4 m'],
  ],
  ['spans that are each other\u2019s parents', ['a < b Client 1+2', 'b < a Internal'], ['a remote 1+2 m']],
  ['a span that comes twice', ['a Internal 1+2', 'a Internal 1+2'], ['a served 1+2 m']],
  ['a parent that is not there', ['b < a Client 1+2'], ['b remote 1+2 m']],
] as const)('%s', (_, lines, expected) => {
  expect(carriers(...lines)).toEqual(expected)
})

it('keeps traces of tenants apart', () => {
  const one = span('a Client 1+2')
  const other = { ...span('b < a Server 5+5'), Tenant: 'other' }
  expect(tokenCarriers([one, other]).map(({ Tenant, ModelPlace }) => [Tenant, ModelPlace])).toEqual([
    ['default', 'remote'],
    ['other', 'served'],
  ])
})

it('is quick about long chains', () => {
  const lines = Array.from({ length: 20_000 }, (_, index) => ({
    ...span('a Internal 1+1'),
    SpanId: `s${index}`,
    ParentSpanId: index === 0 ? '' : `s${index - 1}`,
  }))
  expect(tokenCarriers(lines).map(({ SpanId }) => SpanId)).toEqual(['s19999'])
})
