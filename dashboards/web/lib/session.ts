/**
 * The token of this tab. It is kept until the tab is closed, and never in a cookie, so the browser sends nothing by
 * itself, nor in a URL, which others can read.
 */
const KEY = 'wattline.token'

let held = ''

/** Empty: there is none. */
export function heldToken(): string {
  if (held !== '') return held
  try {
    return sessionStorage.getItem(KEY) ?? ''
  } catch {
    return ''
  }
}

/** Keeps a token for this tab, replacing the previous one. */
export function holdToken(token: string): void {
  held = token
  try {
    sessionStorage.setItem(KEY, token)
  } catch {
    // Storage is refused: the token lasts until the reader leaves the page.
  }
}

/** Drops the token of this tab; the next request is sent without one. */
export function forgetToken(): void {
  held = ''
  try {
    sessionStorage.removeItem(KEY)
  } catch {
    // Nothing was stored.
  }
}

/** Removes what cannot be sent in a header, such as pasted white space. Undefined: this cannot be a token. */
export function readToken(text: string): string | undefined {
  const token = text.trim().replace(/^bearer\s+/i, '')
  return /^[\x21-\x7e]{1,512}$/.test(token) ? token : undefined
}
