import { type Label, lineError } from './sample.ts'

/** Names without quotes: of metrics, and of labels, which have no colon. */
const METRIC_NAME = /[a-zA-Z_:][a-zA-Z0-9_:]*/y
const LABEL_NAME = /[a-zA-Z_][a-zA-Z0-9_]*/y
const TOKEN = /[^ \t]+/y
const NUMBER = /^[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?$/
const SPECIAL = /^([+-]?)(inf|infinity|nan)$/i
const ESCAPES: Readonly<Record<string, string>> = { '\\': '\\', '"': '"', n: '\n' }

/** The line ends within quotes: the next line may belong to it. */
export class OpenQuote extends Error {}

/** Reads one line from left to right. Every step examines each character once, so no line takes long to refuse. */
export class LineScanner {
  #text = ''
  #line = 0
  #at = 0

  begin(text: string, line: number): void {
    this.#text = text
    this.#line = line
    this.#at = 0
  }

  get isAtEnd(): boolean {
    return this.#at >= this.#text.length
  }

  peek(): string {
    return this.#text[this.#at] ?? ''
  }

  /** Reads this text if it comes next. */
  accept(text: string): boolean {
    if (!this.#text.startsWith(text, this.#at)) return false
    this.#at += text.length
    return true
  }

  expect(text: string, what: string): void {
    if (!this.accept(text)) throw this.error(`${what} expected`)
  }

  /** Skips spaces and tabs; returns their number. */
  blanks(): number {
    const from = this.#at
    while (this.peek() === ' ' || this.peek() === '\t') this.#at += 1
    return this.#at - from
  }

  metricName(): string {
    return this.#match(METRIC_NAME) ?? this.#missing('the name of a metric')
  }

  /** The name of a metric, with or without quotes. */
  anyName(): string {
    return this.peek() === '"' ? this.quoted('the name of a metric') : this.metricName()
  }

  token(what: string): string {
    return this.#match(TOKEN) ?? this.#missing(what)
  }

  rest(): string {
    const text = this.#text.slice(this.#at)
    this.#at = this.#text.length
    return text
  }

  /** An unknown escape keeps its backslash, as in Prometheus: exporters write Windows paths and command lines. */
  quoted(what: string): string {
    this.expect('"', what)
    let text = ''
    let from = this.#at
    for (;;) {
      const character = this.#text[this.#at]
      if (character === undefined) throw new OpenQuote()
      if (character === '"') break
      if (character === '\\') {
        const next = this.#text[this.#at + 1] ?? ''
        text += this.#text.slice(from, this.#at) + (ESCAPES[next] ?? `\\${next}`)
        this.#at += 1 + next.length
        from = this.#at
      } else this.#at += 1
    }
    text += this.#text.slice(from, this.#at)
    this.#at += 1
    return text
  }

  /**
   * Labels from `{` to `}`. `nameAllowed`: one of them may be the quoted name of the metric. With `spaced`, blanks are
   * allowed between the parts. Commas may be missing, since Prometheus does not require them.
   */
  labels(options: { readonly nameAllowed: boolean; readonly spaced: boolean }): {
    readonly name: string | undefined
    readonly labels: Label[]
  } {
    const { spaced } = options
    const blanks = (): void => void (spaced && this.blanks())
    let name: string | undefined
    const labels: Label[] = []
    const seen = new Set<string>()
    this.expect('{', 'labels')
    blanks()
    while (!this.accept('}')) {
      const isQuoted = this.peek() === '"'
      const key = isQuoted
        ? this.quoted('a name')
        : (this.#match(LABEL_NAME) ?? this.#missing('the name of a label'))
      blanks()
      if (isQuoted && this.peek() !== '=') {
        if (!options.nameAllowed || name !== undefined) throw this.error('`=` expected')
        name = key
      } else {
        this.expect('=', '`=`')
        blanks()
        const value = this.quoted('the value of a label in quotes')
        if (key === '') throw this.error('a label has an empty name')
        if (key === '__name__') throw this.error('a label has the reserved name __name__')
        if (seen.has(key)) throw this.error(`label ${key} appears twice`)
        seen.add(key)
        if (value !== '') labels.push([key, value])
      }
      blanks()
      this.accept(',')
      blanks()
    }
    return { name, labels }
  }

  /** A number in the decimal syntax of Go's ParseFloat. */
  number(what: string): number {
    const text = this.token(what)
    if (NUMBER.test(text)) return Number(text)
    const special = SPECIAL.exec(text)
    if (special === null) throw this.error(`${what} is not a number`, text)
    if (special[2]!.toLowerCase() === 'nan') return Number.NaN
    return special[1] === '-' ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY
  }

  error(what: string, text = this.#text.slice(this.#at)): Error {
    return lineError(this.#line, this.isAtEnd && text === '' ? `${what}, but the line ends` : what, text)
  }

  #missing(what: string): never {
    throw this.error(`${what} expected`)
  }

  #match(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.#at
    const found = pattern.exec(this.#text)?.[0]
    if (found !== undefined) this.#at += found.length
    return found
  }
}
