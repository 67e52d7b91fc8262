import { useCallback, useEffect, useState } from 'preact/hooks'
import { writePreference } from '../lib/preference.ts'
import { applyTheme, storedTheme, type Theme } from '../lib/theme.ts'

const DARK = '(prefers-color-scheme: dark)'

/** The current theme, and a function to switch it. */
export function useTheme(): { readonly shown: 'light' | 'dark'; readonly toggle: () => void } {
  const [chosen, setChosen] = useState<Theme>(storedTheme)
  const [systemDark, setSystemDark] = useState(() => matchMedia(DARK).matches)

  useEffect(() => {
    const query = matchMedia(DARK)
    const follow = (): void => setSystemDark(query.matches)
    query.addEventListener('change', follow)
    return () => query.removeEventListener('change', follow)
  }, [])

  const shown = chosen ?? (systemDark ? 'dark' : 'light')
  const toggle = useCallback(() => {
    const other = shown === 'dark' ? 'light' : 'dark'
    writePreference('theme', other)
    applyTheme(other)
    setChosen(other)
  }, [shown])
  return { shown, toggle }
}
