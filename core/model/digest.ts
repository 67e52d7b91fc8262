import { hash } from 'node:crypto'

/** The first `hexDigits` of the SHA-256 of a text, for identifiers derived from content. */
export const digest = (text: string, hexDigits: number): string =>
  hash('sha256', text, 'hex').slice(0, hexDigits)
