// Guarantees: a tokens file has one meaning or is refused, with all its problems at once; what was written is read back
// for any YAML scalars; a token in place of its hash is reported as such.
import { createHash } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { stringify } from 'yaml'
import { newToken, tokenHash } from '../../../core/auth/token.ts'
import { parseTokenList } from '../../../core/auth/token-list.ts'
import { SCOPES } from '../../../core/model/identity.ts'

const HASH = 'ab'.repeat(32)

function entriesOf(text: string) {
  const result = parseTokenList(text)
  if (!result.ok) throw new Error(JSON.stringify(result.problems))
  return result.entries
}

function problemsOf(text: string): readonly string[] {
  const result = parseTokenList(text)
  return result.ok ? [] : result.problems.map(({ path, problem }) => `${path}: ${problem}`)
}

describe('a tokens file', () => {
  it('gives the identity of each token', () => {
    const text = `
# who may do what
- {tenant: shop, scopes: [ingest], sha256: ${HASH}}
- tenant: shop
  scopes: [read]
  accounts: [web, "123"]
  sha256: ${HASH.replace('a', 'C')}
  name: billing of web
  expires: 2027-06-30
`
    expect(entriesOf(text)).toEqual([
      { tenant: 'shop', scopes: ['ingest'], accounts: null, sha256: HASH, name: '', expiresMs: null },
      {
        tenant: 'shop',
        scopes: ['read'],
        accounts: ['web', '123'],
        sha256: HASH.replace('a', 'c'),
        name: 'billing of web',
        expiresMs: Date.parse('2027-06-30T00:00:00Z'),
      },
    ])
  })

  it('gives the account that pays for what a token sends, if there is exactly one', () => {
    const [entry] = entriesOf(`- {tenant: shop, scopes: [ingest], account: web, sha256: ${HASH}}`)
    expect(entry).toMatchObject({ tenant: 'shop', account: 'web', accounts: null })
    expect(problemsOf(`- {tenant: shop, scopes: [read], account: web, sha256: ${HASH}}`)).toEqual([
      '0.account: `account` needs scope ingest: it names the account that pays for the data the token sends',
    ])
  })

  it.each([
    ['', 'must be a list'],
    ['{}', 'must be a list'],
    ['[]', 'must be a list'],
    ['- [1', ''],
    [`- {tenant: "", scopes: [read], sha256: ${HASH}}`, '0.tenant: letters, digits'],
    [`- {tenant: "a b", scopes: [read], sha256: ${HASH}}`, '0.tenant: letters, digits'],
    [`- {scopes: [read], sha256: ${HASH}}`, '0.tenant: '],
    [`- {tenant: a, scopes: [], sha256: ${HASH}}`, '0.scopes: at least one'],
    [`- {tenant: a, scopes: [write], sha256: ${HASH}}`, '0.scopes.0: one of ingest, read, admin'],
    [`- {tenant: a, scopes: [read], sha256: abc}`, '0.sha256: the SHA-256'],
    [
      '- {tenant: a, scopes: [read], sha256: wl_0123456789012345678901234567890123456789012}',
      '0.sha256: this is the token itself',
    ],
    [`- {tenant: a, scopes: [read], accounts: [], sha256: ${HASH}}`, '0.accounts: leave it out'],
    [
      `- {tenant: a, scopes: [read, ingest], accounts: [x], sha256: ${HASH}}`,
      '0.accounts: a token that is limited',
    ],
    [`- {tenant: a, scopes: [read], sha256: ${HASH}, expires: soon}`, '0.expires: a date'],
    [`- {tenant: a, scopes: [read], sha256: ${HASH}, expires: 2027-13-01}`, '0.expires: a date'],
    [
      `- {tenant: a, scope: [read], scopes: [read], sha256: ${HASH}}`,
      '0.scope: unknown key; did you mean `scopes`?',
    ],
  ])('is refused: %s', (text, problem) => {
    const problems = problemsOf(text)
    expect(problems).toHaveLength(1)
    expect(problems[0]).toContain(problem)
  })

  it('reports all problems at once, and a token that appears twice', () => {
    expect(problemsOf('- {tenant: "", scopes: [x], sha256: y}\n- {tenant: a}').length).toBeGreaterThanOrEqual(
      5,
    )
    const line = `- {tenant: a, scopes: [read], sha256: ${HASH}}\n`
    expect(problemsOf(line + line.replace(HASH, HASH.toUpperCase()))).toEqual([
      '1.sha256: the same token as entry 0 (the first entry is 0)',
    ])
  })

  it('never throws, and accepts nothing without a hash, for any text', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.json(),
          fc.array(fc.dictionary(fc.string(), fc.jsonValue())).map(list => stringify(list)),
        ),
        text => {
          const result = parseTokenList(text)
          if (result.ok) for (const entry of result.entries) expect(entry.sha256).toMatch(/^[0-9a-f]{64}$/)
          else expect(result.problems.length).toBeGreaterThan(0)
        },
      ),
    )
  })

  it('is read back as written', () => {
    const name = fc.stringMatching(/^[A-Za-z0-9][A-Za-z0-9._-]{0,20}$/)
    const entry = fc.record({
      tenant: fc.oneof(name, fc.constantFrom('no', 'null', '0x1f', '1e3', 'true')),
      scopes: fc.subarray([...SCOPES], { minLength: 1 }),
      sha256: fc.stringMatching(/^[0-9a-f]{64}$/),
      name: fc.string(),
    })
    fc.assert(
      fc.property(
        fc.uniqueArray(entry, { minLength: 1, maxLength: 5, selector: one => one.sha256 }),
        list => {
          const read = entriesOf(stringify(list, { defaultStringType: 'QUOTE_DOUBLE' }))
          expect(read.map(({ tenant, scopes, sha256, name }) => ({ tenant, scopes, sha256, name }))).toEqual(
            list,
          )
        },
      ),
    )
  })
})

describe('a new token', () => {
  it('has 256 random bits after a prefix known to scanners, and is never the same', () => {
    const tokens = Array.from({ length: 100 }, newToken)
    expect(new Set(tokens).size).toBe(100)
    for (const token of tokens) expect(token).toMatch(/^wl_[A-Za-z0-9_-]{43}$/)
  })

  it('is stored as the SHA-256 that any tool computes', () => {
    const token = newToken()
    expect(tokenHash(token).toString('hex')).toBe(createHash('sha256').update(token).digest('hex'))
  })
})
