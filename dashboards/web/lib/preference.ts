/** Preferences are stored only in the browser. If the browser refuses storage, the defaults apply without an error. */
const PREFIX = 'wattline.'

/** A stored preference, or the fallback when nothing is stored or the browser refuses storage. */
export function readPreference(name: string, fallback: string): string {
  try {
    return localStorage.getItem(PREFIX + name) ?? fallback
  } catch {
    return fallback
  }
}

/** Stores a preference; has no effect when the browser refuses storage. */
export function writePreference(name: string, value: string): void {
  try {
    localStorage.setItem(PREFIX + name, value)
  } catch {
    // Storage is refused: the choice lasts until the reader leaves the page.
  }
}
