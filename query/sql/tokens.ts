/**
 * Splits SQL into tokens, enough to find words and dots outside strings, quoted names and comments. Joining the texts
 * gives the input back. It never decides what is allowed: what is rewritten with its help is checked by the engine's
 * own parse afterwards.
 */
export interface Token {
  readonly kind: 'word' | 'string' | 'quoted' | 'space' | 'other'
  readonly text: string
  /** A word as it is, a quoted name without its quotes, else ''. */
  readonly name: string
}

const PATTERN =
  /(?<space>\s+|--[^\n]*|#!?[^\n]*|\/\*[\s\S]*?\*\/)|(?<word>[A-Za-z_][A-Za-z0-9_]*)|(?<string>'(?:[^'\\]|\\[\s\S]|'')*')|(?<quoted>`(?:[^`\\]|\\[\s\S]|``)*`|"(?:[^"\\]|\\[\s\S]|"")*")|(?<other>[\s\S])/g

export function tokenize(sql: string): readonly Token[] {
  return [...sql.matchAll(PATTERN)].map(match => {
    const text = match[0]
    const groups = match.groups ?? {}
    if (groups['word'] !== undefined) return { kind: 'word', text, name: text }
    if (groups['quoted'] !== undefined) return { kind: 'quoted', text, name: unquote(text) }
    if (groups['string'] !== undefined) return { kind: 'string', text, name: '' }
    return { kind: groups['space'] === undefined ? 'other' : 'space', text, name: '' }
  })
}

/** Content of a quoted token: backslash escapes and doubled quotes undone. */
export function unquote(text: string): string {
  const quote = text[0]!
  return text
    .slice(1, -1)
    .replaceAll(quote + quote, quote)
    .replace(/\\(.)/g, '$1')
}

/** A string literal of ClickHouse. */
export const quoteString = (text: string): string => `'${text.replace(/[\\']/g, '\\$&')}'`

/** A quoted name of ClickHouse. */
export const quoteName = (text: string): string => `\`${text.replace(/[\\`]/g, '\\$&')}\``

/** Names that canonical text defines as `name AS (`: common table expressions, and aliases of no consequence. */
export function commonTableExpressions(canonical: string): readonly string[] {
  const tokens = tokenize(canonical).filter(token => token.kind !== 'space')
  return tokens.flatMap((token, at) =>
    token.name !== '' && tokens[at + 1]?.name === 'AS' && tokens[at + 2]?.text === '(' ? [token.name] : [],
  )
}
