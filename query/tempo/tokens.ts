/** TraceQL in tokens. */
import { WattlineError } from '../../core/catalogue/errors/errors.ts'

/** A token, and where it begins. `name`: a word, or an attribute with its scope. */
export interface TraceQlToken {
  readonly kind: 'text' | 'number' | 'duration' | 'name' | 'symbol' | 'end'
  readonly text: string
  readonly at: number
}

/** Longest query; Grafana's are a few hundred characters. */
const LONGEST = 8_192
const SYMBOLS = /!>>|!<<|&>>|&<<|&>|&<|&~|!>|!<|>>|<<|&&|\|\||=~|!~|!=|>=|<=|[={}()|><~!,+*/%^-]/y
const DURATION = /(?:\d+(?:\.\d+)?(?:ns|us|µs|μs|ms|s|m|h|d))+(?![\w.])/y
const NUMBER = /\d+(?:\.\d+)?(?:e[+-]?\d+)?/iy
/** Attributes may contain dots, dashes and slashes, and parts in quotes. */
const NAME = /(?:[^\s"'`={}()|&<>~!,+*%^\\]|"(?:[^"\\]|\\.)*")+/y
const SPACE = /\s+/y
const TEXT = /"(?:[^"\\]|\\.)*"|`[^`]*`/sy

/** @throws WattlineError `parameter_invalid` */
export function tokensOf(query: string): readonly TraceQlToken[] {
  if (query.length > LONGEST)
    throw new WattlineError('parameter_invalid', `The query has more than ${LONGEST} characters.`)
  const tokens: TraceQlToken[] = []
  let at = 0
  const take = (pattern: RegExp): string | undefined => {
    pattern.lastIndex = at
    return pattern.exec(query)?.[0]
  }
  const push = (kind: TraceQlToken['kind'], text: string, length = text.length): void => {
    tokens.push({ kind, text, at })
    at += length
  }
  while (at < query.length) {
    const space = take(SPACE)
    if (space !== undefined) {
      at += space.length
      continue
    }
    const text = take(TEXT)
    const duration = take(DURATION)
    const number = take(NUMBER)
    const symbol = take(SYMBOLS)
    if (text !== undefined) push('text', unquoted(text, at), text.length)
    else if (duration !== undefined) push('duration', duration)
    else if (number !== undefined) push('number', number)
    else if (symbol !== undefined) push('symbol', symbol)
    else {
      const name = take(NAME)
      if (name === undefined) throw unexpected(query[at] ?? '', at)
      push('name', name)
    }
  }
  tokens.push({ kind: 'end', text: '', at })
  return tokens
}

function unquoted(text: string, at: number): string {
  if (text.startsWith('`')) return text.slice(1, -1)
  return unescaped(text.slice(1, -1), at)
}

const ESCAPES: Readonly<Record<string, string>> = {
  n: '\n',
  t: '\t',
  r: '\r',
  '"': '"',
  '\\': '\\',
  "'": "'",
}

/** The text of a quoted one, without its quotes. @throws WattlineError `parameter_invalid` */
export function unescaped(text: string, at: number): string {
  return text.replaceAll(/\\(u[0-9a-fA-F]{4}|.)/gs, (whole, code: string) => {
    if (code.length === 5) return String.fromCharCode(Number.parseInt(code.slice(1), 16))
    const found = ESCAPES[code]
    if (found === undefined)
      throw new WattlineError(
        'parameter_invalid',
        `TraceQL at ${at}: ${whole} is not an escape; write \\\\ for a backslash.`,
      )
    return found
  })
}

/** The error for a token that does not fit. */
export const unexpected = (text: string, at: number, expected = ''): WattlineError =>
  new WattlineError(
    'parameter_invalid',
    `TraceQL at ${at}: ${text === '' ? 'the query ends too early' : `unexpected ${text.slice(0, 50)}`}${expected === '' ? '.' : `; expected ${expected}.`}`,
  )
