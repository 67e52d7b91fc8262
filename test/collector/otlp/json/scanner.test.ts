/**
 * Guarantees: the scanner accepts exactly what JSON.parse accepts, reads strings as it does, and uses no more than a
 * few times the bytes, for any number of values.
 */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { jsonToProtobuf } from '../../../../collector/otlp/json/json.ts'
import { JsonScanner } from '../../../../collector/otlp/json/scanner.ts'
import { runs } from '../../../support/runs.ts'
import { jsonRows } from '../rows.ts'

const TIME = '1700000000000000000'

function accepts(text: string): boolean {
  const scanner = new JsonScanner(Buffer.from(text), 100)
  try {
    scanner.skip()
    scanner.end()
    return true
  } catch (error) {
    expect(error).toMatchObject({ code: 'body_undecodable' })
    return false
  }
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}

const json = fc.oneof(
  fc.json({ maxDepth: 4, noUnicodeString: false }),
  fc.json({ maxDepth: 4 }).map(text => JSON.stringify(JSON.parse(text), null, 1)),
)
const shard = fc.oneof(
  fc.constantFrom(...'{}[]:,"\\-+.0123eEuU tfn\t\r\n\u00a0\u0000'),
  fc.constantFrom(
    'true',
    'null',
    'false',
    '\\u00e9',
    '\\ud83d',
    '\\x',
    '1e5',
    '-0',
    '01',
    '.5',
    '1.',
    '1e',
    '\ufeff',
  ),
)

describe('the scanner', () => {
  it('accepts JSON', () => {
    fc.assert(fc.property(json, text => accepts(text)))
  })

  it('accepts exactly what JSON.parse accepts', () => {
    fc.assert(
      fc.property(
        json,
        fc.nat(),
        fc.array(shard, { maxLength: 3 }),
        fc.nat(3),
        (text, place, inserted, removed) => {
          const at = place % (text.length + 1)
          const changed = text.slice(0, at) + inserted.join('') + text.slice(at + removed)
          // Half a surrogate pair is not valid UTF-8, which the scanner does not check.
          fc.pre(changed.isWellFormed() && !changed.startsWith('\ufeff'))
          expect([changed, accepts(changed)]).toEqual([changed, isJson(changed)])
        },
      ),
      { numRuns: runs(800) },
    )
  })

  it('accepts combinations of fragments like JSON.parse', () => {
    fc.assert(
      fc.property(fc.array(shard, { maxLength: 8 }), shards => {
        const text = shards.join('')
        fc.pre(!text.startsWith('\ufeff'))
        expect([text, accepts(text)]).toEqual([text, isJson(text)])
      }),
      { numRuns: runs(800) },
    )
  })

  it('skips a byte order mark, and limits the depth of ignored values', () => {
    expect(accepts('\ufeff{}')).toBe(true)
    expect(accepts(`${'['.repeat(100)}${']'.repeat(100)}`)).toBe(true)
    expect(accepts(`${'['.repeat(101)}${']'.repeat(101)}`)).toBe(false)
    expect(accepts('{"a":'.repeat(1_000_000))).toBe(false)
  })

  it('names the byte position', () => {
    const failure = (text: string) => () => jsonToProtobuf('logs', Buffer.from(text))
    expect(failure('{"a":1,}')).toThrow('unexpected "}" at byte 7')
    expect(failure('{"a":"\u0007"}')).toThrow('unexpected byte 7 at byte 6')
    expect(failure('{"a"')).toThrow('unexpected end at byte 4')
    expect(failure('{} {}')).toThrow('unexpected "{" at byte 3')
  })
})

