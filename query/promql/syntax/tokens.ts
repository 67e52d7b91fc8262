/** The words of the language, with where they stand. */
import type { Range } from '../model/errors.ts'

export type TokenKind =
  | 'end'
  | 'identifier'
  /** An identifier with a colon: it can only be the name of a metric. */
  | 'metric'
  | 'number'
  | 'duration'
  | 'string'
  /** Operators and brackets: the text tells which. */
  | 'symbol'

export interface Token extends Range {
  readonly kind: TokenKind
  /** As written; keywords are compared in lower case. */
  readonly text: string
  /** Of a string: what it means. */
  readonly value?: string
}

/** Aggregations with a parameter before the vector. */
const WITH_PARAMETER = ['topk', 'bottomk', 'count_values', 'quantile', 'limitk', 'limit_ratio']

const AGGREGATIONS = new Set([
  'sum',
  'avg',
  'count',
  'min',
  'max',
  'group',
  'stddev',
  'stdvar',
  ...WITH_PARAMETER,
])

const EXPERIMENTAL_AGGREGATIONS = ['limitk', 'limit_ratio']

export const isAggregation = (word: string): boolean => AGGREGATIONS.has(word)
export const hasParameter = (aggregation: string): boolean => WITH_PARAMETER.includes(aggregation)
export const isExperimental = (aggregation: string): boolean =>
  EXPERIMENTAL_AGGREGATIONS.includes(aggregation)

/** Words that are no name of a metric, outside of braces. Names of functions are not among them. */
const KEYWORDS = new Set([
  ...AGGREGATIONS,
  ...['and', 'or', 'unless', 'atan2', 'offset', 'smoothed', 'anchored', 'by', 'without', 'on', 'ignoring'],
  ...['group_left', 'group_right', 'bool', 'start', 'end', 'step', 'range', 'max_of', 'min_of', 'inf', 'nan'],
])

/** Keywords that cannot be the name of a metric, wherever they stand. */
const RESERVED = ['bool', 'on', 'ignoring', 'group_left', 'group_right', 'atan2', 'inf', 'nan']

export const canBeMetric = (word: string): boolean => !RESERVED.includes(word)

/** The keyword that a token is, in lower case; undefined for names. Letters outside of ASCII never make a keyword. */
export function keywordOf({ kind, text }: Token): string | undefined {
  if (kind !== 'identifier') return undefined
  const word = text.toLowerCase()
  return KEYWORDS.has(word) && /^\w+$/.test(text) ? word : undefined
}

export const isNumberWord = (word: string): boolean => word === 'inf' || word === 'nan'
