/** Reads the text word by word, since what a word is depends on the brackets that are open. */
import { type PromqlError, syntaxError } from '../model/errors.ts'
import { readString } from './strings.ts'
import type { Token, TokenKind } from './tokens.ts'

const SPACE = /[ \t\r\n]/y
const COMMENT = /#[^\r\n]*/y
const IDENTIFIER = /[A-Za-z_][\w]*/y
const METRIC = /[A-Za-z_:][\w:]*/y
const UTF8_IDENTIFIER = /[\p{L}_][\p{L}\d_.]*/uy
const UTF8_METRIC = /[\p{L}_:][\p{L}\d_.:]*/uy
const NUMBER =
  /(?:0[xX]_?[\da-fA-F](?:_?[\da-fA-F])*|(?:\d(?:_?\d)*(?:\.(?:\d(?:_?\d)*)?)?|\.\d(?:_?\d)*)(?:[eE][+-]?\d(?:_?\d)*)?)/y
const DURATION = /(?:\d+(?:ms|[smhdwy]))+/y
const SYMBOL = /==|=~|!=|!~|<=|<\/|>=|>\/|[-+*/%^=<>(){}[\],:@]/y
const WORD_AFTER = /[\w.]/

/** How names may be written. */
export interface LexerOptions {
  /** Letters of all scripts and dots in names without quotes. */
  readonly utf8Names: boolean
}

/** Reads one text. */
export class Lexer {
  readonly #text: string
  readonly #options: LexerOptions
  #at = 0
  /** Brackets that are open, innermost last. */
  readonly #open: string[] = []

  constructor(text: string, options: LexerOptions) {
    this.#text = text
    this.#options = options
  }

  /** The next token. After the end it stays at the end. */
  next(): Token {
    this.#skip()
    const start = this.#at
    if (start >= this.#text.length) return this.#end(start)
    const token = this.#string() ?? this.#number() ?? this.#name() ?? this.#symbol()
    if (token === undefined) throw this.#unexpected(start)
    return token
  }

  #skip(): void {
    while (this.#match(SPACE) !== undefined || this.#match(COMMENT) !== undefined);
  }

  #end(start: number): Token {
    const open = this.#open.at(-1)
    if (open === '{')
      throw syntaxError(this.#text, { start, end: start }, 'the braces are not closed: add "}"')
    if (open === '[')
      throw syntaxError(this.#text, { start, end: start }, 'the bracket is not closed: add "]"')
    if (open === '(')
      throw syntaxError(this.#text, { start, end: start }, 'the parenthesis is not closed: add ")"')
    return { kind: 'end', text: '', start, end: start }
  }

  #match(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.#at
    const found = pattern.exec(this.#text)?.[0]
    if (found !== undefined) this.#at += found.length
    return found
  }

  #token(kind: TokenKind, text: string): Token {
    return { kind, text, start: this.#at - text.length, end: this.#at }
  }

  #string(): Token | undefined {
    const start = this.#at
    const quote = this.#text[start] ?? ''
    if (!`"'\``.includes(quote)) return undefined
    const { value, end } = readString(this.#text, start)
    this.#at = end
    return { kind: 'string', text: this.#text.slice(start, end), value, start, end }
  }

  #number(): Token | undefined {
    const start = this.#at
    if (this.#open.at(-1) === '{' || !/^\.?\d/.test(this.#text.slice(start, start + 2))) return undefined
    const duration = this.#match(DURATION)
    if (duration !== undefined && !this.#goesOn()) return this.#token('duration', duration)
    this.#at = start
    const number = this.#match(NUMBER)
    if (number !== undefined && !this.#goesOn()) return this.#token('number', number)
    const rest = /[\w.]*/.exec(this.#text.slice(start))?.[0] ?? ''
    throw syntaxError(
      this.#text,
      { start, end: start + rest.length },
      `${JSON.stringify(rest)} is neither a number nor a duration such as 5m`,
    )
  }

  #goesOn(): boolean {
    return WORD_AFTER.test(this.#text[this.#at] ?? ' ')
  }

  #name(): Token | undefined {
    const { utf8Names } = this.#options
    // Within brackets a colon separates, within braces names have none.
    if (this.#open.at(-1) === '{' || this.#open.includes('[')) {
      const name = this.#match(utf8Names ? UTF8_IDENTIFIER : IDENTIFIER)
      return name === undefined ? undefined : this.#token('identifier', name)
    }
    const name = this.#match(utf8Names ? UTF8_METRIC : METRIC)
    if (name === undefined) return undefined
    return this.#token(name.includes(':') ? 'metric' : 'identifier', name)
  }

  #symbol(): Token | undefined {
    const symbol = this.#match(SYMBOL)
    if (symbol === undefined) return undefined
    const token = this.#token('symbol', symbol)
    if ('([{'.includes(symbol)) this.#opened(token)
    if (')]}'.includes(symbol)) this.#closed(token)
    return token
  }

  #opened(token: Token): void {
    const inner = this.#open.at(-1)
    if (inner === '{' || (token.text === '[' && this.#open.includes('['))) throw this.#unexpected(token.start)
    this.#open.push(token.text)
  }

  #closed(token: Token): void {
    const opening = { ')': '(', ']': '[', '}': '{' }[token.text]
    if (this.#open.pop() !== opening) throw this.#unexpected(token.start)
  }

  #unexpected(start: number): PromqlError {
    const character = String.fromCodePoint(this.#text.codePointAt(start) ?? 0)
    return syntaxError(
      this.#text,
      { start, end: start + character.length },
      `unexpected character ${JSON.stringify(character)}`,
    )
  }
}
