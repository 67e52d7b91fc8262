// Guarantees: both text formats are read back as written, for any split into pieces: escapes, special numbers, times,
// names in quotes, exemplars; every malformed line has an error that names it; parsing random bytes ends, well or with
// an error.
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Label, ScrapedSample } from '../../../../collector/prometheus/scrape/sample.ts'
import { type Format, parsed, type Told } from './parsed.ts'

/** `name{label=value} number @time`, one a line. */
const shown = (told: readonly Told[]): string[] =>
  told.map(item => {
    if ('type' in item) return `type ${item.type} ${item.is}`
    if ('help' in item) return `help ${item.help} ${JSON.stringify(item.is)}`
    if ('leftOut' in item) return `left out ${item.leftOut}`
    if ('unit' in item) return `unit ${item.unit} ${item.is}`
    const { name, labels, value, timeMs, exemplar } = item
    const text = (list: readonly Label[]): string => list.map(([key, is]) => `${key}=${is}`).join('|')
    const at = timeMs === undefined ? '' : ` @${timeMs}`
    const example =
      exemplar === undefined ? '' : ` # ${text(exemplar.labels)} ${exemplar.value} @${exemplar.timeMs ?? '-'}`
    return `${name}{${text(labels)}} ${Object.is(value, -0) ? '-0' : value}${at}${example}`
  })

const TEXT_GRID: readonly (readonly [line: string, told: string])[] = [
  ['up 1', 'up{} 1'],
  ['up 1 1395066363000', 'up{} 1 @1395066363000'],
  ['up 1 -3982045', 'up{} 1 @-3982045'],
  ['up{} 1.50e+2', 'up{} 150'],
  ['  up\t{ a = "b" , c="d", }\t+1  5  ', 'up{a=b|c=d} 1 @5'],
  ['a:b_c0 .5', 'a:b_c0{} 0.5'],
  ['a 5.', 'a{} 5'],
  ['a -0', 'a{} -0'],
  ['a NaN', 'a{} NaN'],
  ['a +Inf', 'a{} Infinity'],
  ['a -inf', 'a{} -Infinity'],
  ['a 1e999', 'a{} Infinity'],
  ['a{x="\\\\ \\" \\n ü {},=#"} 1', 'a{x=\\ " \n ü {},=#} 1'],
  ['a{x=""} 1', 'a{} 1'],
  ['{"my.name"} 2', 'my.name{} 2'],
  ['{"my.name","l.x"="v",y="w"} 2', 'my.name{l.x=v|y=w} 2'],
  ['{"täglich"} 1', 'täglich{} 1'],
  ['a{"l.x"="v"} 2', 'a{l.x=v} 2'],
  ['# HELP a Some \\\\ text\\nwith "quotes" \\x', 'help a "Some \\\\ text\\nwith \\"quotes\\" \\\\x"'],
  ['# HELP a', 'help a ""'],
  ['# TYPE a counter', 'type a counter'],
  ['#  TYPE  "a.b"  untyped ', 'type a.b unknown'],
  ['# a remark', ''],
  ['#TYPE a gauge', ''],
  ['#HELP', ''],
  ['#', ''],
  ['', ''],
  // As lenient as the lexer of Prometheus: invalid escapes, missing commas, the name anywhere, help for an invalid
  // name.
  ['a{x="-p -- \\u --noclear C:\\dir"} 1', 'a{x=-p -- \\u --noclear C:\\dir} 1'],
  ['a{b="1" c="2"} 1', 'a{b=1|c=2} 1'],
  ['a{b="1"c="2",}1', 'a{b=1|c=2} 1'],
  ['{b="c","a"} 1', 'a{b=c} 1'],
  ['# HELP a-b text', 'help a "b text"'],
]

/** Samples of several lines. */
const JOINED: readonly (readonly [text: string, told: readonly string[]])[] = [
  ['a{x="one\ntwo"} 1\nb 2', ['a{x=one\ntwo} 1', 'b{} 2']],
  ['a{x="1\n# EOF\n\\"3",y="\n\n"} 1\nb 2', ['a{x=1\n# EOF\n"3|y=\n\n} 1', 'b{} 2']],
]

