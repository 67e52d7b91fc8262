/**
 * Checks that every node of the `EXPLAIN AST` output is known to be harmless. Default deny: an unknown node refuses the
 * statement.
 */
import { isVirtualColumn } from '../../core/warehouse/fence/fence.ts'
import { judgeArguments } from './function-arguments.ts'
import { isAllowedFunction, TABLE_FUNCTIONS } from './functions.ts'
import { judgeTogether } from './slow-functions.ts'
import { readSyntaxTree, type SyntaxNode } from './syntax-lines.ts'
import { ALLOWED, refusedFor, type Verdict } from './verdict.ts'

/**
 * `Set` (SETTINGS hides its content) and `ColumnsApplyTransformer` (APPLY hides the function) are omitted on purpose.
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
  Set: 'SETTINGS are not accepted in the statement',
  ColumnsApplyTransformer: 'APPLY hides the function that it calls; list the columns instead',
}

/** Limit of tables, subqueries and table functions. */
const TABLES_MAX = 100

/**
 * Checks the output of `EXPLAIN AST SELECT * FROM (<statement>)`. `tables` are all allowed table names, with and
 * without their database. They are checked already here, since the query tree does not show the tables of scalar
 * subqueries: these run while it is made.
 */
export function judgeSyntaxTree(print: string, tables: ReadonlySet<string>): Verdict {
  const nodes = readSyntaxTree(print)
  if (nodes === undefined) return refusedFor('syntax', 'the engine returned an inconsistent syntax tree')
  let read = 0
  for (const node of nodes) {
    if (node.kind === 'TableExpression') read += 1
    const verdict = judgeNode(node, tables)
    if (!verdict.allowed) return verdict
  }
  return read > TABLES_MAX
    ? refusedFor('too_long', `the statement reads more than ${TABLES_MAX} tables`)
    : judgeTogether(nodes)
}

function judgeNode(node: SyntaxNode, tables: ReadonlySet<string>): Verdict {
  const { kind, name, line } = node
  if (kind === 'TableIdentifier') {
    return tables.has(name) ? ALLOWED : refusedFor('table', `no table ${name}`)
  }
  if (kind === 'Set') return refusedFor('settings', HINTS['Set']!)
  if (!NODE_KINDS.has(kind)) return refusedFor('node', HINTS[kind] ?? `${kind} is not part of a plain SELECT`)
  // A stored aggregate state is raw memory: clients must not pass one to the engine.
  if (/(?<!Simple)AggregateFunction\(/i.test(line)) {
    return refusedFor('type', 'aggregate states cannot be made from literals')
  }
  if (kind === 'Identifier') return judgeIdentifier(name)
  if (kind !== 'Function') return ALLOWED
  if (node.parent?.kind === 'TableExpression') {
    if (!TABLE_FUNCTIONS.has(name.toLowerCase())) {
      return refusedFor('table_function', `table function ${name} is not available`)
    }
  } else if (!isAllowedFunction(name)) return refusedFor('function', `function ${name} is not available`)
  return judgeArguments(node)
}

function judgeIdentifier(name: string): Verdict {
  const hidden = name.split('.').find(isVirtualColumn)
  return hidden === undefined ? ALLOWED : refusedFor('column', `no column ${hidden}`)
}
