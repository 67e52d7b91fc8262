/** Tokens: names, quoted texts and symbols of a statement in the engine's own print, in order, without whitespace. */
export interface SqlToken {
  readonly text: string
  readonly kind: 'name' | 'text' | 'number' | 'sign'
  /** For a name, without its quotes. */
  readonly name: string
  /** Start and end positions. */
  readonly from: number
  readonly to: number
}

const WORD = /\s+|'(?:[^'\\]|\\.)*'|`(?:[^`\\]|\\.)*`|"(?:[^"\\]|\\.)*"|[A-Za-z_]\w*|\d[\w.]*|->|[^\s]/gsy

/**
 * Tokenises a statement that the engine has printed (`formatQuerySingleLine`): it has no comments, and only one way to
 * quote. Linear in its length.
 */
export function sqlTokens(sql: string): readonly SqlToken[] {
  const tokens: SqlToken[] = []
  WORD.lastIndex = 0
  for (let found = WORD.exec(sql); found !== null; found = WORD.exec(sql)) {
    const [text] = found
    if (/^\s/.test(text)) continue
    const kind = kindOf(text)
    const name = kind === 'name' ? text.replace(/^[`"]|[`"]$/g, '').replace(/\\(.)/gs, '$1') : ''
    tokens.push({ text, kind, name, from: found.index, to: WORD.lastIndex })
  }
  return tokens
}

function kindOf(text: string): SqlToken['kind'] {
  if (text.startsWith("'") && text.length > 1) return 'text'
  if (/^[A-Za-z_]/.test(text) || (/^[`"]/.test(text) && text.length > 1)) return 'name'
  return /^\d/.test(text) ? 'number' : 'sign'
}
