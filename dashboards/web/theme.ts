import { applyTheme, storedTheme } from './lib/theme.ts'

// Runs before the first paint, separately from the rest: the page must not flash in the wrong theme first.
applyTheme(storedTheme())
