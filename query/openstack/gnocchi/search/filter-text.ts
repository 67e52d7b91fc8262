/** The text form of Gnocchi's query language: `type = instance and not (project_id = "a" or started_at < "2026-11-01")`. */
import { GnocchiError } from '../model/failure.ts'

type QueryToken =
  | { readonly kind: 'mark' | 'operator' | 'word'; readonly text: string }
  | { readonly kind: 'value'; readonly value: string | number | boolean | null }

const PATTERNS = [
  ['space', /\s+/y],
  ['mark', /[()[\],]/y],
  ['operator', />=|<=|!=|==|=|>|<|≠|≥|≤/y],
  ['word', /[∧∨]/y],
  ['quoted', /"([^"]*)"|'([^']*)'/y],
  ['uuid', /[0-9a-f]{8}-?(?:[0-9a-f]{4}-?){3}[0-9a-f]{12}(?![0-9A-Za-z_])/iy],
  ['number', /[+-]?\d+(?:\.\d*)?(?:[eE][+-]?\d+)?(?![0-9A-Za-z_])/y],
  ['name', /[A-Za-z][A-Za-z0-9_]*/y],
] as const

const OPERATOR_WORDS = ['eq', 'ne', 'lt', 'gt', 'ge', 'le', 'in', 'like']
const LOGICAL_WORDS = ['and', 'or', 'not']
const CONSTANTS: Readonly<Record<string, boolean | null>> = {
  None: null,
  none: null,
  null: null,
  True: true,
  true: true,
  False: false,
  false: false,
}

const failAt = (place: number, expected: string): GnocchiError =>
  new GnocchiError(400, `Invalid filter: Expected ${expected}, at char ${place}`)

function tokensOf(text: string): readonly (QueryToken & { readonly place: number })[] {
  const tokens: (QueryToken & { place: number })[] = []
  for (let place = 0; place < text.length; ) {
    const found = PATTERNS.map(([kind, pattern]) => {
      pattern.lastIndex = place
      return { kind, match: pattern.exec(text) }
    }).find(({ match }) => match !== null)
    if (found?.match == null) throw failAt(place, 'a filter')
    const [whole, double, single] = found.match
    if (found.kind !== 'space') tokens.push({ ...tokenOf(found.kind, whole, double ?? single), place })
    place += whole.length
  }
  return tokens
}

function tokenOf(kind: (typeof PATTERNS)[number][0], text: string, quoted: string | undefined): QueryToken {
  if (kind === 'mark' || kind === 'operator' || kind === 'word') return { kind, text }
  if (kind === 'number') return { kind: 'value', value: Number(text) }
  if (kind === 'quoted') return { kind: 'value', value: quoted ?? '' }
  if (kind === 'name' && OPERATOR_WORDS.includes(text)) return { kind: 'operator', text }
  if (kind === 'name' && LOGICAL_WORDS.includes(text)) return { kind: 'word', text }
  return { kind: 'value', value: Object.hasOwn(CONSTANTS, text) ? CONSTANTS[text]! : text }
}

/** Parentheses and `not` within each other. */
const DEEPEST = 100

/** The JSON form of a text. @throws GnocchiError with the place of what is wrong */
export function filterOfText(text: string): unknown {
  const tokens = tokensOf(text)
  let at = 0
  const place = (): number => tokens[at]?.place ?? text.length
  const takes = (kind: QueryToken['kind'], ...texts: readonly string[]): boolean => {
    const token = tokens[at]
    const fits =
      token !== undefined && token.kind === kind && token.kind !== 'value' && texts.includes(token.text)
    if (fits) at += 1
    return fits
  }
  const value = (depth: number): unknown => {
    if (depth > DEEPEST) throw failAt(place(), 'fewer lists within lists')
    if (takes('mark', '[')) {
      const values: unknown[] = []
      while (!takes('mark', ']')) {
        if (values.length > 0 && !takes('mark', ',')) throw failAt(place(), "',' or ']'")
        values.push(value(depth + 1))
      }
      return values
    }
    const token = tokens[at]
    if (token?.kind !== 'value') throw failAt(place(), 'a value')
    at += 1
    return token.value
  }
  const condition = (depth: number): unknown => {
    const field = value(depth)
    const operator = tokens[at]
    if (operator?.kind !== 'operator') throw failAt(place(), 'an operator')
    at += 1
    return { [operator.text]: { [String(field)]: value(depth) } }
  }
  const single = (depth: number): unknown => {
    if (depth > DEEPEST) throw failAt(place(), 'fewer parentheses')
    if (takes('word', 'not')) return { not: single(depth + 1) }
    if (!takes('mark', '(')) return condition(depth)
    const inner = joined(depth + 1, 'or')
    if (!takes('mark', ')')) throw failAt(place(), "')'")
    return inner
  }
  const joined = (depth: number, by: 'or' | 'and'): unknown => {
    const part = (): unknown => (by === 'or' ? joined(depth, 'and') : single(depth))
    const parts = [part()]
    while (takes('word', by, by === 'or' ? '∨' : '∧')) parts.push(part())
    return parts.length === 1 ? parts[0] : { [by]: parts }
  }
  const tree = joined(0, 'or')
  if (at < tokens.length) throw failAt(place(), 'the end of the filter')
  return tree
}
