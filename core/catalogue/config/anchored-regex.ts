import { RE2JS, RE2JSException } from 're2js'

/** A pattern that must match the whole text, as in Prometheus. */
export interface AnchoredRegex {
  /** The text with every `$1`, `${1}` and `${name}` of the template replaced; undefined when the pattern does not match. */
  expand(text: string, template: string): string | undefined
  matches(text: string): boolean
}

const MAX_CHARACTERS = 10_000
const REFERENCE = /\$(?:\$|\{(\w+)\}|(\w+))/g

/**
 * Compiles a pattern in RE2 syntax. RE2 has neither look-around nor back references, so its time is bounded by the
 * length of the text times that of the pattern; a JavaScript regular expression can be made to run for years. Throws an
 * Error that describes what is wrong with the pattern.
 */
export function compileAnchored(pattern: string): AnchoredRegex {
  if (pattern.length > MAX_CHARACTERS) throw new Error(`longer than ${MAX_CHARACTERS} characters`)
  const compiled = compile(pattern)
  return {
    matches: text => compiled.matches(text),
    expand(text, template) {
      const matcher = compiled.matcher(text)
      if (!matcher.matches()) return undefined
      if (!template.includes('$')) return template
      const names = compiled.namedGroups()
      return template.replace(REFERENCE, (whole, braced?: string, bare?: string) => {
        const name = braced ?? bare
        if (name === undefined) return whole === '$$' ? '$' : whole
        const group = /^\d+$/.test(name) ? Number(name) : names[name]
        if (group === undefined || group > matcher.groupCount()) return ''
        return matcher.group(group) ?? ''
      })
    },
  }
}

function compile(pattern: string): RE2JS {
  try {
    return RE2JS.compile(pattern, RE2JS.DOTALL)
  } catch (error) {
    if (!(error instanceof RE2JSException)) throw error
    throw new Error(error.message.replace(/^error parsing regexp: /, '').replace('`(?s)', '`'))
  }
}
