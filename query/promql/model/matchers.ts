/** Conditions on one label, as selectors have them. */
import { RE2JS, RE2JSException } from 're2js'

export type MatchOperator = '=' | '!=' | '=~' | '!~'

/** A condition on a label; a label that a series does not have counts as ''. */
export interface Matcher {
  readonly name: string
  readonly op: MatchOperator
  /** For `=~` and `!~` a regular expression (RE2), which must match the whole value. The dot matches newlines. */
  readonly value: string
}

/** A pattern of RE2 that matches whole texts, or undefined where the pattern is not valid. */
export function anchoredPattern(pattern: string): RE2JS | undefined {
  try {
    // Compiled alone first: `a)(b` must not become valid inside of the group.
    RE2JS.compile(pattern, RE2JS.DOTALL)
    return RE2JS.compile(`^(?:${pattern})$`, RE2JS.DOTALL)
  } catch (error) {
    if (error instanceof RE2JSException) return undefined
    throw error
  }
}

const PLAIN = /^[\w\- /:@%,;=<>~!&"'#]*$/

/** Patterns that are but a list of texts, which selectors of boards often have, need no automaton. */
function alternatives(pattern: string): ReadonlySet<string> | undefined {
  const parts = pattern.split('|')
  return parts.every(part => PLAIN.test(part)) ? new Set(parts) : undefined
}

function patternTest(pattern: string): (value: string) => boolean {
  const texts = alternatives(pattern)
  if (texts !== undefined) return value => texts.has(value)
  if (pattern === '.*') return () => true
  if (pattern === '.+') return value => value !== ''
  const compiled = anchoredPattern(pattern)
  if (compiled === undefined) throw new Error(`Not a regular expression: ${pattern}`)
  return value => compiled.matches(value)
}

/** A function that tells whether a value passes. Patterns are compiled once. */
export function matcherTest({ op, value: wanted }: Matcher): (value: string) => boolean {
  switch (op) {
    case '=':
      return value => value === wanted
    case '!=':
      return value => value !== wanted
    case '=~':
      return patternTest(wanted)
    case '!~': {
      const test = patternTest(wanted)
      return value => !test(value)
    }
  }
}
