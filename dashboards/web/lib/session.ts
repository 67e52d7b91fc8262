/**
 * The token that this tab shows to the server. It is kept until the tab is closed, in no cookie, so that nothing is sent by
 * the browser of itself, and never in an address, which others read.
 */
const KEY = 'wattline.token'

let held = ''

/** Empty: none was given. */
export function heldToken(): string {
  if (held !== '') return held
  try {
    return sessionStorage.getItem(KEY) ?? ''
  } catch {
    return ''
  }
}

/** Keeps a token for this tab, replacing the one before. */
export function holdToken(token: string): void {
  held = token
  try {
    sessionStorage.setItem(KEY, token)
  } catch {
    // Storage is refused: the token holds until the page is left.
  }
}

/** Drops the token of this tab; the next request is sent without one. */
export function forgetToken(): void {
  held = ''
  try {
    sessionStorage.removeItem(KEY)
  } catch {
    // Nothing was kept.
  }
}

/** What can be sent in a header at all; what was pasted with it goes. Undefined: no token can look like this. */
export function readToken(text: string): string | undefined {
  const token = text.trim().replace(/^bearer\s+/i, '')
  return /^[\x21-\x7e]{1,512}$/.test(token) ? token : undefined
}
