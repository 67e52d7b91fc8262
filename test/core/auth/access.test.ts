// Guarantees: a token is found where clients put it and gives exactly the access of its line; anything else is 401, a
// missing scope 403, each counted by reason. Without tokens a web page cannot get access under its own name or for
// another origin.
import { describe, expect, it } from 'vitest'
import { createOpenAccess } from '../../../core/auth/open-access.ts'
import { newToken, tokenHash } from '../../../core/auth/token.ts'
import { createTokenAccess } from '../../../core/auth/token-access.ts'
import type { TokenEntry } from '../../../core/auth/token-list.ts'
import { createTokenTable } from '../../../core/auth/token-table.ts'
import { EventBus } from '../../../core/catalogue/events/event-bus.ts'
import { createLogger } from '../../../core/catalogue/events/logger.ts'
import { SCOPES } from '../../../core/model/identity.ts'

const NOW = Date.parse('2026-11-21T12:00:00Z')
const basic = (text: string): string => `Basic ${Buffer.from(text).toString('base64')}`

function refusals(events: EventBus): Record<string, number> {
  const counted = events.samples().get('wattline_access_refused_total') ?? new Map<string, number>()
  return Object.fromEntries([...counted].map(([labels, count]) => [/"(.*)"/.exec(labels)?.[1] ?? '', count]))
}

function outcome(ask: () => unknown): unknown {
  try {
    return ask()
  } catch (error) {
    return (error as { code?: string }).code
  }
}

describe('with tokens', () => {
  const token = newToken()
  const entry = (fields: Partial<TokenEntry>, secret: string): TokenEntry => ({
    tenant: 'shop',
    scopes: ['ingest', 'read'],
    accounts: null,
    name: '',
    expiresMs: null,
    ...fields,
    sha256: tokenHash(secret).toString('hex'),
  })
  const [expired, limited] = [newToken(), newToken()]
  const others = Array.from({ length: 200 }, (_, index) => entry({ tenant: `t${index}` }, newToken()))
  const table = createTokenTable([
    ...others,
    entry({}, token),
    entry({ expiresMs: NOW }, expired),
    entry({ scopes: ['read'], accounts: ['web'] }, limited),
  ])
  const access = (events = new EventBus(createLogger('error'))) =>
    createTokenAccess({ tokens: () => table, events, now: () => NOW })
  const shop = { tenant: 'shop', scopes: ['ingest', 'read'], accounts: null }

  it.each([
    ['Bearer', { authorization: `Bearer ${token}` }],
    ['bearer in another case, more room', { authorization: `  bEARER   ${token} ` }],
    ['Basic, any user', { authorization: basic(`somebody:${token}`) }],
    ['X-ClickHouse-Key', { 'x-clickhouse-user': 'u', 'x-clickhouse-key': token }],
    [
      'X-ClickHouse-Key beside an empty password',
      { authorization: basic('default:'), 'x-clickhouse-key': token },
    ],
  ])('accepts %s', (_, headers) => {
    expect(access().authenticate(headers, 'read')).toEqual(shop)
  })

  it.each([
    ['nothing', {}, 'missing'],
    ['no password', { authorization: basic('user:') }, 'missing'],
    ['no colon', { authorization: basic(token) }, 'missing'],
    ['no base64', { authorization: 'Basic !!' }, 'missing'],
    ['another scheme', { authorization: `Digest ${token}` }, 'missing'],
    ['a bare token', { authorization: token }, 'missing'],
    ['a wrong one', { authorization: `Bearer ${newToken()}` }, 'unknown'],
    ['one that is almost right', { authorization: `Bearer ${token.slice(0, -1)}` }, 'unknown'],
    ['its hash', { authorization: `Bearer ${tokenHash(token).toString('hex')}` }, 'unknown'],
    ['a very long one', { authorization: `Bearer ${'x'.repeat(513)}` }, 'malformed'],
    ['an expired one', { authorization: `Bearer ${expired}` }, 'expired'],
  ])('refuses %s, and counts the reason', (_, headers, reason) => {
    const events = new EventBus(createLogger('error'))
    expect(outcome(() => access(events).authenticate(headers, 'read'))).toBe('unauthenticated')
    expect(refusals(events)).toEqual({ [reason]: 1 })
  })

  it('gives the scopes of the line, and no others', () => {
    const events = new EventBus(createLogger('error'))
    const doors = access(events)
    const allowed = (secret: string) =>
      SCOPES.filter(
        scope =>
          typeof outcome(() => doors.authenticate({ authorization: `Bearer ${secret}` }, scope)) === 'object',
      )
    expect(allowed(token)).toEqual(['ingest', 'read'])
    expect(allowed(limited)).toEqual(['read'])
    expect(refusals(events)).toEqual({ scope: 3 })
    expect(outcome(() => doors.authenticate({ authorization: `Bearer ${token}` }, 'admin'))).toBe('forbidden')
    expect(doors.authenticate({ authorization: `Bearer ${limited}` }, 'read').accounts).toEqual(['web'])
  })

  it('does not reveal the token in an error', () => {
    try {
      access().authenticate({ authorization: `Bearer ${expired}` }, 'read')
      expect.unreachable()
    } catch (error) {
      expect(String(error)).not.toContain(expired.slice(0, 12))
      expect(JSON.stringify(error)).not.toContain(expired.slice(0, 12))
    }
  })

  it('distinguishes tokens with similar hashes', () => {
    const [one, two] = ['a', 'b'].map(letter => `00000000${letter.repeat(56)}`)
    const alike = createTokenTable([
      { ...entry({}, ''), sha256: one! },
      { ...entry({}, ''), sha256: two! },
    ])
    expect(alike.find(token)).toBeUndefined()
  })
})