const OPENMETRICS_GRID: readonly (readonly [line: string, told: string])[] = [
  ['up 1', 'up{} 1'],
  ['up 1 1520879607.789', 'up{} 1 @1520879607789'],
  ['up 1 0.000001', 'up{} 1 @0.001'],
  ['a{b="c",d="\\"\\\\\\n"} 1e3', 'a{b=c|d="\\\n} 1000'],
  ['{"a.b",c="d"} 1', 'a.b{c=d} 1'],
  ['a_total 1 # {trace_id="abc"} 0.67 1520879607.789', 'a_total{} 1 # trace_id=abc 0.67 @1520879607789'],
  ['a_total 1 2 # {} 0.67', 'a_total{} 1 @2000 #  0.67 @-'],
  ['a_bucket{le="+Inf"} 3 # {x="y"} 5', 'a_bucket{le=+Inf} 3 # x=y 5 @-'],
  ['# TYPE a stateset', 'type a stateset'],
  ['# TYPE "a.b" info', 'type a.b info'],
  ['# HELP a some \\"text\\"\\n', 'help a "some \\"text\\"\\n"'],
  ['# HELP a ', 'help a ""'],
  ['# UNIT a_seconds seconds', 'unit a_seconds seconds'],
  ['a{b="\\u"c="d"} 1', 'a{b=\\u|c=d} 1'],
]

const MALFORMED: readonly (readonly [format: Format, line: string, error: RegExp])[] = [
  ['prometheus', '9a 1', /^Line 2: the name of a metric expected, at "9a 1"/],
  ['prometheus', 'a', /the value expected, but the line ends/],
  ['prometheus', 'a b', /the value is not a number, at "b"/],
  ['prometheus', 'a 0x1p3', /the value is not a number/],
  ['prometheus', 'a 1_000', /the value is not a number/],
  ['prometheus', 'a 1 1.5', /not an integer \(milliseconds\)/],
  ['prometheus', 'a 1 2 3', /the end of the line, at "3"/],
  ['prometheus', 'a{b="c" 1', /the name of a label expected, at "1"/],
  ['prometheus', 'tokens{name="MacBook 14" rw",id="2"} 7\nother 1', /^Line 2: `=` expected/],
  ['prometheus', 'a{b="c', /a quote is not closed/],
  ['prometheus', 'a{b=c} 1', /the value of a label in quotes expected/],
  ['prometheus', 'a{b} 1', /`=` expected/],
  ['prometheus', 'a{,} 1', /the name of a label expected/],
  ['prometheus', 'a{b="1",b="2"} 1', /label b appears twice/],
  ['prometheus', 'a{""="1"} 1', /a label has an empty name/],
  ['prometheus', 'a{__name__="b"} 1', /a label has the reserved name __name__/],
  ['prometheus', '{b="c"} 1', /a sample has no name/],
  ['prometheus', '{"a","b"} 1', /`=` expected/],
  ['prometheus', 'a{"b"} 1', /`=` expected/],
  ['prometheus', '# TYPE a meter', /unknown metric type, at "meter"/],
  ['prometheus', '# TYPE a', /a type expected, but the line ends/],
  ['prometheus', '# TYPE a gauge more', /the end of the line/],
  ['prometheus', '# HELP 1a text', /the name of a metric expected/],
  ['prometheus', 'a 1\r', /the value is not a number/],
  ['openmetrics', '', /an empty line/],
  ['openmetrics', ' a 1', /the name of a metric expected/],
  ['openmetrics', 'a  1', /the value expected/],
  ['openmetrics', 'a 1 ', /the timestamp expected/],
  ['openmetrics', 'a 1 NaN', /the timestamp is not finite/],
  ['openmetrics', 'a{b = "c"} 1', /`=` expected/],
  ['openmetrics', '# a remark', /expected HELP, TYPE, UNIT or EOF, at "a"/],
  ['openmetrics', '#TYPE a gauge', /the name of a metric expected/],
  ['openmetrics', '# TYPE a untyped', /unknown metric type/],
  ['openmetrics', '# TYPE a', /one blank expected/],
  ['openmetrics', '# UNIT a_seconds bytes', /a_seconds does not end in its unit/],
  ['openmetrics', 'a_total 1 # 5', /labels expected/],
  ['openmetrics', 'a_total 1 # {a="b"}', /one blank expected/],
  ['openmetrics', 'a_total 1 # {a="b"} 1 2 3', /the end of the line/],
]

