import { useCallback, useState } from 'preact/hooks'
import { readPreference, writePreference } from '../lib/preference.ts'

/** A choice from a list that is remembered in the browser; a stored value that is no longer offered is dropped. */
export function useChoice<V extends string>(
  name: string,
  offered: readonly { readonly value: V }[],
  fallback: V,
): readonly [V, (value: V) => void] {
  const [value, setValue] = useState<V>(() => {
    const stored = readPreference(name, fallback)
    return offered.find(choice => choice.value === stored)?.value ?? fallback
  })
  const choose = useCallback(
    (chosen: V) => {
      writePreference(name, chosen)
      setValue(chosen)
    },
    [name],
  )
  return [value, choose]
}
