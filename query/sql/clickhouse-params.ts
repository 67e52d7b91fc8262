/** Converts parameters (`param_name=value`) of the ClickHouse HTTP interface to values that can be bound. */
import { TupleParam } from '@clickhouse/client'
import { WattlineError } from '../../core/catalogue/errors/errors.ts'
import type { QueryParam, TupleValue } from '../../core/warehouse/warehouse.ts'
import { assertParameterLengths } from './text-limits.ts'
import { type Characters, type StatementToken, tokenize, undoEscapes } from './tokens.ts'

/**
 * Binding escapes values in the engine's form, so the client's escapes are removed first.
 * @throws WattlineError `parameter_invalid` for too many or too long parameters, and for those that cannot be bound.
 */
export function bindParameters(
  sql: string,
  given: ReadonlyMap<string, string>,
): Readonly<Record<string, QueryParam>> {
  if (given.size === 0) return {}
  assertParameterLengths(given)
  const types = placeholderTypes(tokenize(sql))
  return Object.fromEntries(
    [...given].map(([name, text]) => [name, parameterValue(name, text, types.get(name) ?? 'String')]),
  )
}

/** Types by name, from each `{name:Type}` in a statement. */
export function placeholderTypes(tokens: readonly StatementToken[]): ReadonlyMap<string, string> {
  const types = new Map<string, string>()
  let inside: StatementToken[] | undefined
  for (const token of tokens) {
    if (token.text === '{') inside = []
    else if (token.text === '}' && inside !== undefined) {
      const [name, colon, ...type] = inside
      if (name?.kind === 'word' && colon?.text === ':')
        types.set(name.text, type.map(part => part.text).join(''))
      inside = undefined
    } else if (token.kind !== 'space') inside?.push(token)
  }
  return types
}

const COMPOSITE = /^(Array|Tuple|Map)\b/

/**
 * Scalars are escaped as in TabSeparated, with NULL as `\N`; lists, tuples and maps are literals with quoted strings.
 * @throws WattlineError `parameter_invalid` for a value that cannot be bound.
 */
export function parameterValue(name: string, text: string, type: string): QueryParam {
  if (text === '\\N') return null
  if (!COMPOSITE.test(type)) return undoEscapes(text)
  const value = new LiteralReader(text).read()
  if (value !== undefined) return value
  // Other literals without a backslash are passed to the engine unchanged.
  if (!text.includes('\\')) return text
  throw new WattlineError(
    'parameter_invalid',
    `param_${name} is not a ${type.slice(0, 100)} that can be read. Write strings in single quotes and numbers without quotes.`,
  )
}

const DEPTH_MAX = 32
const SPACES = ' \t\r\n'
const SIGNS = `${SPACES},:()[]{}'`
const WHOLE = /^-?[0-9]{1,78}$/
const PLAIN_WORDS: Readonly<Record<string, null | boolean>> = { null: null, true: true, false: false }

/** Reads `['a', ('b', 1), {'k': 2}]`, each character a fixed number of times. */
export class LiteralReader {
  readonly #text: Characters
  #at = 0

  constructor(text: Characters) {
    this.#text = text
  }

  /** Undefined if it is not such a literal, or contains numbers that JavaScript would not keep exactly. */
  read(): QueryParam | undefined {
    const value = this.#value(0)
    return value !== undefined && this.#peek() === '' ? value : undefined
  }

  #value(depth: number): QueryParam | undefined {
    if (depth > DEPTH_MAX) return undefined
    const first = this.#peek()
    if (first === "'") return this.#string()
    if (first === '[') return this.#items(']', depth)
    if (first === '(') {
      const items = this.#items(')', depth)
      return items === undefined ? undefined : (new TupleParam(items) as TupleValue)
    }
    return first === '{' ? this.#map(depth) : this.#plain()
  }

  #items(close: string, depth: number): QueryParam[] | undefined {
    const items: QueryParam[] = []
    this.#at += 1
    while (this.#peek() !== close) {
      if (items.length > 0 && !this.#accept(',')) return undefined
      const item = this.#value(depth + 1)
      if (item === undefined) return undefined
      items.push(item)
    }
    this.#at += 1
    return items
  }

  #map(depth: number): ReadonlyMap<QueryParam, QueryParam> | undefined {
    const entries = new Map<QueryParam, QueryParam>()
    this.#at += 1
    while (this.#peek() !== '}') {
      if (entries.size > 0 && !this.#accept(',')) return undefined
      const key = this.#value(depth + 1)
      if (key === undefined || !this.#accept(':')) return undefined
      const value = this.#value(depth + 1)
      if (value === undefined) return undefined
      entries.set(key, value)
    }
    this.#at += 1
    return entries
  }

  #string(): string | undefined {
    const start = this.#at + 1
    for (let at = start; at < this.#text.length; at++) {
      const character = this.#character(at)
      if (character === '\\') at += 1
      else if (character === "'") {
        this.#at = at + 1
        return undoEscapes(this.#text.slice(start, at))
      }
    }
    return undefined
  }

  #plain(): QueryParam | undefined {
    const start = this.#at
    while (this.#at < this.#text.length && !SIGNS.includes(this.#character(this.#at))) this.#at += 1
    const word = this.#text.slice(start, this.#at)
    if (WHOLE.test(word)) return BigInt(word)
    const lower = word.toLowerCase()
    if (Object.hasOwn(PLAIN_WORDS, lower)) return PLAIN_WORDS[lower]
    const number = Number(word)
    return word !== '' && String(number) === word ? number : undefined
  }

  /** The next character that is not a space; '' at the end. */
  #peek(): string {
    while (this.#at < this.#text.length && SPACES.includes(this.#character(this.#at))) this.#at += 1
    return this.#at < this.#text.length ? this.#character(this.#at) : ''
  }

  #character(at: number): string {
    return String.fromCharCode(this.#text.charCodeAt(at))
  }

  #accept(character: string): boolean {
    if (this.#peek() !== character) return false
    this.#at += 1
    return true
  }
}
