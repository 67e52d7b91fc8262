/** The tokens of a text with one that may be looked at before it is taken. */
import { type PromqlError, type Range, syntaxError } from '../model/errors.ts'
import type { Features } from './features.ts'
import { Lexer } from './lexer.ts'
import { keywordOf, type Token } from './tokens.ts'

/** Groups that may lie in each other. A query that nests deeper was not written by hand. */
const MAX_DEPTH = 200

export class TokenStream {
  readonly text: string
  readonly features: Features
  readonly #lexer: Lexer
  #current: Token
  #previousEnd = 0
  #depth = 0

  constructor(text: string, features: Features) {
    this.text = text
    this.features = features
    this.#lexer = new Lexer(text, features)
    this.#current = this.#lexer.next()
  }

  /** The token that comes next. */
  get current(): Token {
    return this.#current
  }

  /** Whether nothing is left. */
  get isAtEnd(): boolean {
    return this.#current.kind === 'end'
  }

  /** Where the token that was taken last ends. */
  get previousEnd(): number {
    return this.#previousEnd
  }

  /** The keyword that comes next, if it is one. */
  get keyword(): string | undefined {
    return keywordOf(this.#current)
  }

  take(): Token {
    const token = this.#current
    this.#previousEnd = token.end
    this.#current = this.#lexer.next()
    return token
  }

  isSymbol(...symbols: readonly string[]): boolean {
    return this.#current.kind === 'symbol' && symbols.includes(this.#current.text)
  }

  isKeyword(...words: readonly string[]): boolean {
    const { keyword } = this
    return keyword !== undefined && words.includes(keyword)
  }

  /** Takes the symbol if it comes next. */
  takeIf(symbol: string): boolean {
    if (!this.isSymbol(symbol)) return false
    this.take()
    return true
  }

  /** Takes a symbol that must come; `where` says in what. */
  expect(symbol: string, where: string): Token {
    if (!this.isSymbol(symbol)) throw this.unexpected(where, `"${symbol}"`)
    return this.take()
  }

  /** Whether the rest of the text begins with an opening parenthesis, after the current token. */
  isCallAhead(): boolean {
    return /^\s*\(/.test(this.text.slice(this.#current.end))
  }

  /** The error that what comes next does not fit. */
  unexpected(where: string, expected: string): PromqlError {
    const { kind, text } = this.#current
    const found = kind === 'end' ? 'end of the query' : JSON.stringify(text)
    return this.error(this.#current, `unexpected ${found} ${where}, expected ${expected}`)
  }

  error(range: Range, problem: string): PromqlError {
    return syntaxError(this.text, range, problem)
  }

  /** Runs a parser one level deeper. */
  nested<T>(parse: () => T): T {
    this.#depth += 1
    if (this.#depth > MAX_DEPTH) {
      throw this.error(this.#current, `the query nests deeper than ${MAX_DEPTH} levels: split it`)
    }
    const result = parse()
    this.#depth -= 1
    return result
  }
}
