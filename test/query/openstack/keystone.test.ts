/**
 * Guarantees: clients of Keystone get the token that they present as a password, by each method that they have, and the addresses
 * of the services; a wrong one, and a body that is not Keystone's, is refused in Keystone's form; a caller learns nothing about tokens of
 * others.
 */
import { afterAll, beforeAll, expect, it } from 'vitest'
import { newToken, tokenHash } from '../../../core/auth/token.ts'
import { createTokenAccess } from '../../../core/auth/token-access.ts'
import { createTokenTable } from '../../../core/auth/token-table.ts'
import { silentEvents } from '../../../core/catalogue/events/events.ts'
import { type Api, openApi } from '../prometheus/support/api.ts'
import { NOW_MS } from './support/world.ts'

const TOKENS = { shop: newToken(), bank: newToken(), sender: newToken() }
let api: Api

beforeAll(async () => {
  const table = createTokenTable(
    Object.entries(TOKENS).map(([name, token]) => ({
      name,
      tenant: name === 'sender' ? 'shop' : name,
      accounts: null,
      scopes: name === 'sender' ? ['ingest'] : ['read'],
      expiresMs: null,
      sha256: tokenHash(token).toString('hex'),
    })),
  )
  const access = createTokenAccess({ tokens: () => table, events: silentEvents, now: () => NOW_MS })
  api = await openApi({ nowMs: NOW_MS, access })
})
afterAll(() => api.close())

interface Token {
  readonly token: {
    readonly user: { readonly id: string }
    readonly project: { readonly name: string }
    readonly expires_at: string
    readonly catalog: readonly {
      readonly type: string
      readonly endpoints: readonly { readonly url: string; readonly interface: string }[]
    }[]
  }
}

const tokensOf = (some: Api): string => `${some.base}/identity/v3/auth/tokens`
/** As clients in Go send it: without a media type. */
const ask = (identity: unknown, scope: object = { scope: { project: { id: '' } } }): Promise<Response> =>
  fetch(tokensOf(api), {
    method: 'POST',
    body: new TextEncoder().encode(JSON.stringify({ auth: { identity, ...scope } })),
  })
const password = (text: string) => ({
  methods: ['password'],
  password: { user: { id: 'somebody', password: text } },
})

it('hands back the token that is presented as a password, with the catalogue', async () => {
  const answer = await ask(password(TOKENS.shop))
  expect(answer.status).toBe(201)
  expect(answer.headers.get('x-subject-token')).toBe(TOKENS.shop)
  const { token } = (await answer.json()) as Token
  expect([token.user.id, token.project.name]).toEqual(['somebody', 'shop'])
  expect(Date.parse(token.expires_at)).toBe(NOW_MS + 3_600_000)
  expect(
    token.catalog.map(({ type, endpoints }) => [type, endpoints[0]?.interface, endpoints[0]?.url]),
  ).toEqual([
    ['identity', 'public', `${api.base}/identity`],
    ['metric', 'public', `${api.base}/gnocchi`],
    ['rating', 'public', `${api.base}/cloudkitty`],
  ])
})

it.each([
  ['an application credential', { application_credential: { id: 'any', secret: TOKENS.bank } }],
  [
    "an application credential as KEDA's trigger sends it",
    { application_credential: { id: TOKENS.bank, secret: '' } },
  ],
  ['a token', { token: { id: TOKENS.bank } }],
])('takes %s', async (_what, presented) => {
  const answer = await ask({ methods: Object.keys(presented), ...presented }, {})
  expect([answer.status, answer.headers.get('x-subject-token')]).toEqual([201, TOKENS.bank])
})

it('refuses what opens nothing, in the form of Keystone', async () => {
  for (const wrong of [newToken(), '', 'x'.repeat(512)]) {
    const answer = await ask(password(wrong))
    expect(answer.status).toBe(401)
    expect(await answer.json()).toMatchObject({ error: { code: 401, title: 'unauthenticated' } })
  }
  expect((await ask(password(TOKENS.sender))).status).toBe(403)
})

it('refuses a body that is not a request for a token', async () => {
  for (const body of ['', '{', '[]', '{"auth":{}}', '{"auth":{"identity":{"methods":["totp"]}}}', 'null']) {
    const answer = await fetch(tokensOf(api), { method: 'POST', body })
    expect([body, answer.status]).toEqual([body, 400])
    expect(await answer.json()).toMatchObject({ error: { title: 'parameter_invalid' } })
  }
})

it('says whether the token of the caller holds, and nothing about others', async () => {
  const check = async (auth: string, subject: string, method = 'HEAD'): Promise<number> =>
    (await fetch(tokensOf(api), { method, headers: { 'x-auth-token': auth, 'x-subject-token': subject } }))
      .status
  expect(await check(TOKENS.shop, TOKENS.shop)).toBe(200)
  expect(await check(TOKENS.shop, TOKENS.shop, 'GET')).toBe(200)
  expect(await check(newToken(), TOKENS.shop)).toBe(401)
  expect([await check(TOKENS.shop, TOKENS.bank), await check(TOKENS.shop, newToken())]).toEqual([404, 404])
})

it('tells its versions and its catalogue', async () => {
  const versions = await fetch(`${api.base}/identity`)
  expect([versions.status, await versions.json()]).toMatchObject([
    300,
    { versions: { values: [{ id: 'v3.14', links: [{ href: `${api.base}/identity/v3` }] }] } },
  ])
  expect((await api.get('/identity/v3')).status).toBe(200)
  expect((await api.get('/identity/v3/auth/catalog')).status).toBe(401)
  const { text } = await api.get('/identity/v3/auth/catalog', { 'x-auth-token': TOKENS.shop })
  expect(text).toContain(`${api.base}/gnocchi`)
})

it('hands out any token where none is needed', async () => {
  // One engine per process.
  await api.close()
  api = await openApi({ nowMs: NOW_MS })
  const answer = await ask(password('anything'))
  expect([answer.status, answer.headers.get('x-subject-token')]).toEqual([201, 'anything'])
})
