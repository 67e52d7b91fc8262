/** Parses the output of `EXPLAIN AST` into a tree. */
export interface SyntaxNode {
  /** `Function`, `Identifier`, ... */
  readonly kind: string
  /** Text after the kind: a name, or the beginning of a literal. */
  readonly name: string
  readonly line: string
  readonly parent: SyntaxNode | undefined
  readonly children: readonly SyntaxNode[]
}

const COUNT = / \(children (\d{1,9})\)$/

/**
 * All nodes, a parent before its children; undefined when the output is inconsistent. Names in the statement (aliases,
 * quoted identifiers) are printed unchanged, including line breaks, so they can look like separate lines. But each line
 * gives the number of children of its node, and a forged line is one too many for its parent, except below a node that
 * has no children, where it does no harm.
 */
export function readSyntaxTree(print: string): readonly SyntaxNode[] | undefined {
  const nodes: { node: SyntaxNode; children: SyntaxNode[]; expected: number }[] = []
  const path: (typeof nodes)[number][] = []
  for (const line of print.split('\n')) {
    if (line === '') continue
    const depth = line.length - line.trimStart().length
    if (depth > path.length || (depth === 0 && nodes.length > 0)) return undefined
    path.length = depth
    const [kind = '', name = ''] = line.slice(depth).split(' ', 2)
    const children: SyntaxNode[] = []
    const parent = path[depth - 1]
    const node: SyntaxNode = { kind, name, line, parent: parent?.node, children }
    parent?.children.push(node)
    const entry = { node, children, expected: Number(COUNT.exec(line)?.[1] ?? 0) }
    nodes.push(entry)
    path.push(entry)
  }
  const addsUp = nodes.length > 0 && nodes.every(({ children, expected }) => children.length === expected)
  return addsUp ? nodes.map(({ node }) => node) : undefined
}
