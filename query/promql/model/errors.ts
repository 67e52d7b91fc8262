/** Errors of queries, and where in the text they are. */

/** A part of the query's text: positions in UTF-16 units, the end exclusive. */
export interface Range {
  readonly start: number
  readonly end: number
}

/** Where a text goes wrong; line and column begin at 1. */
export interface Position extends Range {
  readonly line: number
  readonly column: number
}

/**
 * What the answer must be: `syntax` is the client's mistake in the text, `execution` one that shows when the query runs, `limit` a
 * query that needs more than it may use.
 */
export type ErrorKind = 'syntax' | 'execution' | 'limit' | 'timeout' | 'canceled'

/** A query that has no answer. Its message is for the client. */
export class PromqlError extends Error {
  readonly kind: ErrorKind
  readonly position: Position | undefined

  constructor(kind: ErrorKind, message: string, position?: Position) {
    super(message)
    this.name = 'PromqlError'
    this.kind = kind
    this.position = position
  }
}

/** Line and column of a range in a text. */
export function positionOf(text: string, { start, end }: Range): Position {
  const before = text.slice(0, start)
  const line = before.split('\n').length
  return { start, end, line, column: start - before.lastIndexOf('\n') }
}

/** A mistake in the text, with its position as every client shows it: `1:5: parse error: ...`. */
export function syntaxError(text: string, range: Range, problem: string): PromqlError {
  const position = positionOf(text, range)
  return new PromqlError('syntax', `${position.line}:${position.column}: parse error: ${problem}`, position)
}

export const executionError = (message: string): PromqlError => new PromqlError('execution', message)
