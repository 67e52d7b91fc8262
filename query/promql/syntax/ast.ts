/** The tree of a query. */
import type { Range } from '../model/errors.ts'
import type { Matcher } from '../model/matchers.ts'

export type ValueType = 'scalar' | 'vector' | 'matrix' | 'string'

/** A number of seconds in brackets or after `offset`: a literal, or an expression that knows step and range of the query. */
export type DurationExpr =
  | {
      readonly kind: 'seconds'
      readonly seconds: number
      readonly isDuration: boolean
      readonly range: Range
    }
  | { readonly kind: 'step' | 'range'; readonly range: Range }
  | {
      readonly kind: 'unary' | 'paren'
      readonly op: '+' | '-'
      readonly operand: DurationExpr
      readonly range: Range
    }
  | {
      readonly kind: 'binary'
      readonly op: '+' | '-' | '*' | '/' | '%' | '^' | 'min_of' | 'max_of'
      readonly left: DurationExpr
      readonly right: DurationExpr
      readonly range: Range
    }

/** When a selector or a subquery looks, relative to the time of evaluation. */
export interface Timing {
  offset: DurationExpr | undefined
  /** `@`: a time in milliseconds, or an end of the query. */
  at: number | 'start' | 'end' | undefined
}

export interface NumberLiteral {
  readonly kind: 'number'
  readonly value: number
  readonly isDuration: boolean
  readonly range: Range
}

export interface StringLiteral {
  readonly kind: 'string'
  readonly value: string
  readonly range: Range
}

export interface VectorSelector extends Timing {
  readonly kind: 'vector'
  /** The name before the braces, '' where there is none. */
  readonly name: string
  /** The conditions, with the name's if there is one. */
  readonly matchers: readonly Matcher[]
  extension: 'anchored' | 'smoothed' | undefined
  range: Range
}

export interface MatrixSelector {
  readonly kind: 'matrix'
  readonly selector: VectorSelector
  readonly duration: DurationExpr
  range: Range
}

export interface Subquery extends Timing {
  readonly kind: 'subquery'
  readonly expr: Expr
  readonly duration: DurationExpr
  readonly step: DurationExpr | undefined
  range: Range
}

export interface Call {
  readonly kind: 'call'
  readonly func: string
  readonly args: readonly Expr[]
  readonly range: Range
}

export interface Aggregation {
  readonly kind: 'aggregation'
  readonly op: string
  readonly expr: Expr
  readonly parameter: Expr | undefined
  readonly grouping: readonly string[]
  readonly without: boolean
  readonly range: Range
}

/** How the two sides of an operator find each other. */
export interface Matching {
  readonly on: boolean
  readonly labels: readonly string[]
  readonly card: 'one-to-one' | 'many-to-one' | 'one-to-many' | 'many-to-many'
  /** Labels of the "one" side that the result takes over. */
  readonly include: readonly string[]
  readonly fillLeft: number | undefined
  readonly fillRight: number | undefined
}

export interface Binary {
  readonly kind: 'binary'
  readonly op: string
  readonly bool: boolean
  readonly left: Expr
  readonly right: Expr
  /** Undefined where a side is a scalar. */
  matching: Matching | undefined
  readonly range: Range
}

export interface Unary {
  readonly kind: 'unary'
  readonly op: '+' | '-'
  readonly expr: Expr
  readonly range: Range
}

export interface Paren {
  readonly kind: 'paren'
  readonly expr: Expr
  readonly range: Range
}

export type Expr =
  | NumberLiteral
  | StringLiteral
  | VectorSelector
  | MatrixSelector
  | Subquery
  | Call
  | Aggregation
  | Binary
  | Unary
  | Paren

/** The expressions directly below one, in the order of the text. */
export function childrenOf(expr: Expr): readonly Expr[] {
  switch (expr.kind) {
    case 'number':
    case 'string':
    case 'vector':
      return []
    case 'matrix':
      return [expr.selector]
    case 'call':
      return expr.args
    case 'aggregation':
      return expr.parameter === undefined ? [expr.expr] : [expr.parameter, expr.expr]
    case 'binary':
      return [expr.left, expr.right]
    default:
      return [expr.expr]
  }
}

/** An expression without the parentheses around it. */
export function unwrap(expr: Expr): Expr {
  return expr.kind === 'paren' ? unwrap(expr.expr) : expr
}
