/** Reads errors of the engine, and translates ours into its form, for clients that only know ClickHouse. */
import { type ErrorCode, WattlineError } from '../../core/catalogue/errors/errors.ts'
import { RefusedError } from './verdict.ts'

/** ClickHouse number, name and HTTP status of our codes; the engine's own number takes precedence. */
const NUMBERS: Partial<Record<ErrorCode, readonly [number, string, number]>> = {
  sql_refused: [497, 'ACCESS_DENIED', 403],
  sql_failed: [1002, 'UNKNOWN_EXCEPTION', 400],
  sql_limit: [396, 'TOO_MANY_ROWS_OR_BYTES', 422],
  sql_cancelled: [394, 'QUERY_WAS_CANCELLED', 500],
  session_missing: [372, 'SESSION_NOT_FOUND', 404],
  too_many_queries: [202, 'TOO_MANY_SIMULTANEOUS_QUERIES', 429],
  unauthenticated: [516, 'AUTHENTICATION_FAILED', 401],
  forbidden: [497, 'ACCESS_DENIED', 403],
  parameter_invalid: [36, 'BAD_ARGUMENTS', 400],
  body_undecodable: [271, 'CANNOT_DECOMPRESS', 400],
  media_type_unsupported: [48, 'NOT_IMPLEMENTED', 415],
  body_too_large: [307, 'TOO_MANY_BYTES', 413],
  not_found: [60, 'UNKNOWN_TABLE', 404],
  warehouse_unavailable: [210, 'NETWORK_ERROR', 503],
  draining: [210, 'NETWORK_ERROR', 503],
}

interface EngineError {
  readonly number: number
  readonly status: number
  /** `Code: 60. DB::Exception: ... (UNKNOWN_TABLE)`. */
  readonly text: string
}

/** Number in the engine's text anywhere in the chain of causes. */
function engineNumber(error: unknown): number | undefined {
  let current: unknown = error
  for (let depth = 0; depth < 5 && current instanceof Error; depth++) {
    const found = /\bCode: (\d+)\./.exec(current.message)?.[1]
    if (found !== undefined) return Number(found)
    current = current.cause
  }
  return undefined
}

/** The engine repeats the statement in its errors: this much of each end is kept. */
const HEAD_LENGTH = 4_000
const TAIL_LENGTH = 400

/** Only the engine's sentence: without the number in front, and without our wrapped SQL or the version at the end. */
export function engineSentence(text: string): string {
  const short =
    text.length <= HEAD_LENGTH + TAIL_LENGTH
      ? text
      : `${text.slice(0, HEAD_LENGTH)} ... ${text.slice(-TAIL_LENGTH)}`
  const start = short.indexOf('DB::Exception: ')
  return withoutVersion(start === -1 ? short : short.slice(start + 'DB::Exception: '.length))
    .replace(/: In scope SELECT formatQuerySingleLine[\s\S]*?(\. \([A-Z_0-9]+\)|$)/, '$1')
    .replace(/: While executing [A-Za-z]+/g, '')
    .trim()
}

/** `(version 26.7.2.1 (official build))` at the end. */
function withoutVersion(text: string): string {
  const trimmed = text.trimEnd()
  const at = trimmed.lastIndexOf('(version ')
  return at !== -1 && /^\(version [^()]*(\([^()]*\))?\)$/.test(trimmed.slice(at))
    ? trimmed.slice(0, at)
    : text
}

/** A table that clients may not see is reported as missing. */
const UNKNOWN_TABLE = [60, 'UNKNOWN_TABLE', 404] as const

const UNKNOWN_DATABASE = [81, 'UNKNOWN_DATABASE', 404] as const

/** An error as ClickHouse clients expect it: number, HTTP status and text. */
export function asEngineError(error: WattlineError): EngineError {
  const reason = error.cause instanceof RefusedError ? error.cause.reason : undefined
  const missing = reason === 'table' ? UNKNOWN_TABLE : reason === 'database' ? UNKNOWN_DATABASE : undefined
  const [fallback, name, status] =
    missing ?? NUMBERS[error.code] ?? ([1002, 'UNKNOWN_EXCEPTION', error.status] as const)
  const number = engineNumber(error) ?? fallback
  const sentence = engineSentence(error.message)
  const named = /\([A-Z][A-Z0-9_]{2,}\)$/.test(sentence) ? sentence : `${sentence} (${name})`
  return {
    number,
    status: error.code === 'sql_failed' && (number === 60 || number === 81) ? 404 : status,
    text: `Code: ${number}. DB::Exception: ${named}`,
  }
}

/** The error for a statement that the engine refused, with the engine's own message. */
export function sqlFailed(error: unknown): WattlineError {
  if (error instanceof WattlineError && error.code !== 'sql_failed') return error
  const message = error instanceof Error ? error.message : String(error)
  return new WattlineError('sql_failed', engineSentence(message), { cause: error })
}
