/** Preferences live in the browser alone. A browser that refuses storage gets the defaults, not an error. */
const PREFIX = 'wattline.'

/** A stored preference, or the fallback: nothing is stored, or the browser refuses storage. */
export function readPreference(name: string, fallback: string): string {
  try {
    return localStorage.getItem(PREFIX + name) ?? fallback
  } catch {
    return fallback
  }
}

/** Stores a preference; has no effect where the browser refuses storage. */
export function writePreference(name: string, value: string): void {
  try {
    localStorage.setItem(PREFIX + name, value)
  } catch {
    // Storage is refused: the choice holds until the page is left.
  }
}
