/** Translates schema errors into messages that make sense without the schema. */
import type { z } from 'zod'

const KINDS: Readonly<Record<string, string>> = {
  string: 'text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  object: 'keys and values',
  record: 'keys and values',
}
/** How messages of the library begin; all others are our own. */
const LIBRARY = /^(Invalid|Too |Unrecognized)/

/** Describes one problem of a value in plain English, without its path. */
export function issueText(issue: z.core.$ZodIssue): string {
  if (!LIBRARY.test(issue.message)) return issue.message
  switch (issue.code) {
    case 'invalid_type': {
      const wanted = `must be ${KINDS[issue.expected] ?? issue.expected}`
      return issue.input === undefined ? `is missing: ${wanted}` : wanted
    }
    case 'too_small':
      return leastText(issue)
    case 'too_big':
      return `must be at most ${issue.maximum}`
    case 'invalid_value':
      return `must be one of ${issue.values.map(String).join(', ')}`
    case 'invalid_format':
      return issue.format === 'url'
        ? 'must be an address such as https://collector.example:4318'
        : `must match ${'pattern' in issue ? String(issue.pattern) : issue.format}`
    default:
      return issue.message
  }
}

function leastText({ minimum, origin, inclusive }: z.core.$ZodIssueTooSmall): string {
  if (origin === 'string') return minimum === 1 ? 'must not be empty' : `needs at least ${minimum} characters`
  if (origin === 'array') return minimum === 1 ? 'needs at least 1 item' : `needs at least ${minimum} items`
  return `must be ${inclusive === true ? 'at least' : 'above'} ${minimum}`
}
