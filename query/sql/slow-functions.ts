/**
 * Functions that are slow on long texts: they examine a text again from each of its positions, or compare it letter by
 * letter with the search text. `replaceRegexpAll(x, 'a+c|a', '')` takes time proportional to the square of the text, 60
 * kB long, and the engine does not check the time meanwhile. Stored texts are short; so a statement that calls one of
 * these functions must not create long texts itself.
 */
import type { SyntaxNode } from './syntax-lines.ts'
import { ALLOWED, refusedFor, type Verdict } from './verdict.ts'

const named = (text: string): ReadonlySet<string> => new Set(text.trim().toLowerCase().split(/\s+/))

const SLOW = named(`
  ilike notILike match extract extractAll extractGroups extractAllGroupsVertical extractAllGroupsHorizontal regexpExtract
  regexp_extract regexp_substr regexp_matches replaceRegexpOne replaceRegexpAll regexp_replace countMatches
  countMatchesCaseInsensitive splitByRegexp positionCaseInsensitive positionCaseInsensitiveUTF8 instr
  countSubstringsCaseInsensitive multiSearchAnyCaseInsensitive hasSubsequenceCaseInsensitive editDistance
  levenshteinDistance damerauLevenshteinDistance jaroSimilarity jaroWinklerSimilarity stringJaccardIndex ngramDistance
  ngramSearch`)

/** Position of the argument that gives the length of a text. */
const MAKERS: ReadonlyMap<string, number> = new Map([
  ['repeat', 1],
  ['space', 0],
  ...['leftPad', 'rightPad', 'leftPadUTF8', 'rightPadUTF8', 'lpad', 'rpad', 'toFixedString'].map(
    name => [name.toLowerCase(), 1] as const,
  ),
])

/** Padding of numbers and the like does not count. */
const SMALL = 32
/** Limit for a literal, and for all created texts together. */
const TEXT_MAX = 10_000

/** @param nodes of the whole statement */
export function judgeTogether(nodes: readonly SyntaxNode[]): Verdict {
  const slow = nodes.find(({ kind, name }) => kind === 'Function' && SLOW.has(name.toLowerCase()))
  if (slow === undefined) return ALLOWED
  let made = 1
  for (const node of nodes) {
    if (node.kind === 'Literal' && longestText(node.line) > TEXT_MAX) {
      return refusedFor(
        'function',
        `${slow.name} is not accepted together with a text of more than ${TEXT_MAX} characters`,
      )
    }
    const sizeAt = node.kind === 'Function' ? MAKERS.get(node.name.toLowerCase()) : undefined
    if (sizeAt === undefined) continue
    const size = sizeOf(node.children[0]?.children[sizeAt])
    if (size > SMALL) made *= size
    if (made > TEXT_MAX) {
      return refusedFor(
        'function',
        `${slow.name} is not accepted together with ${node.name}, unless its size is a literal, up to ${TEXT_MAX} in total`,
      )
    }
  }
  return ALLOWED
}

/** For the texts in a literal, which may be a list. */
function longestText(line: string): number {
  if (line.length <= TEXT_MAX) return 0
  const between = line.replaceAll(/\\./g, '__').split("'")
  return between.reduce((most, text, at) => (at % 2 === 1 ? Math.max(most, text.length) : most), 0)
}

function sizeOf(node: SyntaxNode | undefined): number {
  const digits = node?.kind === 'Literal' ? /^U?Int64_(\d{1,15})$/.exec(node.name)?.[1] : undefined
  return digits === undefined ? Number.POSITIVE_INFINITY : Number(digits)
}
