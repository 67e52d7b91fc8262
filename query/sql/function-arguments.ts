/**
 * Functions whose arguments decide what they are: a type or the name of another function, given as text. Such a text must
 * be a literal, so that it can be read here; what the engine computes later cannot be judged.
 */
import { isAllowedAggregate } from './functions.ts'
import type { SyntaxNode } from './syntax-lines.ts'
import { ALLOWED, refused, type Verdict } from './verdict.ts'

/** Position of the argument that names a type; -1: the last one. */
const TYPE_ARGUMENTS: ReadonlyMap<string, number> = new Map([
  ['cast', 1],
  ['_cast', 1],
  ['accuratecast', 1],
  ['accuratecastornull', 1],
  ['accuratecastordefault', 1],
  ['jsonextract', -1],
  ['jsonextractkeysandvalues', -1],
])

/** Those whose first argument names an aggregate function. */
const BY_AGGREGATE: ReadonlySet<string> = new Set(['arrayreduce', 'arrayreduceinranges'])

export function judgeArguments(node: SyntaxNode): Verdict {
  const name = node.name.toLowerCase()
  const given = node.children.find(child => child.kind === 'ExpressionList')?.children ?? []
  const typeAt = TYPE_ARGUMENTS.get(name)
  if (typeAt !== undefined && given.length > 1) {
    return isLiteral(given.at(typeAt))
      ? ALLOWED
      : refused('type', `the type for ${node.name} must be written out`)
  }
  if (BY_AGGREGATE.has(name)) {
    const aggregate = /^ *Literal '(\w+)/.exec(given[0]?.line ?? '')?.[1]
    if (aggregate === undefined)
      return refused('function', `the aggregate for ${node.name} must be written out`)
    return isAllowedAggregate(aggregate)
      ? ALLOWED
      : refused('function', `function ${aggregate} is not available`)
  }
  if (name === 'values' && node.parent?.kind === 'TableExpression') {
    // Its first argument may be the structure, as text.
    const [first] = given
    const isRow = first?.kind === 'Function' && first.name === 'tuple'
    return isLiteral(first) || isRow
      ? ALLOWED
      : refused('type', 'the structure for values must be written out')
  }
  return ALLOWED
}

const isLiteral = (node: SyntaxNode | undefined): boolean => node?.kind === 'Literal'
