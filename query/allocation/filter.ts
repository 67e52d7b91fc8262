/**
 * OpenCost's filter language, version 2: `namespace:"shop"+label[app]:"cart","pay"`. Operands are joined by `+` (and) or `|` (or), never
 * both without parentheses. Values of one comparison are alternatives; of a negated one, none may match.
 */
import { invalid } from '../http/parameters.ts'

/** Fields with a key: `label[app]`. */
export const MAP_FIELDS = ['label', 'annotation', 'namespaceLabel'] as const
/** All other fields. `services` is a list. */
export const PLAIN_FIELDS = [
  'cluster',
  'node',
  'namespace',
  'controllerKind',
  'controllerName',
  'pod',
  'container',
  'provider',
  'services',
  'department',
  'environment',
  'owner',
  'product',
  'team',
  'account',
  'zone',
] as const

/** How a field is compared; `is` is equality. */
export type FilterOperator = 'is' | 'contains' | 'prefix' | 'suffix'

/** A condition on allocations. */
export type Condition =
  | { readonly and: readonly Condition[] }
  | { readonly or: readonly Condition[] }
  | { readonly not: Condition }
  | {
      readonly field: (typeof PLAIN_FIELDS)[number] | (typeof MAP_FIELDS)[number]
      /** Key of a map field; '' for any key. */
      readonly key: string
      readonly comparison: FilterOperator
      readonly value: string
    }

/** The condition that everything meets. */
export const EVERYTHING: Condition = { and: [] }

const LENGTH_MAX = 16_384
const DEPTH_MAX = 50
const VALUES_MAX = 500

const OPERATORS: Readonly<
  Record<string, { readonly comparison: FilterOperator; readonly negated: boolean }>
> = {
  ':': { comparison: 'is', negated: false },
  '!:': { comparison: 'is', negated: true },
  '~:': { comparison: 'contains', negated: false },
  '!~:': { comparison: 'contains', negated: true },
  '<~:': { comparison: 'prefix', negated: false },
  '!<~:': { comparison: 'prefix', negated: true },
  '~>:': { comparison: 'suffix', negated: false },
  '!~>:': { comparison: 'suffix', negated: true },
}

interface FilterToken {
  readonly kind: 'operator' | 'string' | 'key' | 'word' | 'mark' | 'end'
  readonly text: string
  readonly at: number
}

const TOKEN = /(!?(?:<~|~>|~)?:)|"([^"]*)"|\[([^\]]*)\]|([\p{L}\p{Nd}_-]+)|([()+|,])/uy

function tokensOf(text: string): readonly FilterToken[] {
  const tokens: FilterToken[] = []
  let at = 0
  while (at < text.length) {
    if (/\s/.test(text[at]!)) {
      at += 1
      continue
    }
    TOKEN.lastIndex = at
    const found = TOKEN.exec(text)
    if (found === null) throw wrong(`${JSON.stringify(text[at])} at position ${at} is not part of a filter`)
    const [whole, operator, string, key, word, mark] = found
    const kinds = [
      ['operator', operator],
      ['string', string],
      ['key', key],
      ['word', word],
      ['mark', mark],
    ] as const
    for (const [kind, value] of kinds) if (value !== undefined) tokens.push({ kind, text: value, at })
    at += whole.length
  }
  return [...tokens, { kind: 'end', text: '', at }]
}

const wrong = (what: string): Error =>
  invalid('filter', what, 'a filter such as namespace:"shop"+(label[app]:"cart"|pod<~:"web-")')

/** @throws WattlineError `parameter_invalid` */
export function parseFilter(text: string): Condition {
  if (text.length > LENGTH_MAX) throw wrong(`${text.length} characters (at most ${LENGTH_MAX})`)
  const parser = new FilterParser(tokensOf(text))
  return parser.isEmpty() ? EVERYTHING : parser.whole()
}

class FilterParser {
  readonly #tokens: readonly FilterToken[]
  #next = 0
  #values = 0

  constructor(tokens: readonly FilterToken[]) {
    this.#tokens = tokens
  }

  isEmpty(): boolean {
    return this.#tokens[0]!.kind === 'end'
  }

  whole(): Condition {
    const condition = this.#group(0)
    const { kind, text, at } = this.#peek()
    if (kind !== 'end') throw wrong(`${JSON.stringify(text)} at position ${at}, where the filter should end`)
    return condition
  }

  #peek(): FilterToken {
    return this.#tokens[this.#next]!
  }

  #take(): FilterToken {
    const token = this.#peek()
    this.#next += 1
    return token
  }

  #isMark(...marks: readonly string[]): boolean {
    const { kind, text } = this.#peek()
    return kind === 'mark' && marks.includes(text)
  }

  /** Operands joined by one kind of mark. */
  #group(depth: number): Condition {
    if (depth > DEPTH_MAX) throw wrong(`more than ${DEPTH_MAX} nested parentheses`)
    const first = this.#operand(depth)
    if (!this.#isMark('+', '|')) return first
    const joint = this.#peek().text
    const operands = [first]
    while (this.#isMark('+', '|')) {
      const { text, at } = this.#take()
      if (text !== joint) throw wrong(`+ and | without parentheses at position ${at}`)
      operands.push(this.#operand(depth))
    }
    return joint === '+' ? { and: operands } : { or: operands }
  }

  #operand(depth: number): Condition {
    if (!this.#isMark('(')) return this.#comparison()
    const { at } = this.#take()
    const inner = this.#group(depth + 1)
    if (!this.#isMark(')')) throw wrong(`the parenthesis at position ${at} is not closed`)
    this.#take()
    return inner
  }

  #comparison(): Condition {
    const { kind, text, at } = this.#take()
    const field = [...MAP_FIELDS, ...PLAIN_FIELDS].find(name => name === text)
    if (kind !== 'word' || field === undefined) {
      throw wrong(
        `${JSON.stringify(text)} at position ${at} is not a field (${[...PLAIN_FIELDS, ...MAP_FIELDS].join(', ')})`,
      )
    }
    const isMap = MAP_FIELDS.some(name => name === field)
    const key = isMap && this.#peek().kind === 'key' ? this.#take().text : ''
    const sign = this.#take()
    const operator = sign.kind === 'operator' ? OPERATORS[sign.text] : undefined
    if (operator === undefined) {
      throw wrong(
        `${JSON.stringify(sign.text)} at position ${sign.at} is not ${Object.keys(OPERATORS).join(' ')}`,
      )
    }
    // Of lists, and of maps without a key, a value is one of them.
    const isList = field === 'services' || (isMap && key === '')
    const comparison = operator.comparison === 'is' && isList ? 'contains' : operator.comparison
    const values = this.#list().map((value): Condition => ({ field, key, comparison, value }))
    const either: Condition = values.length === 1 ? values[0]! : { or: values }
    return operator.negated ? { not: either } : either
  }

  #list(): readonly string[] {
    const values: string[] = []
    do {
      if (values.length > 0) this.#take()
      const { kind, text, at } = this.#take()
      if (kind !== 'string') throw wrong(`at position ${at} there is no value in double quotes`)
      values.push(text)
      this.#values += 1
      if (this.#values > VALUES_MAX) throw wrong(`more than ${VALUES_MAX} values`)
    } while (this.#isMark(','))
    return values
  }
}
