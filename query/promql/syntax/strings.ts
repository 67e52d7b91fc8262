/** Strings in quotes: `"..."` and `'...'` with escapes, and raw ones in backquotes. */
import { syntaxError } from '../model/errors.ts'

const SIMPLE: Readonly<Record<string, string>> = {
  a: '\x07',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
  '\\': '\\',
}

/** Escapes with digits: pattern of the digits, their base, and whether the value is a byte of UTF-8. */
const NUMERIC: readonly (readonly [RegExp, number, boolean])[] = [
  [/([0-7]{3})/y, 8, true],
  [/x([\da-fA-F]{2})/y, 16, true],
  [/u([\da-fA-F]{4})/y, 16, false],
  [/U([\da-fA-F]{8})/y, 16, false],
]

interface Piece {
  readonly bytes: readonly number[]
  readonly end: number
}

const encoder = new TextEncoder()
const decoder = new TextDecoder('utf-8')

/** The string that starts at the position, and the position after it. */
export function readString(text: string, start: number): { value: string; end: number } {
  const quote = text[start] ?? ''
  if (quote === '`') return readRaw(text, start)
  let value = ''
  // Escaped bytes are decoded together: \xc3\xa9 is one letter.
  let bytes: number[] = []
  const flush = (): void => {
    if (bytes.length > 0) value += decoder.decode(Uint8Array.from(bytes))
    bytes = []
  }
  let at = start + 1
  while (at < text.length) {
    const character = text[at] ?? ''
    if (character === '\n') break
    if (character === quote) {
      flush()
      return { value, end: at + 1 }
    }
    if (character === '\\') {
      const piece = readEscape(text, at, quote)
      bytes.push(...piece.bytes)
      at = piece.end
      continue
    }
    flush()
    value += character
    at += 1
  }
  throw syntaxError(text, { start, end: at }, `the string is not closed: add ${quote}`)
}

function readRaw(text: string, start: number): { value: string; end: number } {
  const end = text.indexOf('`', start + 1)
  if (end === -1) {
    throw syntaxError(text, { start, end: text.length }, 'the string is not closed: add `')
  }
  return { value: text.slice(start + 1, end), end: end + 1 }
}

function readEscape(text: string, at: number, quote: string): Piece {
  const letter = text[at + 1] ?? ''
  const simple = letter === quote ? quote : SIMPLE[letter]
  if (simple !== undefined) return { bytes: [...encoder.encode(simple)], end: at + 2 }
  for (const [pattern, base, isByte] of NUMERIC) {
    pattern.lastIndex = at + 1
    const match = pattern.exec(text)
    if (match === null) continue
    const code = Number.parseInt(match[1] ?? '', base)
    if (isByte ? code > 255 : code > 0x10ffff || (code >= 0xd800 && code < 0xe000)) break
    const bytes = isByte ? [code] : [...encoder.encode(String.fromCodePoint(code))]
    return { bytes, end: pattern.lastIndex }
  }
  const range = { start: at, end: Math.min(at + 2, text.length) }
  throw syntaxError(text, range, `${JSON.stringify(`\\${letter}`)} is not an escape that strings know`)
}
