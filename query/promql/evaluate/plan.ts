/** What is known of a query before it is evaluated. */
import type { SelectorNeed } from '../series/source.ts'
import type { Call, Expr, MatrixSelector, Subquery, ValueType, VectorSelector } from '../syntax/ast.ts'
import type { Features } from '../syntax/features.ts'

export interface QueryRequest {
  readonly startMs: number
  /** The start again for a query for one time. */
  readonly endMs: number
  /** 0 for a query for one time. */
  readonly stepMs: number
  /** How old a sample may be; 5 minutes if not given. */
  readonly lookbackMs?: number
  /** Steps are evaluated in slices of about this length, an hour if not given. */
  readonly sliceMs?: number
  /** The step of subqueries that have none, a minute if not given. */
  readonly subqueryStepMs?: number
  readonly features?: Partial<Features>
}

/** A request with everything that it may leave out. */
export interface QuerySettings extends Required<Omit<QueryRequest, 'features'>> {
  readonly features: Features
}

/** When a selector or a subquery looks. */
export interface ResolvedTiming {
  readonly offsetMs: number
  /** The one time before the offset, where `@` gives it. */
  readonly atMs: number | undefined
}

/** What is known of selectors and subqueries, by expression. */
export type Timings = ReadonlyMap<Expr, ResolvedTiming>

/** A length, in the two ways in which it is needed. */
export interface Length {
  readonly ms: number
  readonly seconds: number
}

/** Which samples a selector needs, relative to the first and last step that are evaluated, or the times themselves. */
export interface NeedWindow {
  /** Needed are samples after it ... */
  readonly fromMs: number
  /** ... up to it. */
  readonly toMs: number
  readonly isFixed: boolean
  /** Whether stale markers end series; ranges skip them. */
  readonly keepsStale: boolean
  /** Whether only count and sum of histograms are asked for. */
  readonly isStatsOnly: boolean
}

export interface Plan {
  readonly text: string
  readonly expr: Expr
  readonly type: ValueType
  readonly settings: QuerySettings
  readonly timings: ReadonlyMap<VectorSelector | Subquery, ResolvedTiming>
  readonly lengths: ReadonlyMap<MatrixSelector | Subquery, Length>
  readonly subqueryStepsMs: ReadonlyMap<Subquery, number>
  /** Expressions with the same result at every step. */
  readonly invariant: ReadonlySet<Expr>
  readonly selectors: readonly SelectorNeed[]
  readonly needOf: ReadonlyMap<VectorSelector, SelectorNeed>
  readonly windows: readonly NeedWindow[]
  /** Selectors of the series that `info` reads. */
  readonly infoSelectors: ReadonlyMap<Call, VectorSelector>
  /** The longest range of a subquery, 0 without one. */
  readonly longestSubqueryMs: number
}
