/** Statements of clients that are neither a SELECT nor a look-up: USE, SET, and KILL QUERY of one's own. */
import { WattlineError } from '../../core/catalogue/errors/errors.ts'
import type { ClientSettings } from '../../core/warehouse/fence/client-settings.ts'
import { chosenSettings, readAssignments } from './settings-clause.ts'
import { type StatementToken, tokenize, unquote } from './tokens.ts'
import { RefusedError } from './verdict.ts'

/** A command. */
export type Command =
  | { readonly kind: 'use'; readonly database: string }
  | { readonly kind: 'set'; readonly settings: ClientSettings }
  | {
      readonly kind: 'kill'
      /** Of `WHERE query_id = '...'` or `IN (...)`; null: `condition` decides. */
      readonly ids: readonly string[] | null
      /** On the columns of `system.processes`, in the client's words. */
      readonly condition: string
      /** Only show what would be stopped. */
      readonly isTest: boolean
    }

const LENGTH_MAX = 100_000

/**
 * Undefined: the statement is no command. Roles do not exist here: `SET ROLE` to none or the default changes nothing.
 * @throws WattlineError `sql_refused` for a setting that clients may not change, or another form of KILL
 */
export function readCommand(sql: string): Command | undefined {
  const first = /^[\s(]*(use|set|kill)\b/i.exec(sql)?.[1]?.toLowerCase()
  if (first === undefined || sql.length > LENGTH_MAX) return undefined
  const tokens = tokenize(sql)
  const solid = tokens.filter(token => token.kind !== 'space')
  if (first === 'use') return readUse(solid)
  if (first === 'set') return readSet(solid)
  return readKill(tokens)
}

const isWord = (token: StatementToken | undefined, ...words: readonly string[]): boolean =>
  token?.kind === 'word' && words.includes(token.text.toLowerCase())

function readUse(tokens: readonly StatementToken[]): Command | undefined {
  const rest = isWord(tokens[1], 'database') && tokens.length === 3 ? tokens.slice(2) : tokens.slice(1)
  const [name] = rest
  return rest.length === 1 && name?.name !== '' && name !== undefined
    ? { kind: 'use', database: name.name }
    : undefined
}

function readSet(tokens: readonly StatementToken[]): Command | undefined {
  if (isWord(tokens[1], 'role') && tokens.length === 3 && isWord(tokens[2], 'none', 'default')) {
    return { kind: 'set', settings: {} }
  }
  const assignments = readAssignments(tokens.slice(1))
  return assignments === undefined ? undefined : { kind: 'set', settings: chosenSettings(assignments) }
}

function readKill(tokens: readonly StatementToken[]): Command {
  const solid = tokens.map((token, index) => ({ ...token, index })).filter(token => token.kind !== 'space')
  const where = solid.findIndex(token => isWord(token, 'where'))
  const mode = isWord(solid.at(-1), 'sync', 'async', 'test') ? solid.at(-1) : undefined
  const end = mode === undefined ? solid.length : solid.length - 1
  if (!isWord(solid[1], 'query') || where === -1 || end === where + 1) {
    throw refused("KILL QUERY WHERE query_id = '...' stops your own statements; nothing else can be killed")
  }
  const condition = tokens
    .slice(solid[where]!.index + 1, mode?.index ?? tokens.length)
    .map(token => token.text)
    .join('')
  return {
    kind: 'kill',
    ids: idsOf(solid.slice(where + 1, end)),
    condition,
    isTest: isWord(mode, 'test'),
  }
}

/** Read without the engine, so that a client can stop a statement while all its turns are taken. */
function idsOf(tokens: readonly StatementToken[]): readonly string[] | null {
  const [name, operator, ...rest] = tokens
  if (!isWord(name, 'query_id')) return null
  const isOne = operator?.text === '=' && rest.length === 1 && rest[0]?.kind === 'string'
  if (isOne) return [unquote(rest[0]!.text)]
  if (!isWord(operator, 'in') || rest[0]?.text !== '(' || rest.at(-1)?.text !== ')') return null
  const items = rest.slice(1, -1)
  const isList = items.every((token, at) => (at % 2 === 0 ? token.kind === 'string' : token.text === ','))
  return isList && items.length % 2 === 1
    ? items.filter(token => token.kind === 'string').map(token => unquote(token.text))
    : null
}

const refused = (detail: string): WattlineError =>
  new WattlineError('sql_refused', `${detail}.`, { cause: new RefusedError('statement', detail) })
