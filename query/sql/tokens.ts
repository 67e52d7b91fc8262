/**
 * Splits SQL into tokens, enough to find words and dots outside strings, quoted names and comments. Joining the texts
 * gives the input back. It never decides what is allowed: SQL that is rewritten with its help is checked by the
 * engine's own parser afterwards.
 *
 * Written by hand because the text is untrusted: every character is read a fixed number of times, whatever the text is
 * (test/query/sql/linear.test.ts counts). A regular expression with alternatives cannot guarantee that.
 */
export interface StatementToken {
  readonly kind: 'word' | 'string' | 'quoted' | 'space' | 'number' | 'other'
  readonly text: string
  /** A word unchanged, a quoted name without its quotes, otherwise ''. */
  readonly name: string
}

/** The operations on a text; a test passes an object that counts them. */
export type Characters = Pick<string, 'length' | 'charCodeAt' | 'slice'>

const code = (character: string): number => character.charCodeAt(0)
const BACKSLASH = code('\\')
const QUOTE = code("'")
const DOUBLE_QUOTE = code('"')
const BACKTICK = code('`')
const DOLLAR = code('$')
const DASH = code('-')
const SLASH = code('/')
const STAR = code('*')
const HASH = code('#')
const BANG = code('!')
const LINE_FEED = code('\n')
/** Typographic quotes, which the engine accepts: for a string, and for a name. */
const CURLY_QUOTE = code('\u2018')
const CURLY = new Map([
  [CURLY_QUOTE, code('\u2019')],
  [code('\u201c'), code('\u201d')],
])

/** Limit of heredocs without an end that are searched; each search reads the rest of the text. */
const LOST_HEREDOCS_MAX = 4

/** `space` includes comments; `other` is a single character, or an unclosed quote with everything that follows. */
export type StatementTokenKind = StatementToken['kind']

/**
 * Reports the position of each token in order, without creating objects: a statement of 256 kB takes a few
 * milliseconds.
 */
export function scan(
  sql: Characters,
  take: (kind: StatementTokenKind, start: number, end: number) => void,
): void {
  let lostHeredocs = 0
  for (let start = 0; start < sql.length; ) {
    let [kind, end] = tokenAt(sql, start, lostHeredocs < LOST_HEREDOCS_MAX)
    if (end === -1) {
      if (kind === 'string' && sql.charCodeAt(start) === DOLLAR) {
        lostHeredocs += 1
        end = start + 1
      } else {
        // For a quote that is never closed, everything that follows has no meaning.
        end = sql.length
      }
      kind = 'other'
    }
    take(kind, start, end)
    start = end
  }
}

/** Kind of the token at a position, and its end; -1 when it is not closed. */
function tokenAt(sql: Characters, start: number, heredocs: boolean): readonly [StatementTokenKind, number] {
  const first = sql.charCodeAt(start)
  const second = sql.charCodeAt(start + 1)
  if (isSpace(first)) return ['space', endOf(sql, start, isSpace)]
  if (isLetter(first)) return ['word', endOf(sql, start, isWordPart)]
  if (isDigit(first)) return ['number', endOf(sql, start, isNumberPart)]
  if (first === QUOTE) return ['string', endOfQuoted(sql, start, first)]
  if (first === BACKTICK || first === DOUBLE_QUOTE) return ['quoted', endOfQuoted(sql, start, first)]
  const closing = CURLY.get(first)
  if (closing !== undefined)
    return [first === CURLY_QUOTE ? 'string' : 'quoted', after(sql, start + 1, closing)]
  if (startsLineComment(first, second)) return ['space', lineEnd(sql, start)]
  if (first === SLASH && second === STAR) return ['space', commentEnd(sql, start + 2)]
  if (first === DOLLAR && heredocs) return ['string', heredocEnd(sql, start)]
  return ['other', start + 1]
}

/** All tokens of a text, spaces and comments included. */
export function tokenize(sql: Characters): readonly StatementToken[] {
  const tokens: StatementToken[] = []
  scan(sql, (kind, start, end) => {
    const text = sql.slice(start, end)
    tokens.push({ kind, text, name: kind === 'word' ? text : kind === 'quoted' ? unquote(text) : '' })
  })
  return tokens
}

