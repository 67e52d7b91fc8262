/**
 * Limits that are checked before anything parses a client's text, and limits on its tokens that are checked before the
 * engine parses it: the engine's own parser takes seconds for some inputs, and cannot be stopped there.
 */
import { WattlineError } from '../../core/catalogue/errors/errors.ts'
import type { StatementTokenKind } from './tokens.ts'
import { RefusedError } from './verdict.ts'

/** Longer statements are refused: the checks take time in proportion, and no person writes them. */
export const STATEMENT_MAX_BYTES = 262_144
/** A body with a statement and its parameters, also when decompressed. */
export const BODY_MAX_BYTES = 4 * STATEMENT_MAX_BYTES
/** Parameters of one request. */
export const PARAMETERS_MAX = 1_000
/** UTF-8 bytes of one value; for a list, of all its items together. */
export const PARAMETER_MAX_BYTES = 262_144

/** Tokens other than space: the engine needs about 1 kB for each. */
const TOKENS_MAX = 100_000
/** Each branch of a UNION and each subquery is a separate query: 8,000 take the engine ten seconds. */
const SELECTS_MAX = 200
/**
 * Each may begin a heredoc, and the engine searches the whole rest of the text for its end: 40,000 take it six seconds.
 */
const DOLLARS_MAX = 1_000
/** Nesting of parentheses, brackets and braces; the engine's parser gives up soon after. */
const NESTING_MAX = 150

/** @throws WattlineError `sql_refused` */
export function assertStatementLength(sql: string): void {
  // UTF-16 text takes at most three bytes per unit, so the size of a much too long text is not computed.
  if (sql.length > STATEMENT_MAX_BYTES || Buffer.byteLength(sql) > STATEMENT_MAX_BYTES) {
    throw tooLong(`The statement is longer than ${STATEMENT_MAX_BYTES} bytes. Shorten it`)
  }
}

/** @throws WattlineError `parameter_invalid` */
export function assertParameterLengths(parameters: Iterable<readonly [name: string, value: unknown]>): void {
  let count = 0
  for (const [name, value] of parameters) {
    count += 1
    if (count > PARAMETERS_MAX) {
      throw new WattlineError('parameter_invalid', `More than ${PARAMETERS_MAX} parameters were sent.`)
    }
    if (lengthOf(value) > PARAMETER_MAX_BYTES) {
      throw new WattlineError(
        'parameter_invalid',
        `Parameter ${name.slice(0, 64)} is longer than ${PARAMETER_MAX_BYTES} bytes.`,
      )
    }
  }
}

function lengthOf(value: unknown): number {
  if (typeof value === 'string')
    return value.length > PARAMETER_MAX_BYTES ? value.length : Buffer.byteLength(value)
  if (!Array.isArray(value)) return 0
  return value.reduce<number>((sum, item) => sum + 2 + lengthOf(item), 0)
}

/** Counts a statement's parts, token by token, and reports which of them exceed a limit. */
export class TokenBudget {
  readonly #sql: string
  #solid = 0
  #depth = 0
  #deepest = 0

  constructor(sql: string) {
    this.#sql = sql
  }

  count(kind: StatementTokenKind, start: number): void {
    if (kind !== 'space') this.#solid += 1
    if (kind !== 'other') return
    const sign = this.#sql[start]!
    if ('([{'.includes(sign)) {
      this.#depth += 1
      this.#deepest = Math.max(this.#deepest, this.#depth)
    } else if (')]}'.includes(sign)) this.#depth -= 1
  }

  /**
   * SELECTs and dollar signs are counted in the whole text, since a way around our tokens would cost the engine
   * seconds: both parsers need not agree on what is a string.
   * @throws WattlineError `sql_refused`
   */
  assert(): void {
    if (occurrences(this.#sql.toLowerCase(), 'select') > SELECTS_MAX) {
      throw tooLong(`The statement has more than ${SELECTS_MAX} SELECTs`)
    }
    if (occurrences(this.#sql, '$') > DOLLARS_MAX) {
      throw tooLong(`The statement has more than ${DOLLARS_MAX} dollar signs`)
    }
    if (this.#solid > TOKENS_MAX) throw tooLong(`The statement has more than ${TOKENS_MAX} words and signs`)
    if (this.#deepest > NESTING_MAX) throw tooLong(`Parentheses are nested more than ${NESTING_MAX} deep`)
  }
}

function occurrences(text: string, wanted: string): number {
  let count = 0
  for (let at = text.indexOf(wanted); at !== -1; at = text.indexOf(wanted, at + wanted.length)) count += 1
  return count
}

const tooLong = (detail: string): WattlineError =>
  new WattlineError('sql_refused', `${detail}.`, { cause: new RefusedError('too_long', detail) })
