/**
 * Functions whose arguments decide their meaning or their cost. A type, the name of another function, or a search text
 * must be a literal, so that it can be read here: values that the engine computes later cannot be checked. The engine
 * checks the time between functions and never within one, and some take time proportional to the product of their
 * arguments: 7 s for two texts of 60 kB (measured by test/hostile/functions.ts).
 */
import { isAllowedAggregate } from './functions.ts'
import type { SyntaxNode } from './syntax-lines.ts'
import { ALLOWED, refusedFor, type Verdict } from './verdict.ts'

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

/** Functions whose first argument names an aggregate function. */
const BY_AGGREGATE: ReadonlySet<string> = new Set(['arrayreduce', 'arrayreduceinranges'])

const named = (text: string): readonly string[] => text.trim().toLowerCase().split(/\s+/)

/** Position of the search text. */
const WANTED_ARGUMENTS: ReadonlyMap<string, number> = new Map([
  ...named(`like notLike ilike notILike match extract extractAll extractGroups extractAllGroupsVertical
    extractAllGroupsHorizontal regexpExtract regexp_extract regexp_substr regexp_matches replaceRegexpOne replaceRegexpAll
    regexp_replace countMatches countMatchesCaseInsensitive mapContainsKeyLike mapExtractKeyLike multiSearchAny
    multiSearchAnyCaseInsensitive multiSearchFirstIndex multiSearchFirstPosition multiSearchAllPositions replaceOne
    replaceAll replace substringIndex substringIndexUTF8 substring_index`).map(name => [name, 1] as const),
  ...named('splitByRegexp splitByString').map(name => [name, 0] as const),
])

/** Functions whose time is the product of their first two arguments' lengths: one of them must be a literal. */
const COMPARING: ReadonlySet<string> = new Set(
  named(`editDistance levenshteinDistance damerauLevenshteinDistance jaroSimilarity jaroWinklerSimilarity stringJaccardIndex
    position positionCaseInsensitive positionUTF8 positionCaseInsensitiveUTF8 locate instr countSubstrings
    countSubstringsCaseInsensitive hasSubsequence hasSubsequenceCaseInsensitive hasAll hasAny hasSubstr`),
)

/** Limit of the search text, including what the engine's output adds around it. */
const WANTED_MAX = 1_000
/** Where letters are compared case-insensitively, or one by one, the engine's time is the product of both lengths. */
const LETTERS_MAX = 100
const BY_LETTER = /caseinsensitive|distance|similarity|^n?o?t?ilike$|^instr$/
const CASELESS_PATTERN = /\(\?[a-zA-Z-]*i/

/** Limit of the counted repetitions of a pattern, all of them multiplied. */
const REPETITIONS_MAX = 1_000

/** Checks one function call. Unlisted names pass: functions.ts checks the names themselves. */
export function judgeArguments(node: SyntaxNode): Verdict {
  const name = node.name.toLowerCase()
  const given = node.children.find(child => child.kind === 'ExpressionList')?.children ?? []
  const typeAt = TYPE_ARGUMENTS.get(name)
  if (typeAt !== undefined && given.length > 1) {
    return given.at(typeAt)?.kind === 'Literal'
      ? ALLOWED
      : refusedFor('type', `the type for ${node.name} must be a literal`)
  }
  if (BY_AGGREGATE.has(name)) return judgeAggregate(node, given[0])
  const wantedAt = WANTED_ARGUMENTS.get(name)
  if (wantedAt !== undefined) return judgeWanted(node, given[wantedAt])
  if (COMPARING.has(name)) {
    const most = BY_LETTER.test(name) ? LETTERS_MAX : WANTED_MAX
    const isShort = (one: SyntaxNode): boolean => (writtenLength(one) ?? Number.POSITIVE_INFINITY) <= most
    if (!given.slice(0, 2).some(isShort)) {
      return refusedFor(
        'function',
        `one of the first two arguments of ${node.name} must be a literal of up to ${most} characters`,
      )
    }
  }
  if (name === 'values' && node.parent?.kind === 'TableExpression') {
    // Its first argument may be the structure, as a string.
    const [first] = given
    const isRow = first?.kind === 'Function' && first.name === 'tuple'
    return first?.kind === 'Literal' || isRow
      ? ALLOWED
      : refusedFor('type', 'the structure for values must be a literal')
  }
  return ALLOWED
}

function judgeAggregate({ name }: SyntaxNode, given: SyntaxNode | undefined): Verdict {
  const aggregate = /^ *Literal '(\w+)/.exec(given?.line ?? '')?.[1]
  if (aggregate === undefined) return refusedFor('function', `the aggregate for ${name} must be a literal`)
  return isAllowedAggregate(aggregate)
    ? ALLOWED
    : refusedFor('function', `function ${aggregate} is not available`)
}

function judgeWanted({ name }: SyntaxNode, wanted: SyntaxNode | undefined): Verdict {
  if (wanted === undefined) return ALLOWED
  const length = writtenLength(wanted)
  const isByLetter = BY_LETTER.test(name.toLowerCase()) || isCaseless(wanted)
  const most = isByLetter ? LETTERS_MAX : WANTED_MAX
  if (length === undefined || length > most) {
    return refusedFor(
      'function',
      `the search text of ${name} must be a literal of up to ${most} characters; columns, subqueries and computed texts are not accepted`,
    )
  }
  return repetitions(wanted) > REPETITIONS_MAX
    ? refusedFor('function', `the pattern for ${name} repeats more than ${REPETITIONS_MAX} times`)
    : ALLOWED
}

const isCaseless = (node: SyntaxNode): boolean =>
  (node.kind === 'Literal' && CASELESS_PATTERN.test(node.line)) || node.children.some(isCaseless)

/** Functions of literals whose result is not much longer than these. */
const PUTTING_TOGETHER: ReadonlySet<string> = new Set(
  named(
    'concat array tuple lower upper lowerUTF8 upperUTF8 regexpQuoteMeta cast _cast toString assumeNotNull ifNull',
  ),
)

/** Length of an expression that consists of literals only; undefined for any other. */
function writtenLength(node: SyntaxNode): number | undefined {
  if (node.kind === 'Literal') return node.line.trim().length - 'Literal '.length
  if (node.kind !== 'Function' || !PUTTING_TOGETHER.has(node.name.toLowerCase())) return undefined
  let sum = 0
  for (const child of node.children[0]?.children ?? []) {
    const length = writtenLength(child)
    if (length === undefined) return undefined
    sum += length
  }
  return sum
}

/** Counted repetitions (`a{2,50}`) in all literals below, multiplied. */
function repetitions(node: SyntaxNode): number {
  const counts = node.kind === 'Literal' ? [...node.line.matchAll(/\{(\d{0,9}),?(\d{0,9})\}/g)] : []
  const own = counts.reduce(
    (product, [, least, most]) => product * Math.max(1, Number(least), Number(most)),
    1,
  )
  return node.children.reduce((product, child) => product * repetitions(child), own)
}