const isSpace = (char: number): boolean => char === 32 || (char >= 9 && char <= 13) || char === 0xa0
const isDigit = (char: number): boolean => char >= 48 && char <= 57
const isLetter = (char: number): boolean =>
  (char >= 97 && char <= 122) || (char >= 65 && char <= 90) || char === 95
const isNumberPart = (char: number): boolean => isLetter(char) || isDigit(char)
const isWordPart = (char: number): boolean => isNumberPart(char) || char === DOLLAR
const startsLineComment = (first: number, second: number): boolean =>
  (first === DASH && second === DASH) || (first === HASH && (second === 32 || second === BANG))

function endOf(sql: Characters, from: number, holds: (char: number) => boolean): number {
  let at = from + 1
  while (at < sql.length && holds(sql.charCodeAt(at))) at += 1
  return at
}

/** Position after the next such character, or -1. */
function after(sql: Characters, from: number, wanted: number): number {
  for (let at = from; at < sql.length; at++) if (sql.charCodeAt(at) === wanted) return at + 1
  return -1
}

function lineEnd(sql: Characters, from: number): number {
  const end = after(sql, from, LINE_FEED)
  return end === -1 ? sql.length : end - 1
}

function commentEnd(sql: Characters, from: number): number {
  for (let at = after(sql, from, STAR); at !== -1; at = after(sql, at, STAR)) {
    if (sql.charCodeAt(at) === SLASH) return at + 1
  }
  return -1
}

/** Position after the closing quote; a backslash escapes the next character, a doubled quote is content. */
function endOfQuoted(sql: Characters, from: number, quote: number): number {
  for (let at = from + 1; at < sql.length; at++) {
    const char = sql.charCodeAt(at)
    if (char === BACKSLASH) at += 1
    else if (char === quote) {
      if (sql.charCodeAt(at + 1) !== quote) return at + 1
      at += 1
    }
  }
  return -1
}

/** `$tag$ ... $tag$`, where the tag may be empty. */
function heredocEnd(sql: Characters, from: number): number {
  const tagEnd = endOf(sql, from, isNumberPart)
  if (sql.charCodeAt(tagEnd) !== DOLLAR) return -1
  const length = tagEnd + 1 - from
  for (let at = after(sql, tagEnd + 1, DOLLAR); at !== -1; at = after(sql, at, DOLLAR)) {
    let same = 1
    // A tag has one dollar sign at each end, so characters compared here are not compared again from the next one.
    while (same < length && sql.charCodeAt(at - 1 + same) === sql.charCodeAt(from + same)) same += 1
    if (same === length) return at - 1 + length
  }
  return -1
}

const ESCAPES: Readonly<Record<string, string>> = {
  t: '\t',
  n: '\n',
  r: '\r',
  b: '\b',
  f: '\f',
  0: '\0',
}

/** Undoes backslash escapes as the engine does. */
export const undoEscapes = (text: string): string =>
  text.replace(/\\([\s\S])/g, (_, letter: string) => ESCAPES[letter] ?? letter)

/** Content of a string or a quoted name, with backslash escapes and doubled quotes resolved. */
export function unquote(text: string): string {
  const quote = text[0]!
  if (quote === '$') return text.slice(text.indexOf('$', 1) + 1, text.lastIndexOf('$', text.length - 2))
  const content = text.slice(1, -1)
  if (CURLY.has(text.charCodeAt(0))) return content
  return content.replace(/\\([\s\S])|''|""|``/g, (found, letter: string | undefined) =>
    letter !== undefined ? (ESCAPES[letter] ?? letter) : found[0] === quote ? quote : found,
  )
}

/** Names that normalised SQL defines as `name AS (`: common table expressions, and harmless aliases. */
export function commonTableExpressions(canonical: string): readonly string[] {
  if (!canonical.includes(' AS (')) return []
  const solid = tokenize(canonical).filter(token => token.kind !== 'space')
  return solid.flatMap((token, at) =>
    token.name !== '' && solid[at + 1]?.name === 'AS' && solid[at + 2]?.text === '(' ? [token.name] : [],
  )
}