describe('strings', () => {
  const textOf = (member: string): unknown =>
    jsonRows(
      'logs',
      `{"resourceLogs":[{"scopeLogs":[{"logRecords":[{"timeUnixNano":"${TIME}","severityText":${member}}]}]}]}`,
    )[0]!['SeverityText']

  it('equal those of JSON.parse, with any escapes', () => {
    const escaped = fc
      .array(
        fc.oneof(
          fc.string({ unit: 'binary', maxLength: 3 }).map(text => JSON.stringify(text).slice(1, -1)),
          fc.nat(0xffff).map(unit => `\\u${unit.toString(16).padStart(4, '0')}`),
          fc.nat(0xffff).map(unit => `\\u${unit.toString(16).padStart(4, '0').toUpperCase()}`),
          fc.constantFrom(
            '\\ud83d\\ude00',
            '\\ud83d\\ud83d\\ude00',
            '\\ude00',
            '\\ud83d',
            '\\/',
            '\\b\\f\\n\\r\\t\\"\\\\',
          ),
        ),
        { maxLength: 12 },
      )
      .map(parts => `"${parts.join('')}"`)
    fc.assert(
      fc.property(escaped, text => {
        // A half pair beside a half pair written the other way is a pair to JSON.parse; to bytes it is none.
        fc.pre(text.isWellFormed())
        expect(textOf(text)).toBe((JSON.parse(text) as string).toWellFormed())
      }),
      { numRuns: runs(150) },
    )
  })

  it('may be long, with and without escapes', () => {
    const long = 'é\n'.repeat(100_000)
    expect(textOf(JSON.stringify(long))).toBe(long)
    expect(textOf(JSON.stringify('x'.repeat(300_000)))).toBe('x'.repeat(300_000))
  })

  it('may have escapes in field names, digits and ids', () => {
    const plain = `{"resourceLogs":[{"scopeLogs":[{"logRecords":[{"timeUnixNano":"${TIME}","traceId":"${'0a'.repeat(16)}"}]}]}]}`
    const odd = plain
      .replace('timeUnixNano', 'time\\u0055nixNano')
      .replace('"17', '"\\u00317')
      .replace('"0a', '"\\u0030a')
    expect(jsonRows('logs', odd)).toEqual(jsonRows('logs', plain))
  })
})

describe('bodies of very many values', () => {
  const BYTES = 16 * 2 ** 20
  const filled = (before: string, part: string, after: string): Buffer =>
    Buffer.concat([
      Buffer.from(before),
      Buffer.alloc(BYTES - (BYTES % part.length), part),
      Buffer.from(after),
    ])
  const record = '{"resourceLogs":[{"scopeLogs":[{"logRecords":['

  it.each([
    ['empty messages', filled('{"resourceLogs":[', '{},', '{}]}')],
    ['unknown values', filled('{"later":[', '[],', '0]}')],
    ['unknown members', filled('{', '"a":0,', '"b":0}')],
    ['attributes', filled(`${record}{"timeUnixNano":${TIME},"attributes":[`, '{},', '{}]}]}]}]}')],
    [
      'integers of 19 digits',
      filled(`${record}{"timeUnixNano":${TIME}},`, `{"timeUnixNano":${TIME}},`, '{}]}]}]}'),
    ],
  ])('take a small multiple of their bytes: %s', (_what, body) => {
    const before = process.memoryUsage()
    jsonToProtobuf('logs', body)
    const after = process.memoryUsage()
    // Objects of them would be hundreds of megabytes; this is not collected in between.
    expect(after.heapUsed - before.heapUsed).toBeLessThan(BYTES)
    expect(after.arrayBuffers - before.arrayBuffers).toBeLessThanOrEqual(2 * BYTES)
  })

  it('do not move bytes once for each level of nesting', () => {
    const levels = 290
    const open = '{"arrayValue":{"values":['.repeat(levels / 2)
    const text = `${record}{"body":${open}{"stringValue":"${'x'.repeat(1000)}"}${']}}'.repeat(levels / 2)}}]}]}]}`
    const deep = jsonToProtobuf('logs', Buffer.from(text))
    // A length takes five bytes from some level on, and the decoder takes that.
    expect(deep.length).toBeGreaterThan(1000 + (levels - 20) * 6)
    const [row] = jsonRows('logs', text.replace('{"body"', `{"timeUnixNano":${TIME},"body"`))
    expect(row!['Body']).toContain('[[[[null]]]]')
  })

  it('reserve their decoded size before it is allocated', () => {
    const taken: number[] = []
    const memory = {
      acquire(bytes: number) {
        taken.push(bytes)
        if (bytes > 3_000) throw new Error('no more')
        return Buffer.alloc(bytes)
      },
      release() {},
    }
    const counts = Array.from({ length: 1_000 }, () => 0).join(',')
    const text = `{"resourceMetrics":[{"scopeMetrics":[{"metrics":[{"histogram":{"dataPoints":[{"bucketCounts":[${counts}]}]}}]}]}]}`
    expect(() => jsonToProtobuf('metrics', Buffer.from(text), memory)).toThrow('no more')
    expect(taken).toEqual([text.length, 2 * text.length])
  })
})
