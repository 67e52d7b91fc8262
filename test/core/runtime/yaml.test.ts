import fc from 'fast-check'
import { expect, it } from 'vitest'
import { parseYaml } from '../../../core/runtime/yaml.ts'

// Guarantees: any text in a configuration file gives a value or a problem, never an exception.

it('reads what is YAML', () => {
  expect(parseYaml('a: [1, x]')).toEqual({ ok: true, value: { a: [1, 'x'] } })
  expect(parseYaml('')).toEqual({ ok: true, value: null })
})

it('reports in one line what is wrong', () => {
  for (const text of ['a: [', '*nobody', 'a: b: c', '&a [*a, *a]\n*b']) {
    const result = parseYaml(text)
    expect(result.ok).toBe(false)
    if (!result.ok) expect(result.problem).toMatch(/^.+$/)
  }
})

it('refuses aliases that would fill the memory', () => {
  const laughs = ['a: &a [x, x]', ...Array.from({ length: 12 }, (_, i) => level(i))].join('\n')
  expect(parseYaml(laughs)).toMatchObject({ ok: false })
})

const level = (i: number): string => {
  const [own, lower] = [String.fromCharCode(98 + i), String.fromCharCode(97 + i)]
  return `${own}: &${own} [${Array(9).fill(`*${lower}`).join(', ')}]`
}

it('never throws', () => {
  const pieces = fc.constantFrom(
    '*a',
    '&a ',
    '!',
    '!!x ',
    ': ',
    '- ',
    '\n',
    '{',
    '}',
    '[',
    ']',
    '|',
    '<<: ',
    '? ',
    '"',
    "'",
    '%',
  )
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string(),
        fc.array(fc.oneof(pieces, fc.string({ maxLength: 3 }))).map(parts => parts.join('')),
      ),
      text => {
        expect(typeof parseYaml(text).ok).toBe('boolean')
      },
    ),
    { numRuns: 1000 },
  )
})
