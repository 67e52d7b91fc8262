import { readPreference } from './preference.ts'

/** The reader's choice; null follows the system. */
export type Theme = 'light' | 'dark' | null

/** The theme that the reader chose before; null when there is none, or the stored value is invalid. */
export function storedTheme(): Theme {
  const stored = readPreference('theme', '')
  return stored === 'light' || stored === 'dark' ? stored : null
}

/** Sets the theme on the document, where the style sheet reads it. */
export function applyTheme(theme: Theme): void {
  if (theme === null) delete document.documentElement.dataset['theme']
  else document.documentElement.dataset['theme'] = theme
}
