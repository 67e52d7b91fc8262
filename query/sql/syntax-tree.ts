/**
 * Reads what `EXPLAIN AST` prints and says whether every node is one we know to be harmless. Default deny: an unknown
 * line refuses the statement. Names in the text (aliases, literals) can add lines to the print, never hide one, since
 * each node begins a line of its own.
 */
import { isAllowedFunction, TABLE_FUNCTIONS } from './functions.ts'
import { ALLOWED, refused, type Verdict } from './verdict.ts'

/**
 * `Set` (SETTINGS hides its content) and `ColumnsApplyTransformer` (APPLY hides the function) are missing on purpose.
 */
const NODE_KINDS: ReadonlySet<string> = new Set([
  'SelectWithUnionQuery',
  'SelectIntersectExceptQuery',
  'SelectQuery',
  'ExpressionList',
  'Subquery',
  'WithElement',
  'TablesInSelectQuery',
  'TablesInSelectQueryElement',
  'TableExpression',
  'TableJoin',
  'TableIdentifier',
  'ArrayJoin',
  'SampleRatio',
  'Identifier',
  'Literal',
  'QueryParameter',
  'Function',
  'Asterisk',
  'QualifiedAsterisk',
  'ColumnsListMatcher',
  'ColumnsRegexpMatcher',
  'QualifiedColumnsListMatcher',
  'QualifiedColumnsRegexpMatcher',
  'ColumnsTransformerList',
  'ColumnsExceptTransformer',
  'ColumnsReplaceTransformer',
  'ColumnsReplaceTransformer::Replacement',
  'OrderByElement',
  'InterpolateElement',
  'WindowDefinition',
  'WindowListElement',
])

const HINTS: Readonly<Record<string, string>> = {
  Set: 'SETTINGS are not taken in the statement',
  ColumnsApplyTransformer: 'APPLY hides the function that it calls; write the columns out',
}

/**
 * Judges the lines of `EXPLAIN AST SELECT * FROM (<statement>)`. `tables` are all names that may stand where a table
 * stands, bare or with their database. They are looked at already here, since the query tree does not show the tables of
 * scalar subqueries: these run while it is made.
 */
export function judgeSyntaxTree(lines: readonly string[], tables: ReadonlySet<string>): Verdict {
  const parents: string[] = []
  for (const line of lines) {
    if (line.trim() === '') continue
    const depth = line.length - line.trimStart().length
    const [kind = '', name = ''] = line.trim().split(' ')
    const verdict =
      kind === 'TableIdentifier' ? judgeTable(name, tables) : judgeNode(kind, name, line, parents[depth - 1])
    if (!verdict.allowed) return verdict
    parents.length = depth
    parents.push(kind)
  }
  return parents.length === 0 ? refused('syntax', 'the engine printed no syntax tree') : ALLOWED
}

function judgeTable(name: string, tables: ReadonlySet<string>): Verdict {
  return tables.has(name) ? ALLOWED : refused('table', `no table ${name}`)
}

function judgeNode(kind: string, name: string, line: string, parent: string | undefined): Verdict {
  if (kind === 'Set') return refused('settings', HINTS['Set']!)
  if (!NODE_KINDS.has(kind)) return refused('node', HINTS[kind] ?? `${kind} is not part of a plain SELECT`)
  // A stored aggregate state is raw memory layout: strangers must not hand one to the engine.
  if (/(?<!Simple)AggregateFunction\(/.test(line)) {
    return refused('type', 'aggregate states cannot be made from literals')
  }
  if (kind !== 'Function') return ALLOWED
  if (parent === 'TableExpression') {
    return TABLE_FUNCTIONS.has(name.toLowerCase())
      ? ALLOWED
      : refused('table_function', `table function ${name} is not available`)
  }
  return isAllowedFunction(name) ? ALLOWED : refused('function', `function ${name} is not available`)
}
