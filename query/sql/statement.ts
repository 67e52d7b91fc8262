/**
 * What a client sent, taken apart before anything is asked of the engine: the statement without its closing FORMAT and
 * semicolons, and the format's name.
 */
import { WattlineError } from '../../core/runtime/errors.ts'
import { FORMAT_NAMES, type OutputFormat, outputFormat } from './formats.ts'
import { tokenize } from './tokens.ts'

/** Longer statements are refused: the checks cost time in proportion, and no person writes them. */
export const STATEMENT_MAX_BYTES = 262_144

export interface Statement {
  readonly text: string
  readonly format: OutputFormat
}

/** @throws WattlineError `sql_refused` for an empty or too long text or a format that is not offered. */
export function readStatement(sql: string, defaultFormat: string): Statement {
  if (Buffer.byteLength(sql) > STATEMENT_MAX_BYTES) {
    throw new WattlineError('sql_refused', `the statement is longer than ${STATEMENT_MAX_BYTES} bytes.`)
  }
  const tokens = [...tokenize(sql)]
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
  const text = tokens.map(token => token.text).join('')
  if (text.trim() === '') throw new WattlineError('sql_refused', 'the statement is empty.')
  const known = outputFormat(format)
  if (known === undefined) throw unknownFormat(format)
  return { text, format: known }
}

const unknownFormat = (name: string): WattlineError =>
  new WattlineError(
    'sql_refused',
    `format ${name.slice(0, 100)} is not offered; offered are ${FORMAT_NAMES.join(', ')}.`,
  )
