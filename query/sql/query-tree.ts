/**
 * Reads the output of `EXPLAIN QUERY TREE` and checks that every table in it may be read. At that point the engine has
 * resolved common table expressions, aliases and the right side of IN, so a table cannot hide behind a name. A line
 * that announces a table without one plain name refuses the statement.
 */
import { TABLE_FUNCTIONS } from './functions.ts'
import { ALLOWED, refusedFor, type Verdict } from './verdict.ts'

/** The engine's own placeholder for a missing FROM, and the table of a recursive common table expression. */
const HARMLESS = /^(system\.one|_temporary_and_external_tables\._tmp_[0-9a-f-]{36})$/

/** Checks the output of `EXPLAIN QUERY TREE`; `tables` are full names, `database.table`. */
export function judgeQueryTree(print: string, tables: ReadonlySet<string>): Verdict {
  if (!print.startsWith('QUERY id:')) return refusedFor('syntax', 'the engine returned no query tree')
  // Few of very many lines begin with TABLE.
  for (let at = print.indexOf('TABLE'); at !== -1; at = print.indexOf('TABLE', at + 5)) {
    if (!beginsLine(print, at)) continue
    const end = print.indexOf('\n', at)
    const node = print.slice(at, end === -1 ? print.length : end)
    const verdict = node.startsWith('TABLE_FUNCTION ')
      ? judgeTableFunction(node)
      : node.startsWith('TABLE ') && node !== 'TABLE EXPRESSION'
        ? judgeTable(node, tables)
        : ALLOWED
    if (!verdict.allowed) return verdict
  }
  return ALLOWED
}

function beginsLine(print: string, at: number): boolean {
  let before = at - 1
  while (print[before] === ' ') before -= 1
  return before === -1 || print[before] === '\n'
}

function judgeTable(node: string, tables: ReadonlySet<string>): Verdict {
  const names = [...node.matchAll(/(?<![a-z_])table_name: ([^\s,]+)/g)].map(found => found[1]!)
  const [name] = names
  if (name === undefined || names.length !== 1) return refusedFor('table', 'a table without a plain name')
  return tables.has(name) || HARMLESS.test(name) ? ALLOWED : refusedFor('table', `no table ${name}`)
}

function judgeTableFunction(node: string): Verdict {
  const name = /table_function_name: (\w+)/.exec(node)?.[1]
  return name !== undefined && TABLE_FUNCTIONS.has(name.toLowerCase())
    ? ALLOWED
    : refusedFor('table_function', `table function ${name ?? ''} is not available`)
}
