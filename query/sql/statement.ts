/**
 * What a client sent, taken apart before anything is asked of the engine: the statement without its closing FORMAT and
 * semicolons, and the format's name.
 */
import { WattlineError } from '../../core/runtime/errors.ts'
import { FORMAT_NAMES, type OutputFormat, outputFormat } from './formats.ts'
import { assertModest, assertStatementLength } from './text-limits.ts'
import { type Token, tokenize } from './tokens.ts'

export interface Statement {
  readonly text: string
  /** Of the text. */
  readonly tokens: readonly Token[]
  readonly format: OutputFormat
}

/** @throws WattlineError `sql_refused` for an empty or too long text or a format that is not offered. */
export function readStatement(sql: string, defaultFormat: string): Statement {
  assertStatementLength(sql)
  const tokens = [...tokenize(sql)]
  assertModest(sql, tokens)
  const dropTail = (): void => {
    while (tokens.at(-1)?.kind === 'space' || tokens.at(-1)?.text === ';') tokens.pop()
  }
  dropTail()
  let format = defaultFormat
  const last = tokens.at(-1)
  const before = tokens.at(-3)
  if (last?.kind === 'word' && tokens.at(-2)?.kind === 'space' && before?.name.toLowerCase() === 'format') {
    format = last.name
    tokens.length -= 3
    dropTail()
  }
  if (tokens.every(token => token.kind === 'space')) {
    throw new WattlineError('sql_refused', 'The statement is empty.')
  }
  const known = outputFormat(format)
  if (known === undefined) throw unknownFormat(format)
  return { text: tokens.map(token => token.text).join(''), tokens, format: known }
}

const unknownFormat = (name: string): WattlineError =>
  new WattlineError(
    'sql_refused',
    `Format ${name.slice(0, 100)} is not offered. Use one of ${FORMAT_NAMES.join(', ')}.`,
  )