describe('without tokens, on loopback', () => {
  const open = (
    head: { method?: string; headers: Record<string, string> },
    allowed?: (origin: string) => boolean,
  ) => {
    const events = new EventBus(createLogger('error'))
    const result = outcome(() => createOpenAccess(events).admit(head, allowed)) ?? 'in'
    return [result, Object.keys(refusals(events)).join()]
  }

  it.each([
    '127.0.0.1:9288',
    'localhost:9288',
    'LOCALHOST',
    'a.localhost:1',
    '[::1]:9288',
    '192.0.2.7:80',
    'host.docker.internal:4318',
    'localhost.',
  ])('accepts %s', host => {
    expect(open({ method: 'POST', headers: { host } })).toEqual(['in', ''])
  })

  it.each([
    'evil.example',
    'evil.example:9288',
    '127.0.0.1.evil.example',
    'localhost.evil.example',
    'internal',
    'x',
    '',
    '[::1',
    '[evil]:1',
    '127.0.0.1@evil.example',
  ])('refuses the name %s', host => {
    for (const method of ['GET', 'POST', 'OPTIONS']) {
      expect(open({ method, headers: { host } })).toEqual(['host_refused', 'host'])
    }
  })

  it('accepts HTTP/1.0 probes, which have no host name', () => {
    expect(open({ method: 'GET', headers: {} })).toEqual(['in', ''])
  })

  it('makes no changes for a page of another origin, unless it is allowed to send', () => {
    const host = '127.0.0.1:9288'
    const post = (origin: string, allowed?: (origin: string) => boolean) =>
      open({ method: 'POST', headers: { host, origin } }, allowed)[0]
    expect(post('http://127.0.0.1:9288')).toBe('in')
    for (const origin of [
      'http://127.0.0.1:3000',
      'http://localhost:9288',
      'https://evil.example',
      'null',
      '',
    ]) {
      expect(post(origin)).toBe('origin_refused')
    }
    expect(post('https://shop.example', origin => origin === 'https://shop.example')).toBe('in')
    expect(open({ method: 'GET', headers: { host, origin: 'https://evil.example' } })[0]).toBe('in')
  })

  it('answers nothing that a page of another site loads, but follows its links', () => {
    const from = (
      site: string,
      dest: string,
      more: Record<string, string> = {},
      allowed?: (origin: string) => boolean,
    ) =>
      open(
        {
          method: 'GET',
          headers: { host: 'localhost:9288', 'sec-fetch-site': site, 'sec-fetch-dest': dest, ...more },
        },
        allowed,
      )[0]
    for (const dest of ['image', 'empty', 'script', 'iframe'])
      expect(from('cross-site', dest)).toBe('origin_refused')
    expect(from('cross-site', 'document')).toBe('in')
    for (const site of ['same-origin', 'same-site', 'none']) expect(from(site, 'empty')).toBe('in')
    const origin = 'https://shop.example'
    expect(from('cross-site', 'empty', { origin }, found => found === origin)).toBe('in')
    expect(from('cross-site', 'empty', { origin })).toBe('origin_refused')
  })

  it('gives all access to the one tenant', () => {
    const identity = createOpenAccess(new EventBus(createLogger('error'))).authenticate({}, 'admin')
    expect(identity).toEqual({ tenant: 'default', scopes: SCOPES, accounts: null })
  })
})
