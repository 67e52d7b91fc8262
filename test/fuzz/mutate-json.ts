/** Changes of OTLP/JSON by its tokens: renamed members, values of other kinds, mismatched brackets. */
import type { Dice } from './dice.ts'

export interface JsonSeed {
  readonly text: string
  /** Start and end of each token, one after the other. */
  readonly tokens: Int32Array
}

const TOKEN = /"(?:[^"\\]|\\.)*"|[-+.\w]+|[[\]{}:,]/g

export function parseJsonSeed(text: string): JsonSeed {
  const places = [...text.matchAll(TOKEN)].flatMap(match => [match.index, match.index + match[0].length])
  return { text, tokens: Int32Array.from(places) }
}

const VALUES = [
  'null',
  'true',
  '0',
  '-0',
  '-1',
  '1.5',
  '1e400',
  '1e-400',
  '4294967296',
  '9007199254740993',
  '18446744073709551615',
  '18446744073709551616',
  '1700000000000000001',
  '""',
  '"NaN"',
  '"-Infinity"',
  '"Infinity"',
  '"1e5"',
  '" 5"',
  '"0x10"',
  '"\\ud800"',
  '"\\u0000"',
  '"SPAN_KIND_SERVER"',
  '"SEVERITY_NUMBER_FATAL4"',
  '"AQ=="',
  '"_-8"',
  '"0A0b"',
  '[]',
  '{}',
  '[null]',
  '{"stringValue":"x"}',
  '{"arrayValue":{"values":[{}]}}',
  '{"kvlistValue":{}}',
]
const NAMES = [
  '"attributes"',
  '"value"',
  '"key"',
  '"intValue"',
  '"boolValue"',
  '"doubleValue"',
  '"bytesValue"',
  '"arrayValue"',
  '"kvlistValue"',
  '"values"',
  '"traceId"',
  '"spanId"',
  '"timeUnixNano"',
  '"asInt"',
  '"asDouble"',
  '"count"',
  '"kind"',
  '"__proto__"',
  '"constructor"',
  '"toString"',
  '"dataPoints"',
  '"sum"',
  '"gauge"',
  '"status"',
  '"resource"',
  '"scope"',
]

export function mutateJson({ text, tokens }: JsonSeed, changes: number, dice: Dice): string {
  const count = tokens.length / 2
  let changed = text
  let before = text.length
  // From the end, so that the positions of earlier tokens stay right.
  const targets = Array.from({ length: changes }, () => dice.below(count)).sort((a, b) => b - a)
  for (const target of new Set(targets)) {
    const start = tokens[target * 2]!
    const end = tokens[target * 2 + 1]!
    if (start >= before) continue
    before = start
    changed = changed.slice(0, start) + replacement(changed.slice(start, end), dice) + changed.slice(end)
  }
  return changed
}

function replacement(token: string, dice: Dice): string {
  switch (dice.below(9)) {
    case 0:
      return ''
    case 1:
      return token + token
    case 2:
      return `${token},${dice.pick(VALUES)}`
    case 3:
    case 4:
      return dice.pick(VALUES)
    case 5:
      return dice.pick(NAMES)
    case 6:
      return dice.pick(['[', ']', '{', '}', ':', ',', '"', '\\', '\u0000'])
    case 7: {
      const deep = dice.once(200) ? 20_000 : dice.below(dice.once(10) ? 400 : 40)
      return dice.once(2)
        ? `${'['.repeat(deep)}${token}${']'.repeat(deep)}`
        : `${'{"arrayValue":{"values":['.repeat(deep)}{}${']}}'.repeat(deep)}`
    }
    default:
      return `${dice.pick(NAMES)}:${dice.pick(VALUES)},${token}`
  }
}
