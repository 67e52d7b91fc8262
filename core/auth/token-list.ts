import { z } from 'zod'
import type { ConfigProblem } from '../catalogue/config/problem.ts'
import { closest } from '../catalogue/config/suggest.ts'
import { type Identity, SCOPES, TENANT, TENANT_SHAPE } from '../model/identity.ts'
import { parseYaml } from '../runtime/yaml.ts'
import { looksLikeToken } from './token.ts'

/** One line of the tokens file: the identity that a token stands for. It does not contain the token itself. */
export interface TokenEntry extends Identity {
  /** SHA-256 of the token, 64 hexadecimal digits in lower case. */
  readonly sha256: string
  /** For people who read the file; empty when no name is given. */
  readonly name: string
  /** Unix milliseconds from which the token is refused; null: never. */
  readonly expiresMs: number | null
}

type TokenListResult =
  | { readonly ok: true; readonly entries: readonly TokenEntry[] }
  | { readonly ok: false; readonly problems: readonly ConfigProblem[] }

const DATE = /^\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d)?Z)?$/
const isDate = (text: string): boolean => DATE.test(text) && !Number.isNaN(Date.parse(text))

const notAHash = (text: string): string =>
  looksLikeToken(text)
    ? 'this is the token itself, not its SHA-256: create a new token and put its SHA-256 here'
    : 'the SHA-256 of the token, 64 hexadecimal digits'

const entrySchema = z
  .strictObject({
    tenant: z.string().regex(TENANT, TENANT_SHAPE),
    scopes: z.array(z.enum(SCOPES, `one of ${SCOPES.join(', ')}`)).min(1, 'at least one scope is needed'),
    accounts: z
      .array(z.string().min(1, 'an account must not be empty'))
      .min(1, 'leave it out to allow all accounts')
      .optional(),
    account: z.string().min(1, 'an account must not be empty').max(256).optional(),
    sha256: z.string().regex(/^[0-9a-fA-F]{64}$/, { error: ({ input }) => notAHash(String(input)) }),
    name: z.string().optional(),
    expires: z.string().refine(isDate, 'a date such as 2027-06-30 or 2027-06-30T12:00:00Z').optional(),
  })
  .refine(({ accounts, scopes }) => accounts === undefined || scopes.every(scope => scope === 'read'), {
    path: ['accounts'],
    message:
      'a token that is limited to accounts can only have scope read; use `account` to name the account that pays for the data it sends',
  })
  .refine(({ account, scopes }) => account === undefined || scopes.includes('ingest'), {
    path: ['account'],
    message: '`account` needs scope ingest: it names the account that pays for the data the token sends',
  })

const KEYS = Object.keys(entrySchema.shape)

/**
 * Reads the text of a tokens file and reports all problems at once. Every scalar is read as text, whatever type YAML
 * would give it.
 */
export function parseTokenList(text: string): TokenListResult {
  const yaml = parseYaml(text, { schema: 'failsafe' })
  if (!yaml.ok) return refused('', yaml.problem)
  const { value } = yaml
  if (!Array.isArray(value) || value.length === 0) {
    return refused(
      '',
      'must be a list of tokens, `- {tenant: ..., scopes: [...], sha256: ...}`; see `wattline token`',
    )
  }
  const parsed = z.array(entrySchema).safeParse(value)
  if (!parsed.success) return { ok: false, problems: parsed.error.issues.flatMap(problemsOf) }
  const entries = parsed.data.map(entry => ({
    tenant: entry.tenant,
    scopes: entry.scopes,
    accounts: entry.accounts ?? null,
    ...(entry.account === undefined ? {} : { account: entry.account }),
    sha256: entry.sha256.toLowerCase(),
    name: entry.name ?? '',
    expiresMs: entry.expires === undefined ? null : Date.parse(entry.expires),
  }))
  const problems = duplicates(entries)
  return problems.length === 0 ? { ok: true, entries } : { ok: false, problems }
}

const refused = (path: string, problem: string): TokenListResult => ({
  ok: false,
  problems: [{ path, problem }],
})

function problemsOf(issue: z.core.$ZodIssue): ConfigProblem[] {
  const path = issue.path.join('.')
  if (issue.code !== 'unrecognized_keys') return [{ path, problem: issue.message }]
  return issue.keys.map(key => {
    const suggestion = closest(key, KEYS)
    const hint = suggestion === null ? '' : `; did you mean \`${suggestion}\`?`
    return { path: `${path}.${key}`, problem: `unknown key${hint}` }
  })
}

/** With two lines for one token it would be unclear which applies. */
function duplicates(entries: readonly TokenEntry[]): ConfigProblem[] {
  return entries.flatMap(({ sha256 }, index) => {
    const first = entries.findIndex(entry => entry.sha256 === sha256)
    return first === index
      ? []
      : [{ path: `${index}.sha256`, problem: `the same token as entry ${first} (the first entry is 0)` }]
  })
}
