// Guarantees: `wattline token` makes tokens that its line accepts, and never writes a line that would be refused;
// `wattline check` reads tokens and certificates if they exist, accepts it if they are elsewhere, and prints no secret.
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { checkFiles, printable } from '../../cli/check.ts'
import { tokenCommand } from '../../cli/token.ts'
import { parseTokenList } from '../../core/auth/token-list.ts'
import { createTokenTable } from '../../core/auth/token-table.ts'
import { configSchema } from '../../core/catalogue/config/schema.ts'
import { createAuthority } from '../support/certificates.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'wattline-token-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

async function run(...given: string[]): Promise<string> {
  let printed = ''
  const write = vi.spyOn(process.stdout, 'write').mockImplementation(chunk => {
    printed += String(chunk)
    return true
  })
  try {
    await tokenCommand()
      .exitOverride()
      .configureOutput({ writeErr: () => {} })
      .parseAsync(given, { from: 'user' })
  } finally {
    write.mockRestore()
  }
  return printed
}

function tableOf(text: string) {
  const result = parseTokenList(text)
  if (!result.ok) throw new Error(JSON.stringify(result.problems))
  return createTokenTable(result.entries)
}

describe('wattline token', () => {
  it('prints a token and its line for the tokens file', async () => {
    const printed = await run(
      '--tenant',
      'shop',
      '--scopes',
      'read, ingest',
      '--name',
      'a "b", c: #d',
      '--expires',
      '2027-06-30',
    )
    const token = /^ {2}(wl_\S{43})$/m.exec(printed)?.[1] ?? ''
    const line = printed.slice(printed.indexOf('- {'))
    expect(line).not.toContain(token)
    expect(tableOf(line).find(token)).toMatchObject({
      tenant: 'shop',
      scopes: ['ingest', 'read'],
      accounts: null,
      name: 'a "b", c: #d',
      expiresMs: Date.parse('2027-06-30'),
    })
  })

  it('adds lines to a file that only its owner can read, and prints only the token', async () => {
    const file = join(folder, 'tokens.yaml')
    const first = (await run('--tenant', 'shop', '--scopes', 'ingest', '--add', file)).trim()
    writeFileSync(file, readFileSync(file, 'utf8').trimEnd())
    const second = (
      await run('--tenant', 'bank', '--scopes', 'read', '--accounts', "o'b, web", '--add', file)
    ).trim()
    const table = tableOf(readFileSync(file, 'utf8'))
    expect(table.find(first)).toMatchObject({ tenant: 'shop' })
    expect(table.find(second)).toMatchObject({ tenant: 'bank', accounts: ["o'b", 'web'] })
    expect(statSync(file).mode & 0o077).toBe(0)
  })

  it.each([
    [['--tenant', 'a b', '--scopes', 'read'], 'tenant: letters'],
    [['--tenant', 'a', '--scopes', 'read,write'], 'one or more of ingest, read, admin'],
    [['--tenant', 'a', '--scopes', ''], 'one or more of ingest, read, admin'],
    [['--tenant', 'a', '--scopes', 'ingest', '--accounts', 'x'], 'can only have scope read'],
    [['--tenant', 'a', '--scopes', 'read', '--expires', 'soon'], 'expires: a date'],
    [['--scopes', 'read'], "required option '--tenant"],
  ])('refuses %j', async (given, words) => {
    await expect(run(...given)).rejects.toThrow(words)
  })

  it('does not change a file that is already invalid', async () => {
    const file = join(folder, 'tokens.yaml')
    writeFileSync(file, '- {tenant: shop}\n')
    await expect(run('--tenant', 'shop', '--scopes', 'read', '--add', file)).rejects.toThrow('is not valid')
    expect(readFileSync(file, 'utf8')).toBe('- {tenant: shop}\n')
    await expect(run('--tenant', 'a', '--scopes', 'read', '--add', join(folder, 'no', 'x'))).rejects.toThrow(
      'cannot be written',
    )
  })
})

describe('wattline check', () => {
  const own = createAuthority('Ours').issue(['localhost'])
  const paths = () => ({ cert: join(folder, 'crt'), key: join(folder, 'key'), client_ca: join(folder, 'ca') })
  const configOf = () =>
    configSchema.parse({ listen: { tls: paths() }, auth: { tokens_file: join(folder, 'tokens.yaml') } })
  const lay = (): void => {
    writeFileSync(paths().cert, own.cert)
    writeFileSync(paths().key, own.key)
    writeFileSync(paths().client_ca, own.cert)
    writeFileSync(join(folder, 'tokens.yaml'), `- {tenant: a, scopes: [read], sha256: ${'0'.repeat(64)}}\n`)
  }

  it('names the missing files, and accepts valid ones', () => {
    expect(checkFiles(configOf())).toEqual(
      ['tokens.yaml', 'crt', 'key', 'ca'].map(name => join(folder, name)),
    )
    lay()
    expect(checkFiles(configOf())).toEqual([])
    expect(checkFiles(configSchema.parse({}))).toEqual([])
  })

  it.each([
    ['tokens.yaml', '- {tenant: a}', '0.scopes'],
    ['crt', 'nothing', 'crt does not contain a PEM certificate'],
    ['key', createAuthority('Others').key, 'key is not the key of certificate'],
    ['ca', '', 'ca does not contain a PEM certificate'],
  ])('refuses a %s that cannot be used', (name, text, words) => {
    lay()
    writeFileSync(join(folder, name), text)
    expect(() => checkFiles(configOf())).toThrow(words)
  })

  it('prints the configuration without secrets', () => {
    const secret = 'wl_secret'
    const config = configSchema.parse({
      listen: { tls: { cert: '/c', key: '/etc/key' } },
      broker: { sasl: { username: 'u', password: secret }, tls: { key: own.key } },
      telemetry: { endpoint: 'http://t', token: secret },
    })
    const text = printable({ ...config, headers: { 'x-key': secret } } as typeof config)
    expect(text).not.toContain(secret)
    expect(text).not.toContain('PRIVATE KEY')
    expect(JSON.parse(text)).toMatchObject({
      listen: { tls: { key: '/etc/key' } },
      broker: { sasl: { username: 'u', password: '(hidden)' }, tls: { key: '(hidden)' } },
      headers: { 'x-key': '(hidden)' },
    })
  })
})
