/**
 * Splits a client's text before anything is sent to the engine: into the statement without its closing FORMAT and
 * semicolons, and the format's name.
 */
import { WattlineError } from '../../core/catalogue/errors/errors.ts'
import { FORMAT_NAMES, type OutputFormat, outputFormat } from './formats.ts'
import { assertStatementLength, TokenBudget } from './text-limits.ts'
import { scan, type TokenKind } from './tokens.ts'

/** A statement without FORMAT, and its requested format or the route's default. */
export interface Statement {
  readonly text: string
  readonly format: OutputFormat
}

/** A token other than space and semicolons, and whether a semicolon comes before it. */
interface PlacedToken {
  readonly kind: TokenKind
  readonly start: number
  readonly end: number
  readonly afterSemicolon: boolean
}

/** @throws WattlineError `sql_refused` for an empty or too long text or a format that is not offered. */
export function readStatement(sql: string, defaultFormat: string): Statement {
  assertStatementLength(sql)
  const budget = new TokenBudget(sql)
  /** The last three. */
  const places: PlacedToken[] = []
  let afterSemicolon = false
  scan(sql, (kind, start, end) => {
    budget.count(kind, start)
    if (kind === 'space') return
    if (kind === 'other' && sql[start] === ';') {
      afterSemicolon = true
      return
    }
    places.push({ kind, start, end, afterSemicolon })
    if (places.length > 3) places.shift()
    afterSemicolon = false
  })
  budget.assert()
  const last = places.at(-1)
  const word = places.at(-2)
  const namesFormat =
    last?.kind === 'word' &&
    !last.afterSemicolon &&
    word !== undefined &&
    word.end < last.start &&
    sql.slice(word.start, word.end).toLowerCase() === 'format'
  const end = namesFormat ? places.at(-3)?.end : last?.end
  if (end === undefined) throw new WattlineError('sql_refused', 'The statement is empty.')
  const format = namesFormat ? sql.slice(last.start, last.end) : defaultFormat
  const known = outputFormat(format)
  if (known === undefined) throw unknownFormat(format)
  return { text: sql.slice(0, end), format: known }
}

const unknownFormat = (name: string): WattlineError =>
  new WattlineError(
    'sql_refused',
    `Format ${name.slice(0, 100)} is not supported. Use one of ${FORMAT_NAMES.join(', ')}.`,
  )
