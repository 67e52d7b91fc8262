/**
 * Guarantees: whatever the text of a query, it is parsed or refused as `parameter_invalid`; no text of a query gets into the SQL,
 * only placeholders do.
 */
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { WattlineError } from '../../../core/catalogue/errors/errors.ts'
import { compileTraceQl } from '../../../query/tempo/compile.ts'
import { parseTraceQl } from '../../../query/tempo/parse.ts'
import { BoundValues } from '../../../query/traces/conditions.ts'

const VALID = [
  '{ resource.service.name = "a" && (duration > 1.5s || span."x y" =~ `b.*`) } > { status = error } | count() > 2 | select(.a)',
  '{ .a != nil } && ({ kind = server } || { !(event:name = "e") }) ~ { link.b >= -3 } | avg(duration) <= 20ms',
]

function compiled(text: string): { readonly sql: string; readonly values: readonly unknown[] } | null {
  try {
    const values = new BoundValues()
    const { condition } = compileTraceQl(parseTraceQl(text), values)
    return { sql: JSON.stringify(condition), values: Object.values(values.params) }
  } catch (error) {
    expect(error).toBeInstanceOf(WattlineError)
    expect((error as WattlineError).code).toBe('parameter_invalid')
    return null
  }
}

it('refuses or parses any text', () => {
  const part = fc.constantFrom(
    ...VALID.flatMap(text => text.split(' ')),
    '\\',
    "'",
    '{',
    '}',
    '(',
    ')',
    '|',
    '"',
    '`',
    '>>',
    '-',
    '.',
    '5',
    '1h',
  )
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string(),
        fc.array(part, { maxLength: 30 }).map(parts => parts.join(' ')),
      ),
      text => {
        compiled(text)
      },
    ),
    { seed: 19, numRuns: 3_000 },
  )
})

it('binds every text of a query', () => {
  const MARK = 'Zq9Mark'
  const hostile = fc.string().map(text => `${MARK}${text}'"\`\\;--`)
  fc.assert(
    fc.property(hostile, hostile, (name, value) => {
      const quoted = (text: string): string => JSON.stringify(text).replaceAll(/\\[bf]/g, '')
      for (const scope of ['', 'span', 'resource', 'event', 'link']) {
        const found = compiled(
          `{ ${scope}.${quoted(name)} = ${quoted(value)} && name != ${quoted(value)} } | max(${scope}.${quoted(name)}) > 1`,
        )
        if (found !== null) {
          expect(found.sql).not.toContain(MARK)
          expect(found.values.filter(one => String(one).includes(MARK)).length).toBeGreaterThan(1)
        }
      }
    }),
    { seed: 19, numRuns: 300 },
  )
})

it('compiles the valid ones', () => {
  for (const text of VALID.slice(0, 1)) expect(compiled(text)).not.toBeNull()
  // Structure beside logic between braces is refused.
  expect(compiled(VALID[1]!)).toBeNull()
  expect(compiled(VALID[1]!.replace(' ~ { link.b >= -3 }', ''))).not.toBeNull()
})
