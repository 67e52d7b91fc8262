/**
 * Splits a client's text before anything is sent to the engine: into the statement without its closing FORMAT and
 * semicolons, and the format's name.
 */
import { WattlineError } from '../../core/catalogue/errors/errors.ts'
import { FORMAT_NAMES, type OutputFormat, outputFormat } from './formats.ts'
import { readAssignments } from './settings-clause.ts'
import { assertStatementLength, TokenBudget } from './text-limits.ts'
import { type StatementTokenKind, scan, tokenize } from './tokens.ts'

/** A statement without FORMAT, and its requested format or the route's default. */
export interface Statement {
  readonly text: string
  readonly format: OutputFormat
}

/** A token other than space and semicolons, and whether a semicolon comes before it. */
interface PlacedToken {
  readonly kind: StatementTokenKind
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
  /** `FORMAT x SETTINGS`, where the settings follow the format. */
  let early: { readonly from: number; readonly name: PlacedToken; readonly settings: number } | undefined
  let afterSemicolon = false
  scan(sql, (kind, start, end) => {
    budget.count(kind, start)
    if (kind === 'space') return
    if (kind === 'other' && sql[start] === ';') {
      afterSemicolon = true
      return
    }
    const name = places.at(-1)
    const format = places.at(-2)
    if (kind === 'word' && name?.kind === 'word' && format !== undefined) {
      const isFormat = wordAt(sql, format) === 'format' && sql.slice(start, end).toLowerCase() === 'settings'
      if (isFormat) early = { from: format.start, name, settings: start }
    }
    places.push({ kind, start, end, afterSemicolon })
    if (places.length > 3) places.shift()
    afterSemicolon = false
  })
  budget.assert()
  const last = places.at(-1)
  const word = places.at(-2)
  if (early !== undefined && last !== undefined) {
    const clause = sql.slice(early.settings, last.end)
    const [, ...assignments] = tokenize(clause).filter(token => token.kind !== 'space')
    if (readAssignments(assignments) !== undefined) {
      return {
        text: `${sql.slice(0, early.from)}${clause}`,
        format: formatNamed(wordAt(sql, early.name, false)),
      }
    }
  }
  const namesFormat =
    last?.kind === 'word' &&
    !last.afterSemicolon &&
    word !== undefined &&
    word.end < last.start &&
    wordAt(sql, word) === 'format'
  const end = namesFormat ? places.at(-3)?.end : last?.end
  if (end === undefined) throw new WattlineError('sql_refused', 'The statement is empty.')
  const format = namesFormat ? sql.slice(last.start, last.end) : defaultFormat
  return { text: sql.slice(0, end), format: formatNamed(format) }
}

function wordAt(sql: string, { start, end }: PlacedToken, isLower = true): string {
  const text = sql.slice(start, end)
  return isLower ? text.toLowerCase() : text
}

function formatNamed(name: string): OutputFormat {
  const known = outputFormat(name)
  if (known === undefined) throw unknownFormat(name)
  return known
}

const unknownFormat = (name: string): WattlineError =>
  new WattlineError(
    'sql_refused',
    `Format ${name.slice(0, 100)} is not supported. Use one of ${FORMAT_NAMES.join(', ')}.`,
  )
