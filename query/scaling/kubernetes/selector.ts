/** Label selectors of Kubernetes, with the grammar of apimachinery's `labels.Parse`. */
import { WattlineError } from '../../../core/catalogue/errors/errors.ts'
import { quoteHeader } from '../../../core/http/quote-header.ts'
import { type SelectorToken, selectorTokens } from './selector-tokens.ts'

/** What a label must be; all requirements of a selector must hold. */
export interface LabelRequirement {
  readonly key: string
  readonly operator: 'in' | 'notin' | 'exists' | 'absent' | 'above' | 'below'
  readonly values: ReadonlySet<string>
}

/** A selector; without requirements it selects everything. */
export type LabelSelector = readonly LabelRequirement[]

/** Requirements of one selector: a client names a few labels. */
const MOST_REQUIREMENTS = 50

const NAME = /^(?:[A-Za-z0-9](?:[-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)$/
const PREFIX = /^(?=.{1,253}$)[a-z0-9](?:[-a-z0-9]*[a-z0-9])?(?:\.[a-z0-9](?:[-a-z0-9]*[a-z0-9])?)*$/
const INTEGER = /^[-+]?\d{1,18}$/

/** @throws WattlineError `parameter_invalid` */
export function parseLabelSelector(text: string): LabelSelector {
  const parser = new SelectorParser(text)
  const requirements: LabelRequirement[] = []
  if (parser.isAtEnd) return requirements
  do {
    if (requirements.length === MOST_REQUIREMENTS)
      throw parser.failure(`more than ${MOST_REQUIREMENTS} requirements`)
    requirements.push(parser.requirement())
  } while (parser.takesComma())
  return requirements
}

/** Whether labels are selected. */
export const selects = (selector: LabelSelector, labels: Readonly<Record<string, string>>): boolean =>
  selector.every(requirement =>
    holds(requirement, Object.hasOwn(labels, requirement.key) ? labels[requirement.key] : undefined),
  )

function holds({ operator, values }: LabelRequirement, value: string | undefined): boolean {
  switch (operator) {
    case 'exists':
      return value !== undefined
    case 'absent':
      return value === undefined
    case 'in':
      return value !== undefined && values.has(value)
    case 'notin':
      return value === undefined || !values.has(value)
    default: {
      if (value === undefined || !INTEGER.test(value)) return false
      const [bound = ''] = values
      return operator === 'above' ? BigInt(value) > BigInt(bound) : BigInt(value) < BigInt(bound)
    }
  }
}

class SelectorParser {
  readonly #text: string
  readonly #tokens: readonly SelectorToken[]
  #at = 0

  constructor(text: string) {
    this.#text = text
    this.#tokens = selectorTokens(text)
  }

  get isAtEnd(): boolean {
    return this.#at >= this.#tokens.length
  }

  requirement(): LabelRequirement {
    const isNegated = this.#takes('!')
    const key = this.#word('a label')
    if (!isKey(key)) throw this.failure(`${quoteHeader(key)} is not the name of a label`)
    if (isNegated) return { key, operator: 'absent', values: new Set() }
    if (this.isAtEnd || this.#peek() === ',') return { key, operator: 'exists', values: new Set() }
    return this.#restriction(key)
  }

  /** Whether another requirement follows. */
  takesComma(): boolean {
    if (this.isAtEnd) return false
    if (!this.#takes(',')) throw this.failure(`${quoteHeader(this.#peek())} where a comma is expected`)
    return true
  }

  failure(what: string): WattlineError {
    return new WattlineError(
      'parameter_invalid',
      `The label selector ${quoteHeader(this.#text)} cannot be read: ${what}.`,
    )
  }

  #restriction(key: string): LabelRequirement {
    const operator = this.#next()
    switch (operator) {
      case '=':
      case '==':
        return { key, operator: 'in', values: new Set([this.#value()]) }
      case '!=':
        return { key, operator: 'notin', values: new Set([this.#value()]) }
      case 'in':
      case 'notin':
        return { key, operator, values: this.#valueSet() }
      case '<':
      case '>': {
        const bound = this.#value()
        if (!INTEGER.test(bound)) throw this.failure(`${quoteHeader(bound)} is not an integer`)
        return { key, operator: operator === '>' ? 'above' : 'below', values: new Set([bound]) }
      }
      default:
        throw this.failure(`${quoteHeader(operator)} is not one of =, ==, !=, in, notin, <, >`)
    }
  }

  /** `(a, b)`; a value may be empty. */
  #valueSet(): ReadonlySet<string> {
    if (!this.#takes('(')) throw this.failure('values must be in parentheses')
    if (this.#takes(')')) throw this.failure('the set of values is empty')
    const values = new Set<string>()
    do values.add(this.#value())
    while (this.#takes(','))
    if (!this.#takes(')')) throw this.failure('a parenthesis is not closed')
    return values
  }

  /** A value, which may be empty. */
  #value(): string {
    const value = this.#tokens[this.#at]?.word ?? ''
    if (value === '') return ''
    this.#at += 1
    if (!NAME.test(value)) throw this.failure(`${quoteHeader(value)} is not the value of a label`)
    return value
  }

  #word(what: string): string {
    const word = this.#tokens[this.#at]?.word ?? ''
    if (word === '') throw this.failure(`${what} is missing`)
    this.#at += 1
    return word
  }

  #takes(symbol: string): boolean {
    const token = this.#tokens[this.#at]
    if (token === undefined || token.word !== '' || token.text !== symbol) return false
    this.#at += 1
    return true
  }

  #peek(): string {
    return this.#tokens[this.#at]?.text ?? ''
  }

  #next(): string {
    const text = this.#peek()
    this.#at += 1
    return text
  }
}

function isKey(key: string): boolean {
  const slash = key.indexOf('/')
  if (slash < 0) return NAME.test(key)
  return PREFIX.test(key.slice(0, slash)) && NAME.test(key.slice(slash + 1))
}