describe.each([
  ['prometheus', TEXT_GRID],
  ['openmetrics', OPENMETRICS_GRID],
] as const)('%s', (format, grid) => {
  const end = format === 'openmetrics' ? '# EOF\n' : ''

  it.each(grid)('reads %j', (line, told) => {
    const lines = told === '' ? [] : [told]
    expect(shown(parsed(format, `${line}\n${end}`))).toEqual(lines)
  })

  it('does not depend on where the pieces end', () => {
    const text = `${grid.map(([line]) => line).join('\n')}\n${end}`
    const whole = shown(parsed(format, text))
    expect(whole.length).toBeGreaterThan(10)
    for (const bytes of [1, 2, 3, 7, 64]) expect(shown(parsed(format, text, bytes))).toEqual(whole)
  })

  it.each(JOINED)('reads %j as one sample', (text, told) => {
    for (const bytes of [1, 1000]) expect(shown(parsed(format, `${text}\n${end}`, bytes))).toEqual(told)
  })

  it('refuses invalid UTF-8 and endless lines', () => {
    expect(() => parsed(format, Buffer.from('a 1\nb{c="\xff"} 1\n', 'latin1'))).toThrow(
      'Line 2: is not UTF-8',
    )
    expect(() => parsed(format, 'a'.repeat(3 << 20), 1 << 16)).toThrow('Line 1: is longer than 1048576 bytes')
  })

  it('ends with any bytes, either well or with an error that names a line', () => {
    const pieces = [
      'a',
      '_total',
      '{',
      '}',
      '"',
      '\\',
      ',',
      '=',
      ' ',
      '\n',
      '# ',
      '#',
      'TYPE',
      'EOF',
      '1',
      '-',
      '.',
      'e',
      'é',
    ]
    const text = fc.array(fc.constantFrom(...pieces), { maxLength: 60 }).map(parts => parts.join(''))
    const bytes = fc.oneof(
      fc.uint8Array({ maxLength: 200 }),
      text.map(said => Buffer.from(said)),
    )
    fc.assert(
      fc.property(bytes, fc.integer({ min: 1, max: 50 }), (body, size) => {
        try {
          parsed(format, body, size)
        } catch (error) {
          expect((error as Error).message).toMatch(/^Line \d+: /)
        }
      }),
      { numRuns: 1000 },
    )
  })
})

it.each(MALFORMED)('%s: refuses %j', (format, line, error) => {
  expect(() => parsed(format, `good 1\n${line}\nz 2\n# EOF\n`)).toThrow(error)
  expect(() => parsed(format, `good 1\n${line}\nz 2\n# EOF\n`)).toThrow(/^Line 2: /)
})

it('accepts a last line without newline', () => {
  expect(shown(parsed('prometheus', 'a 1\nb 2'))).toEqual(['a{} 1', 'b{} 2'])
  expect(shown(parsed('openmetrics', 'a 1\n# EOF'))).toEqual(['a{} 1'])
})

it('detects an OpenMetrics exposition that was cut off or continues after its end', () => {
  expect(() => parsed('openmetrics', 'a 1\nb 2\n')).toThrow(
    'Line 3: missing `# EOF`: the exposition is truncated',
  )
  expect(() => parsed('openmetrics', '')).toThrow('Line 1: missing `# EOF`')
  expect(() => parsed('openmetrics', 'a 1\n# EOF\nb 2\n')).toThrow('Line 3: follows `# EOF`, at "b 2"')
  expect(parsed('openmetrics', '# EOF\n')).toEqual([])
})

it('refuses a line of very many escapes, labels or digits quickly', () => {
  const began = process.cpuUsage()
  const labels = Array.from({ length: 60_000 }, (_, at) => `l${at}="v"`).join(',')
  expect(() => parsed('prometheus', `a{b="${'\\\\'.repeat(400_000)}`)).toThrow('a quote is not closed')
  expect(() => parsed('prometheus', `a{${labels}`)).toThrow('expected')
  expect(() => parsed('prometheus', `a ${'1'.repeat(900_000)}x`)).toThrow('not a number')
  expect(process.cpuUsage(began).user).toBeLessThan(2_000_000)
})

