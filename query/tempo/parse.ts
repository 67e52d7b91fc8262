/** Parses TraceQL. Errors name the place, and what is expected or not supported there. */
import { WattlineError } from '../../core/catalogue/errors/errors.ts'
import { SPAN_KINDS, SPAN_STATUS_CODES } from '../../core/model/streams/traces.ts'
import { goDuration } from '../traces/go-duration.ts'
import { fieldOf } from './fields.ts'
import { type TraceQlToken, tokensOf, unexpected } from './tokens.ts'
import type {
  ComparisonOperator,
  Field,
  Literal,
  SpanCondition,
  Spanset,
  Stage,
  TraceQuery,
} from './traceql.ts'

const COMPARISONS: readonly string[] = ['=', '!=', '>', '>=', '<', '<=', '=~', '!~']
const MIRRORED: Readonly<Record<string, ComparisonOperator>> = { '>': '<', '<': '>', '>=': '<=', '<=': '>=' }
const WORDS: readonly string[] = [...SPAN_KINDS, ...SPAN_STATUS_CODES].map(word => word.toLowerCase())
const UNSUPPORTED_SETS: readonly string[] = [
  '>>',
  '<<',
  '!>',
  '!<',
  '!>>',
  '!<<',
  '&>',
  '&<',
  '&>>',
  '&<<',
  '&~',
]
const AGGREGATES = ['count', 'avg', 'min', 'max', 'sum'] as const
/** Nested parentheses. */
const DEEPEST = 50
/** Filters and comparisons of one query. */
const MOST_CONDITIONS = 100

type ComparisonOperand = { readonly field: Field } | { readonly literal: Literal }

/** @throws WattlineError `parameter_invalid` */
export function parseTraceQl(text: string): TraceQuery {
  return new TraceQlParser(tokensOf(text.trim() === '' ? '{}' : text)).query()
}

class TraceQlParser {
  readonly #tokens: readonly TraceQlToken[]
  #at = 0
  #depth = 0
  #conditions = 0

  constructor(tokens: readonly TraceQlToken[]) {
    this.#tokens = tokens
  }

  query(): TraceQuery {
    const spanset = this.#spansets()
    const stages: Stage[] = []
    while (this.#takes('|')) stages.push(this.#stage())
    // Hints of execution, such as `with (most_recent=true)`, change nothing here: the newest come first anyway.
    if (this.#now.text === 'with') this.#hints()
    if (this.#now.kind !== 'end') throw this.#wrong('| or the end')
    return { spanset, stages }
  }

  get #now(): TraceQlToken {
    return this.#tokens[this.#at]!
  }

  #takes(symbol: string): boolean {
    const { kind, text } = this.#now
    if (kind !== 'symbol' || text !== symbol) return false
    this.#at += 1
    return true
  }

  #expect(symbol: string): void {
    if (!this.#takes(symbol)) throw this.#wrong(symbol)
  }

  #wrong(expected: string): WattlineError {
    return unexpected(this.#now.text, this.#now.at, expected)
  }

  #unsupported(what: string): WattlineError {
    return new WattlineError(
      'parameter_invalid',
      `TraceQL at ${this.#now.at}: ${what} is not supported (docs/traces.md has what is).`,
    )
  }

  #deeper<Result>(read: () => Result): Result {
    this.#depth += 1
    if (this.#depth > DEEPEST) throw this.#unsupported(`nesting of more than ${DEEPEST} levels`)
    const result = read()
    this.#depth -= 1
    return result
  }

  #spansets(): Spanset {
    let left = this.#spansetAnd()
    while (this.#takes('||')) left = { kind: '||', left, right: this.#spansetAnd() }
    return left
  }

  #spansetAnd(): Spanset {
    let left = this.#structural()
    while (this.#takes('&&')) left = { kind: '&&', left, right: this.#structural() }
    return left
  }

  #structural(): Spanset {
    let left = this.#spanset()
    for (;;) {
      const { kind, text } = this.#now
      if (kind !== 'symbol') return left
      if (UNSUPPORTED_SETS.includes(text)) throw this.#unsupported(`the operator ${text}`)
      if (text !== '>' && text !== '<' && text !== '~') return left
      this.#at += 1
      left = { kind: text, left, right: this.#spanset() }
    }
  }

  #spanset(): Spanset {
    if (this.#takes('(')) {
      const inner = this.#deeper(() => this.#spansets())
      this.#expect(')')
      return inner
    }
    return { kind: 'filter', condition: this.#braces() }
  }

  #braces(): SpanCondition {
    this.#expect('{')
    if (this.#takes('}')) return { kind: 'always', value: true }
    const condition = this.#deeper(() => this.#either())
    this.#expect('}')
    return condition
  }

  #either(): SpanCondition {
    let left = this.#both()
    while (this.#takes('||')) left = { kind: 'or', left, right: this.#both() }
    return left
  }

