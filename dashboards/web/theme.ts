import { applyTheme, storedTheme } from './lib/theme.ts'

// Runs before the first paint, apart from the rest: a remembered theme must not flash in the other one first.
applyTheme(storedTheme())
