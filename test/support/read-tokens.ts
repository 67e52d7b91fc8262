/** Tokens that may read, for the tests of what a caller must not see. */
import { newToken, tokenHash } from '../../core/auth/token.ts'
import { createTokenTable, type TokenTable } from '../../core/auth/token-table.ts'

interface ReaderRights {
  readonly tenant: string
  /** Null: all accounts. */
  readonly accounts: readonly string[] | null
}

/** A new token for each name, and the table that knows them. */
export function readTokens<Name extends string>(
  rights: Readonly<Record<Name, ReaderRights>>,
): { readonly tokens: Readonly<Record<Name, string>>; readonly table: TokenTable } {
  const names = Object.keys(rights) as Name[]
  const tokens = Object.fromEntries(names.map(name => [name, newToken()])) as Record<Name, string>
  const table = createTokenTable(
    names.map(name => ({
      name,
      ...rights[name],
      scopes: ['read'],
      expiresMs: null,
      sha256: tokenHash(tokens[name]).toString('hex'),
    })),
  )
  return { tokens, table }
}