  #both(): SpanCondition {
    let left = this.#one()
    while (this.#takes('&&')) left = { kind: 'and', left, right: this.#one() }
    return left
  }

  #one(): SpanCondition {
    this.#conditions += 1
    if (this.#conditions > MOST_CONDITIONS) throw this.#unsupported(`more than ${MOST_CONDITIONS} conditions`)
    if (this.#takes('!')) return { kind: 'not', inner: this.#deeper(() => this.#one()) }
    if (this.#takes('(')) {
      const inner = this.#deeper(() => this.#either())
      this.#expect(')')
      return inner
    }
    const left = this.#operand()
    const { text, kind } = this.#now
    if (kind === 'symbol' && COMPARISONS.includes(text)) {
      this.#at += 1
      return this.#comparison(left, text as ComparisonOperator, this.#operand())
    }
    if (kind === 'symbol' && /^[-+*/%^]$/.test(text)) throw this.#unsupported('arithmetic')
    if ('field' in left)
      return { kind: 'compare', field: left.field, op: '=', value: { kind: 'bool', value: true } }
    if (left.literal.kind === 'bool') return { kind: 'always', value: left.literal.value }
    throw this.#wrong('a comparison')
  }

  #comparison(left: ComparisonOperand, op: ComparisonOperator, right: ComparisonOperand): SpanCondition {
    if ('field' in left && 'literal' in right)
      return { kind: 'compare', field: left.field, op, value: right.literal }
    if ('literal' in left && 'field' in right)
      return { kind: 'compare', field: right.field, op: MIRRORED[op] ?? op, value: left.literal }
    throw this.#unsupported('comparing two attributes or two constants')
  }

  #operand(): ComparisonOperand {
    const token = this.#now
    const isNegative = this.#takes('-')
    const { kind, text, at } = this.#now
    this.#at += 1
    const sign = isNegative ? -1 : 1
    if (kind === 'number') return { literal: { kind: 'number', value: sign * Number(text) } }
    if (kind === 'duration') return { literal: { kind: 'duration', value: sign * nanoOf(text, at) } }
    if (isNegative) throw unexpected(token.text, token.at, 'a number after -')
    if (kind === 'text') return { literal: { kind: 'text', value: text } }
    if (kind !== 'name') throw unexpected(text, at, 'an attribute, an intrinsic or a constant')
    if (text === 'true' || text === 'false') return { literal: { kind: 'bool', value: text === 'true' } }
    if (text === 'nil') return { literal: { kind: 'nil' } }
    const field = fieldOf(text, at)
    if (field !== undefined) return { field }
    if (WORDS.includes(text)) return { literal: { kind: 'word', value: text } }
    throw unexpected(
      text,
      at,
      'an attribute such as .name, span.name or resource.name, or an intrinsic such as duration',
    )
  }

  #stage(): Stage {
    if (this.#now.text === '{') return { kind: 'filter', condition: this.#braces() }
    const { text } = this.#now
    if (text === 'select') return this.#select()
    const name = AGGREGATES.find(one => one === text)
    if (name === undefined)
      throw this.#unsupported(
        /_over_time$|^rate$|^compare$|^topk$|^bottomk$/.test(text)
          ? `${text}: ask for metrics in PromQL or SQL; it`
          : `the pipeline stage ${text.slice(0, 50)}`,
      )
    this.#at += 1
    this.#expect('(')
    const field = this.#now.text === ')' ? null : this.#field()
    this.#expect(')')
    if ((field === null) !== (name === 'count'))
      throw this.#unsupported(`${name} of ${field === null ? 'nothing' : 'a field'}`)
    const { text: op } = this.#now
    if (!COMPARISONS.includes(op) || op === '=~' || op === '!~') throw this.#wrong('a comparison such as > 3')
    this.#at += 1
    const value = this.#operand()
    if (!('literal' in value) || (value.literal.kind !== 'number' && value.literal.kind !== 'duration'))
      throw this.#unsupported('comparing an aggregate with anything but a number or a duration')
    return { kind: 'aggregate', name, field, op: op as '=', value: value.literal.value }
  }

  #select(): Stage {
    this.#at += 1
    this.#expect('(')
    const fields = [this.#field()]
    while (this.#takes(',')) fields.push(this.#field())
    this.#expect(')')
    return { kind: 'select', fields }
  }

  #field(): Field {
    const { text, at } = this.#now
    const field = this.#now.kind === 'name' ? fieldOf(text, at) : undefined
    if (field === undefined) throw this.#wrong('an attribute or an intrinsic')
    this.#at += 1
    return field
  }

  #hints(): void {
    this.#at += 1
    this.#expect('(')
    while (!this.#takes(')')) {
      if (this.#now.kind === 'end') throw this.#wrong(')')
      this.#at += 1
    }
  }
}

function nanoOf(text: string, at: number): number {
  const nano = goDuration(text)
  if (nano === undefined) throw unexpected(text, at, 'a duration such as 100ms')
  return Number(nano)
}
