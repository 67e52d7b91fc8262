/** What the main thread and the evaluating threads tell each other. Everything in it can be cloned. */
import type { QueryParam } from '../../../core/warehouse/warehouse.ts'

/** Times are milliseconds since the epoch. */
interface TimeRange {
  readonly startMs: number
  readonly endMs: number
}

/** Selectors, as `match[]` has them; several are a union. */
interface SeriesSelection extends TimeRange {
  readonly match: readonly string[]
  /** Entries of the answer; 0: all. */
  readonly limit: number
}

interface EvaluationParameters {
  readonly text: string
  readonly lookbackMs: number
  readonly limit: number
  /** `none`; `some`: with totals; `all`: with samples of each step. */
  readonly stats: 'none' | 'some' | 'all'
}

/** A request to the API, with its parameters read. */
export type Question =
  | ({ readonly kind: 'query'; readonly timeMs: number } & EvaluationParameters)
  | ({ readonly kind: 'query_range'; readonly stepMs: number } & EvaluationParameters & TimeRange)
  | ({ readonly kind: 'series' } & SeriesSelection)
  | ({ readonly kind: 'labels' } & SeriesSelection)
  | ({ readonly kind: 'values'; readonly name: string } & SeriesSelection)
  | ({ readonly kind: 'exemplars'; readonly text: string } & TimeRange)
  | {
      readonly kind: 'metadata'
      readonly metric: string
      readonly limit: number
      readonly limitPerMetric: number
      readonly nowMs: number
    }
  | {
      readonly kind: 'federate'
      readonly match: readonly string[]
      readonly timeMs: number
      readonly lookbackMs: number
    }
  | { readonly kind: 'format'; readonly text: string }
  | { readonly kind: 'parse'; readonly text: string }

/** Limits of one evaluation. */
export interface TaskLimits {
  /** Samples held at once. */
  readonly samples: number
  /** Samples that are read. */
  readonly samplesRead: number
  /** Points of the answer. */
  readonly resultPoints: number
}

/** One evaluation. */
export interface Task {
  readonly question: Question
  /** Whose rows are read: separates what a thread remembers of one caller from that of another. */
  readonly caller: string
  /** Whether one engine, in this process, has all rows: its list of parts then tells which days have changed. */
  readonly tellsVersions: boolean
  /** On the clock of `Date.now()`. */
  readonly deadlineMs: number
  readonly limits: TaskLimits
  /** One Int32, which is not 0 once the client has gone. */
  readonly cancel: SharedArrayBuffer
}

/** A statement that the main thread runs behind the fence, as the caller. */
export interface Read {
  readonly sql: string
  readonly params: Readonly<Record<string, QueryParam>>
  /** Rows of the answer, at most. */
  readonly maxRows: number
}

/** What kind of failure: fixes status and `errorType` of the answer. */
export type FailureKind =
  | 'bad_data'
  | 'execution'
  | 'limit'
  | 'timeout'
  | 'canceled'
  | 'not_found'
  /** A statement failed: the main thread has the error. */
  | 'read'
  | 'internal'

/** To a thread. */
export type ToThread =
  | { readonly type: 'task'; readonly task: Task }
  /** Part of the answer to a statement. */
  | { readonly type: 'chunk'; readonly read: number; readonly bytes: Uint8Array<ArrayBuffer> }
  | { readonly type: 'end'; readonly read: number }
  | { readonly type: 'broken'; readonly read: number }
  /** Bytes of the body have been taken. */
  | { readonly type: 'taken'; readonly bytes: number }

/** From a thread. */
export type FromThread =
  | { readonly type: 'read'; readonly read: number; readonly statement: Read }
  /** Bytes of a statement's answer have been used; their buffer, which can be filled again. Less than 0: no more are wanted. */
  | { readonly type: 'used'; readonly read: number; readonly bytes: number; readonly buffer?: ArrayBuffer }
  /** Part of the body of the answer. */
  | { readonly type: 'body'; readonly bytes: Uint8Array }
  | { readonly type: 'done' }
  | { readonly type: 'failed'; readonly kind: FailureKind; readonly message: string }