describe('written text is read back', () => {
  const characters = [
    'a',
    'Z',
    '_',
    '9',
    '.',
    ' ',
    '"',
    '\\',
    '\n',
    '{',
    '}',
    '=',
    ',',
    '#',
    'é',
    '世',
    '💡',
    '\t',
  ]
  const anyText = fc.array(fc.constantFrom(...characters), { maxLength: 12 }).map(parts => parts.join(''))
  const fullText = anyText.filter(text => text !== '')
  const plainName = /^[a-zA-Z_][a-zA-Z0-9_]*$/
  const escaped = (text: string): string =>
    text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')
  const quoted = (text: string): string => `"${escaped(text)}"`
  const named = (text: string): string => (plainName.test(text) ? text : quoted(text))
  const labels = fc.uniqueArray(fc.tuple(fullText, fullText), { selector: ([name]) => name, maxLength: 5 })
  const special = [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 0, -0, 1]
  const value = fc.oneof(fc.double(), fc.constantFrom(...special))
  const number = (of: number): string => {
    if (Number.isNaN(of)) return 'NaN'
    if (!Number.isFinite(of)) return of > 0 ? '+Inf' : '-Inf'
    return Object.is(of, -0) ? '-0' : String(of)
  }
  const timeMs = fc.option(fc.integer({ min: 1, max: 4_000_000_000_000 }), { nil: undefined })
  const labelText = (list: readonly Label[]): string =>
    list.map(([key, is]) => `${named(key)}=${quoted(is)}`).join(',')
  const head = ({ name, labels: list }: Pick<ScrapedSample, 'name' | 'labels'>): string => {
    if (plainName.test(name)) return `${name}{${labelText(list)}}`
    return list.length === 0 ? `{${quoted(name)}}` : `{${quoted(name)},${labelText(list)}}`
  }

  it('in text 0.0.4 and 1.0.0', () => {
    const sample = fc.record({ name: fullText, labels, value, timeMs, exemplar: fc.constant(undefined) })
    fc.assert(
      fc.property(fc.array(sample, { maxLength: 8 }), fc.integer({ min: 1, max: 40 }), (samples, size) => {
        const text = samples
          .map(
            one => `${head(one)} ${number(one.value)}${one.timeMs === undefined ? '' : ` ${one.timeMs}`}\n`,
          )
          .join('')
        expect(parsed('prometheus', text, size)).toEqual(samples)
      }),
      { numRuns: 200 },
    )
  })

  it('in OpenMetrics', () => {
    const exemplar = fc.option(fc.record({ labels: labels.map(list => list.slice(0, 3)), value, timeMs }), {
      nil: undefined,
    })
    const sample = fc.record({ name: fullText, labels, value, timeMs, exemplar })
    const seconds = (ms: number | undefined): string => (ms === undefined ? '' : ` ${ms / 1000}`)
    fc.assert(
      fc.property(fc.array(sample, { maxLength: 8 }), fc.integer({ min: 1, max: 40 }), (samples, size) => {
        const lines = samples.map(one => {
          const example =
            one.exemplar === undefined
              ? ''
              : ` # {${labelText(one.exemplar.labels)}} ${number(one.exemplar.value)}${seconds(one.exemplar.timeMs)}`
          return `${head(one)} ${number(one.value)}${seconds(one.timeMs)}${example}\n`
        })
        expect(parsed('openmetrics', `${lines.join('')}# EOF\n`, size)).toEqual(samples)
      }),
      { numRuns: 200 },
    )
  })
})

it('leaves out an exemplar longer than OpenMetrics allows', () => {
  const text = (characters: number) => `a_total 1 # {a="${'x'.repeat(characters)}"} 1\n# EOF\n`
  expect(shown(parsed('openmetrics', text(128)))).toEqual(['left out exemplar_too_long', 'a_total{} 1'])
  expect(shown(parsed('openmetrics', text(127)))).toEqual([`a_total{} 1 # a=${'x'.repeat(127)} 1 @-`])
})

it('scans lines within an open quote once', () => {
  const lines = Array.from({ length: 200_000 }, () => '1').join('\n')
  expect(() => parsed('prometheus', `a{b="${lines}\n`)).toThrow(/^Line 1: a quote is not closed/)
})
