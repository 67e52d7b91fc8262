/** Reads the head of `EXPLAIN` and of `DESCRIBE (SELECT ...)`: what to print, and the statement to print it of. */
import { WattlineError } from '../../core/catalogue/errors/errors.ts'
import type { Explain } from '../../core/warehouse/warehouse.ts'
import { type StatementToken, tokenize } from './tokens.ts'
import { RefusedError } from './verdict.ts'

/** What to print, of which SELECT. */
interface Explanation {
  readonly explain: Explain
  readonly select: string
}

/**
 * A plan is answered with the query tree: what the engine plans depends on the stored rows, and those of other tenants
 * are among them (test/hostile/isolation.ts found sizes, estimates and steps that vanish).
 */
const KINDS: Readonly<Record<string, Explain>> = { ast: 'AST', syntax: 'SYNTAX', plan: 'QUERY TREE' }
/** Kinds that describe the stored parts, which hold rows of every tenant. */
const COUNTING: ReadonlySet<string> = new Set(['estimate', 'pipeline', 'table', 'current'])

/**
 * Undefined: the statement is neither of them.
 * @throws WattlineError `sql_refused` for kinds and options that would count rows of other tenants
 */
export function readExplanation(sql: string): Explanation | undefined {
  const first = /^\s*(explain|desc|describe)\b/i.exec(sql)?.[1]?.toLowerCase()
  if (first === undefined) return undefined
  const tokens = tokenize(sql)
  const solid = tokens.map((token, index) => ({ ...token, index })).filter(token => token.kind !== 'space')
  return first === 'explain' ? readExplain(tokens, solid) : readDescribe(tokens, solid)
}

type IndexedToken = StatementToken & { readonly index: number }

const lower = (token: IndexedToken | undefined): string =>
  token?.kind === 'word' || token?.text === '(' ? token.text.toLowerCase() : ''
const textFrom = (tokens: readonly StatementToken[], from: IndexedToken | undefined): string =>
  from === undefined
    ? ''
    : tokens
        .slice(from.index)
        .map(token => token.text)
        .join('')

function readExplain(tokens: readonly StatementToken[], solid: readonly IndexedToken[]): Explanation {
  let at = 1
  let explain: Explain = 'QUERY TREE'
  const kind = lower(solid[at])
  if (COUNTING.has(kind)) throw counting(`EXPLAIN ${kind.toUpperCase()}`)
  if (Object.hasOwn(KINDS, kind)) {
    explain = KINDS[kind]!
    at += 1
  } else if (kind === 'query' && lower(solid[at + 1]) === 'tree') {
    explain = 'QUERY TREE'
    at += 2
  }
  const begins = lower(solid[at])
  if (!['select', 'with', '('].includes(begins)) {
    const named = solid[at]?.text.slice(0, 60) ?? 'nothing'
    throw counting(solid[at + 1]?.text === '=' ? `EXPLAIN with ${named}` : `EXPLAIN of ${named}`)
  }
  return { explain, select: textFrom(tokens, solid[at]) }
}

const counting = (what: string): WattlineError =>
  refused(
    `${what} is not available. Use EXPLAIN, EXPLAIN SYNTAX, EXPLAIN AST or EXPLAIN QUERY TREE of a SELECT, without options`,
  )

/** `DESCRIBE [TABLE] (SELECT ...)`; a table by name is answered from the catalogue. */
function readDescribe(
  tokens: readonly StatementToken[],
  solid: readonly IndexedToken[],
): Explanation | undefined {
  const at = lower(solid[1]) === 'table' ? 2 : 1
  if (solid[at]?.text !== '(') return undefined
  const end = solid.findLastIndex(token => token.text === ')')
  const inner = solid[end + 1] === undefined ? solid.slice(at + 1, end) : []
  const [from, to] = [inner[0], inner.at(-1)]
  if (from === undefined || to === undefined) throw refused('DESCRIBE needs one SELECT in parentheses')
  const select = tokens
    .slice(from.index, to.index + 1)
    .map(token => token.text)
    .join('')
  return { explain: 'DESCRIBE', select }
}

const refused = (detail: string): WattlineError =>
  new WattlineError('sql_refused', `${detail}.`, { cause: new RefusedError('statement', detail) })
