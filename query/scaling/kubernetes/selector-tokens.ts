/** A word (the name or value of a label, `in`, `notin`) or a symbol. */
export interface SelectorToken {
  readonly text: string
  /** Empty for a symbol. */
  readonly word: string
}

const SPACE = ' \t\r\n'
const SYMBOLS = '()!,=<>'

/** Reads from left to right, once. */
export function selectorTokens(text: string): readonly SelectorToken[] {
  const tokens: SelectorToken[] = []
  for (let at = 0; at < text.length; ) {
    const character = text[at]!
    let stop = at + 1
    if (!SPACE.includes(character)) {
      const isSymbol = SYMBOLS.includes(character)
      if (isSymbol) stop += (character === '=' || character === '!') && text[stop] === '=' ? 1 : 0
      else while (stop < text.length && !SPACE.includes(text[stop]!) && !SYMBOLS.includes(text[stop]!)) stop++
      const token = text.slice(at, stop)
      tokens.push({ text: token, word: isSymbol ? '' : token })
    }
    at = stop
  }
  return tokens
}
