/**
 * Guarantees, for every route of the query server: a missing, wrong or expired token is refused before anything is
 * read; each scope opens exactly the routes in the table of docs/auth.md; no tenant sees a row of another, and a token
 * for some accounts no row of others, by any route, statement or client. A route without declared access is not served.
 */
import { readFileSync } from 'node:fs'
import { ClickHouseLogLevel, createClient } from '@clickhouse/client'
import fastify from 'fastify'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { newToken, tokenHash } from '../../core/auth/token.ts'
import { createTokenAccess } from '../../core/auth/token-access.ts'
import type { TokenEntry } from '../../core/auth/token-list.ts'
import { parseTokenList } from '../../core/auth/token-list.ts'
import { createTokenTable } from '../../core/auth/token-table.ts'
import { answerKey } from '../../core/autoscaling/answer-key.ts'
import { Answering } from '../../core/autoscaling/answering.ts'
import type { Broker } from '../../core/broker/broker.ts'
import { resolveConfig } from '../../core/catalogue/config/load.ts'
import { configSchema } from '../../core/catalogue/config/schema.ts'
import { EventBus } from '../../core/catalogue/events/event-bus.ts'
import { createLogger } from '../../core/catalogue/events/logger.ts'
import { ledger, quarantine, readings, traces } from '../../core/model/streams/index.ts'
import { guardRoutes } from '../../query/http/auth.ts'
import type { QueryServer } from '../../query/http/query-server.ts'
import { createQueryServer } from '../../query/server.ts'
import { READABLE_TABLES } from '../../query/sql/readable-tables.ts'
import { createStatusServer } from '../../query/status-server.ts'
import { answerOf } from '../core/scaling/fixture.ts'
import { isOpenStackRoute, OPENSTACK_QUESTIONS } from './support/openstack-questions.ts'
import { isPrometheusRoute, PROMETHEUS_OPEN, PROMETHEUS_QUESTIONS } from './support/prometheus-questions.ts'
import { ledgerRow, nano, readingRow, spanRow, unixSeconds } from './support/rows.ts'
import { openTestWarehouse, type TestWarehouse } from './support/warehouse.ts'

const NOW = Date.parse('2026-11-20T12:00:30Z')
const WHO = {
  shop: { tenant: 'shop', scopes: ['read'] },
  bank: { tenant: 'bank', scopes: ['read'] },
  shopWeb: { tenant: 'shop', scopes: ['read'], accounts: ['web'] },
  shopSender: { tenant: 'shop', scopes: ['ingest'] },
  shopAdmin: { tenant: 'shop', scopes: ['admin'] },
  operator: { tenant: 'default', scopes: ['read'] },
  operatorAdmin: { tenant: 'default', scopes: ['admin'] },
  expired: { tenant: 'default', scopes: ['ingest', 'read', 'admin'], expiresMs: NOW },
} as const satisfies Record<string, Partial<TokenEntry>>
type Who = keyof typeof WHO
const tokens = Object.fromEntries(Object.keys(WHO).map(name => [name, newToken()])) as Record<Who, string>
const entries = Object.entries(WHO).map(
  ([name, fields]): TokenEntry => ({
    accounts: null,
    name,
    expiresMs: null,
    ...fields,
    sha256: tokenHash(tokens[name as Who]).toString('hex'),
  }),
)
const events = new EventBus(createLogger('error'))
const table = createTokenTable(entries)
const access = createTokenAccess({ tokens: () => table, events, now: () => NOW })
const broker = { lag: async () => [] } as unknown as Broker

const TRACE: Record<string, string> = { shop: 'a'.repeat(32), bank: 'b'.repeat(32) }
let store: TestWarehouse
let server: QueryServer
let base: string
const replayed: string[] = []

beforeAll(async () => {
  store = await openTestWarehouse()
  for (const Tenant of ['shop', 'bank']) {
    await store.insert(traces, [
      spanRow({ Tenant, TraceId: TRACE[Tenant]!, ServiceName: `service-of-${Tenant}` }),
    ])
    await store.insert(
      readings,
      [0, 5].map(second =>
        readingRow({
          Tenant,
          Host: `host-of-${Tenant}`,
          Value: BigInt(second) * 1_000_000n,
          Timestamp: nano('2026-11-20T12:00:00Z') + BigInt(second) * 1_000_000_000n,
        }),
      ),
    )
    await store.insert(
      ledger,
      ['web', 'mobile'].map(account =>
        ledgerRow({
          Tenant,
          Host: `host-of-${Tenant}`,
          Account: account,
          WorkloadName: `${account}-of-${Tenant}`,
          WindowStart: unixSeconds('2026-11-20T11:50:00Z'),
          EnergyUj: account === 'web' ? 1_000n : 20_000n,
          EntryId: `${Tenant}-${account}`,
        }),
      ),
    )
  }
  await store.insert(quarantine, [
    {
      Time: nano('2026-11-20T12:00:00Z'),
      Processor: 'store',
      Stream: 'traces',
      Partition: 0,
      Offset: 17n,
      Code: 'record_refused',
      Error: 'of shop and bank',
      Headers: {},
      Record: 'AAAA',
      Key: '',
    },
  ])
  server = createQueryServer({
    config: configSchema.parse({}),
    warehouse: store.warehouse,
    broker,
    events,
    readiness: async () => ({ query: ['the warehouse is away'] }),
    notes: () => ['auth.tokens_file: kept out'],
    page: new Map([
      ['/', { type: 'text/html; charset=utf-8', body: Buffer.from('<!doctype html>') }],
      ['/assets/main-AB12CD34.js', { type: 'text/javascript; charset=utf-8', body: Buffer.from('1') }],
    ]),
    version: '0',
    started: new Date(0),
    now: () => NOW,
    access,
    answering: answeringOf('shop', 'bank'),
    replay: async record => {
      replayed.push(`${record.stream}/${record.offset}`)
      return 'traces/0/99'
    },
  })
  base = `http://127.0.0.1:${(await server.listen('127.0.0.1', 0)).port}`
})
afterAll(async () => {
  await server.stop()
  await store.close()
})

/** Answers of policy `web` of some tenants. */
function answeringOf(...tenants: readonly string[]): Answering {
  const answering = new Answering({ file: null, events, now: () => NOW })
  const at = NOW / 1000
  const entries = tenants.map(tenant => {
    const answer = answerOf({ tenant, name: 'web', explanation: `of-${tenant}`, decidedAt: at, asOf: at })
    return { key: answerKey(answer), answer }
  })
  let isRead = false
  answering.follow({
    read: async () => {
      const found = isRead ? [] : entries
      isRead = true
      return found
    },
  })
  return answering
}

interface Asked {
  readonly status: number
  readonly text: string
  readonly headers: Headers
}

async function ask(route: string, headers: Readonly<Record<string, string>>, body?: string): Promise<Asked> {
  const [method = 'GET', path = '/'] = route.split(' ')
  const answer = await fetch(base + path, {
    method,
    headers,
    ...(method === 'GET' ? {} : { body: body ?? '{}' }),
  })
  return { status: answer.status, text: await answer.text(), headers: answer.headers }
}
const as = (who: Who): Record<string, string> => ({ authorization: `Bearer ${tokens[who]}` })

/** A request that each route answers with rows, if allowed. */
const POLICY = '{"demand": {"sql": "SELECT 1", "target_per_replica": 1}}'
const QUESTIONS: Readonly<Record<string, readonly [route: string, body?: string]>> = {
  'GET /api/v1/traces/:id': [`GET /api/v1/traces/${TRACE['shop']}`],
  'GET /jaeger/api/services/:service/operations': ['GET /jaeger/api/services/service%2Dof%2Dshop/operations'],
  'GET /jaeger/api/operations': ['GET /jaeger/api/operations?service=service-of-shop'],
  'GET /jaeger/api/v3/operations': ['GET /jaeger/api/v3/operations?service=service-of-shop'],
  'GET /jaeger/api/traces': ['GET /jaeger/api/traces?service=service-of-shop'],
  'GET /jaeger/api/traces/:id': [`GET /jaeger/api/traces/${TRACE['shop']}`],
  'GET /jaeger/api/v3/traces/:id': [`GET /jaeger/api/v3/traces/${TRACE['shop']}`],
  'GET /tempo/api/traces/:id': [`GET /tempo/api/traces/${TRACE['shop']}`],
  'GET /tempo/api/v2/traces/:id': [`GET /tempo/api/v2/traces/${TRACE['shop']}`],
  'GET /tempo/api/search/tag/:tag/values': ['GET /tempo/api/search/tag/service.name/values'],
  'GET /tempo/api/v2/search/tag/:tag/values': ['GET /tempo/api/v2/search/tag/.service.name/values'],
  'GET /api/v1/quarantine/:stream/:partition/:offset': ['GET /api/v1/quarantine/traces/0/17'],
  'POST /api/v1/quarantine/:stream/:partition/:offset/replay': [
    'POST /api/v1/quarantine/traces/0/17/replay?force=true',
  ],
  'POST /api/v1/sql': ['POST /api/v1/sql', '{"query": "SELECT * FROM ledger"}'],
  'POST /clickhouse': ['POST /clickhouse', 'SELECT * FROM ledger'],
  'POST /clickhouse/': ['POST /clickhouse/', 'SELECT * FROM ledger'],
  'GET /clickhouse': ['GET /clickhouse?query=SELECT%20*%20FROM%20ledger'],
  'GET /clickhouse/': ['GET /clickhouse/?query=SELECT%20*%20FROM%20ledger'],
  'GET /api/v1/intensity/best-window': ['GET /api/v1/intensity/best-window?duration=1h'],
  'GET /emissions/bylocation': ['GET /emissions/bylocation?location=DE'],
  'GET /emissions/bylocations': ['GET /emissions/bylocations?locations=DE'],
  'GET /emissions/bylocations/best': ['GET /emissions/bylocations/best?locations=DE'],
  'GET /emissions/average-carbon-intensity': ['GET /emissions/average-carbon-intensity?location=DE'],
  'GET /emissions/forecasts/current': ['GET /emissions/forecasts/current?location=DE'],
  'GET /api/v1/factors/intensity': ['GET /api/v1/factors/intensity?zone=DE'],
  'POST /api/v1/silences': [
    'POST /api/v1/silences',
    '{"matchers": {"a": "b"}, "ends_at": "2036-01-01T00:00:00Z"}',
  ],
  'GET /api/v1/scaling/:name': ['GET /api/v1/scaling/web'],
  'GET /api/v1/scaling/:name/decisions': ['GET /api/v1/scaling/web/decisions'],
  'GET /api/v1/scaling/policies/:name': ['GET /api/v1/scaling/policies/web'],
  'PUT /api/v1/scaling/policies/:name': ['PUT /api/v1/scaling/policies/web', POLICY],
  'DELETE /api/v1/scaling/policies/:name': ['DELETE /api/v1/scaling/policies/web'],
  'GET /api/v1/requests': ['GET /api/v1/requests?window=2h&group_by=service,account'],
  'GET /api/v1/usage': ['GET /api/v1/usage?window=2h&group_by=workload,account'],
  'GET /allocation': ['GET /allocation?window=2h&aggregate=container,account'],
  'GET /allocation/compute': ['GET /allocation/compute?window=2h&shareIdle=true&includeIdle=true'],
  'GET /model/allocation': ['GET /model/allocation?window=2h&aggregate=node,container'],
  'GET /model/allocation/compute': ['GET /model/allocation/compute?window=2h&shareNamespaces=shop'],
  'POST /api/v1/recompute': [
    'POST /api/v1/recompute',
    '{"from": "2026-11-01T00:00:00Z", "to": "2026-11-01T01:00:00Z"}',
  ],
  'POST /api/v1/invoices': ['POST /api/v1/invoices', '{"period": "2026-09"}'],
  'GET /api/v1/invoices/draft': ['GET /api/v1/invoices/draft?period=2026-11&account=web'],
  'GET /api/v1/focus': ['GET /api/v1/focus?period=2026-09'],
  ...PROMETHEUS_QUESTIONS,
  ...OPENSTACK_QUESTIONS,
}
const questionOf = (route: string): readonly [string, string?] => QUESTIONS[route] ?? [route]

/** Who gets an answer from a route, besides the ones below: read from the table of docs/auth.md. */
const OPEN_ROUTES = [
  'GET /',
  'GET /index.html',
  'GET /assets/main-AB12CD34.js',
  'GET /healthz',
  'GET /readyz',
  'GET /clickhouse/ping',
  'GET /api/v1/openapi.json',
  'GET /identity',
  'GET /identity/v3',
  ...PROMETHEUS_OPEN,
]
/** Their credential is in the body; test/query/openstack/keystone.test.ts has the rest. */
const WITH_OWN_CREDENTIAL = ['POST /identity/v3/auth/tokens']
/** A further name of a route: the same handler, and the same access. */
const isSecondName = (route: string): boolean => {
  const first = route
    .replace(/^(\w+) \/(prometheus|model|gnocchi|cloudkitty)(?=\/.)/, '$1 ')
    .replace(/(?<=.)\/$/, '')
  // Alerts of Prometheus' API are another route than ours of that name.
  if (route.includes(' /prometheus/') && !isPrometheusRoute(route)) return false
  return first !== route && server.routes.includes(first)
}
const READERS: readonly Who[] = ['shop', 'bank', 'operator']
function allowed(route: string): readonly Who[] {
  if (/\/api\/v1\/(snapshots|erasures|recompute)/.test(route)) return ['operatorAdmin']
  if (route.endsWith('/replay') || /^(POST|DELETE) \/api\/v1\/(silences|invoices)/.test(route))
    return ['shopAdmin', 'operatorAdmin']
  if (/^(PUT|POST|DELETE) \/api\/v1\/(factors|tariffs\/spot)/.test(route)) return ['operatorAdmin']
  if (/^(PUT|DELETE) \/api\/v1\/tariffs/.test(route)) return ['shopAdmin', 'operatorAdmin']
  if (/^(PUT|DELETE) \/api\/v1\/scaling/.test(route)) return ['shopAdmin', 'operatorAdmin']
  if (['GET /metrics', 'GET /api/v1/lag', 'GET /api/v1/scaling/answers'].includes(route)) return ['operator']
  const narrow = [
    'GET /api/v1/budgets',
    'GET /api/v1/factors',
    'GET /api/v1/factors/rows',
    'GET /api/v1/focus',
    'GET /api/v1/factors/intensity',
    'GET /api/v1/factors/pue',
    'GET /api/v1/factors/embodied',
    'GET /api/v1/tariffs/spot',
    'GET /api/v1/requests',
    'GET /api/v1/usage',
    'GET /allocation',
    'GET /allocation/compute',
    'GET /model/allocation',
    'GET /model/allocation/compute',
    'GET /api/v1/intensity',
    'GET /api/v1/intensity/best-window',
    'GET /locations',
    'GET /api/v1/status',
    'POST /api/v1/sql',
  ]
  if (
    narrow.includes(route) ||
    isPrometheusRoute(route) ||
    isOpenStackRoute(route) ||
    route.startsWith('GET /emissions/') ||
    route.startsWith('GET /api/v1/invoices') ||
    route.endsWith('/clickhouse') ||
    route.endsWith('/clickhouse/')
  )
    return [...READERS, 'shopWeb']
  return READERS
}

describe('every route', () => {
  const guarded = (): string[] =>
    server.routes.filter(route => ![...OPEN_ROUTES, ...WITH_OWN_CREDENTIAL].includes(route))
  /** Without second names of a route, for which other tests show that they are guarded at all. */
  const once = (): string[] => guarded().filter(route => !isSecondName(route))

  it('is open only if it reveals no tenant', async () => {
    expect(server.routes.filter(route => OPEN_ROUTES.includes(route)).toSorted()).toEqual(
      OPEN_ROUTES.toSorted(),
    )
    for (const route of OPEN_ROUTES) expect([200, 300, 503]).toContain((await ask(route, {})).status)
    expect(guarded().length).toBeGreaterThanOrEqual(13)
    expect(once().length).toBeGreaterThan(0.6 * guarded().length)
  })

  const basic = (password: string): string =>
    `Basic ${Buffer.from(`somebody:${password}`).toString('base64')}`
  /** As Gnocchi's client sends it: a user without a password. */
  const basicUser = (user: string): string => `Basic ${Buffer.from(`${user}:`).toString('base64')}`
  /** The way of sending the token makes no difference: one that opens nothing is recognized in all of them. */
  const waysOf = (who: Who): readonly Record<string, string>[] =>
    who === 'shopSender'
      ? [
          as(who),
          { authorization: basic(tokens[who]) },
          { 'x-clickhouse-key': tokens[who] },
          { 'x-auth-token': tokens[who] },
          { authorization: basicUser(tokens[who]) },
        ]
      : [as(who)]
  const NOBODY: readonly (readonly [string, () => Record<string, string>])[] = [
    ['nothing', () => ({})],
    ['a wrong token', () => ({ authorization: `Bearer ${newToken()}` })],
    ['a wrong password', () => ({ authorization: basic(newToken()) })],
    ['a wrong key', () => ({ 'x-clickhouse-user': 'default', 'x-clickhouse-key': 'default' })],
    ['an empty password', () => ({ authorization: basic('') })],
    ['the hash of a token', () => ({ authorization: `Bearer ${entries[0]!.sha256}` })],
    ['a wrong token as OpenStack sends it', () => ({ 'x-auth-token': newToken() })],
    ['a wrong token as user', () => ({ authorization: basicUser(newToken()) })],
    ['an expired token', () => as('expired')],
    ['a cookie', () => ({ cookie: `token=${tokens.operator}` })],
  ]
  it.each(NOBODY)('answers 401 to %s', async (what, headers) => {
    for (const route of what === 'nothing' ? guarded() : once()) {
      const [question, body] = questionOf(route)
      const answer = await ask(question, headers(), body)
      expect([route, answer.status, answer.headers.get('www-authenticate')]).toEqual([
        route,
        401,
        'Bearer realm="wattline"',
      ])
      expect(answer.text).not.toMatch(/of-shop|of-bank/)
    }
  })

  it('accepts no token in an address', async () => {
    for (const route of once()) {
      const [question] = questionOf(route)
      const joint = question.includes('?') ? '&' : '?'
      const answer = await ask(
        `${question}${joint}token=${tokens.operator}&password=${tokens.operator}&user=x`,
        {},
      )
      expect([route, answer.status]).toEqual([route, 401])
    }
  })

  const TENANTS = ['shop', 'bank']
  /** Without what repeats the question: rows of others remain. */
  const rowsIn = (text: string): string => text.replaceAll(/host=host-of-\w+|Host host-of-\w+/g, '')
  const othersIn = (text: string, who: Who): readonly string[] =>
    TENANTS.filter(tenant => tenant !== WHO[who].tenant && rowsIn(text).includes(`of-${tenant}`))

  it.each(Object.keys(WHO).filter(name => name !== 'expired') as Who[])(
    'answers %s as its scopes allow, otherwise 403, and shows no row of another tenant',
    async who => {
      for (const route of guarded()) {
        const isAllowed = allowed(route).includes(who)
        // A second name has the same handler: one reader shows that it answers, the others only whom it refuses.
        if (isSecondName(route) && isAllowed && who !== 'shop') continue
        const [question, body] = questionOf(route)
        for (const headers of waysOf(who)) {
          const { status, text } = await ask(question, headers, body)
          // 409: there is no data folder here for a snapshot.
          const expected = isAllowed ? [200, 404, 409] : [403]
          expect([route, expected.includes(status) ? 'as expected' : `${status} ${text}`]).toEqual([
            route,
            'as expected',
          ])
          // Answers for processes of role scaling are those of all tenants: for the operator alone. Quarantined records
          // name no tenant, and belong to the operator.
          if (!route.endsWith('/scaling/answers'))
            expect([route, othersIn(text, who), text]).toEqual([route, [], text])
        }
      }
    },
  )

  it('shows no tenant a row of another that it asks for', async () => {
    for (const [who, other] of [
      ['shop', 'bank'],
      ['bank', 'shop'],
      ['shopWeb', 'bank'],
      ['shopAdmin', 'bank'],
      ['operator', 'shop'],
      ['operator', 'bank'],
    ] as const) {
      const questions = [
        ...guarded()
          .filter(route => route.endsWith('/:id'))
          .map(route => route.replace(':id', TRACE[other]!)),
        `GET /api/v1/live?host=host-of-${other}`,
        'GET /api/v1/usage?window=2h&group_by=host,workload&share_idle=by_usage',
      ]
      for (const question of questions) {
        const { text } = await ask(question, as(who))
        expect([question, othersIn(text, who), text]).toEqual([question, [], text])
      }
    }
    expect((await ask('GET /api/v1/usage?window=2h&group_by=workload', as('shop'))).text).toContain(
      'web-of-shop',
    )
    expect((await ask(`GET /api/v1/traces/${TRACE['shop']}`, as('shop'))).text).toContain('service-of-shop')
    expect((await ask(`GET /api/v1/traces/${TRACE['bank']}`, as('shop'))).status).toBe(404)
    expect((await ask('GET /api/v1/live?host=host-of-bank', as('shop'))).status).toBe(404)
    expect((await ask('GET /api/v1/live', as('shop'))).text).toContain('host-of-shop')
  })

  it('sums for a token limited to accounts what these accounts used', async () => {
    const usage = async (who: Who, more = ''): Promise<unknown> => {
      const { text } = await ask(`GET /api/v1/usage?window=2h&group_by=account${more}`, as(who))
      const { rows, total } = JSON.parse(text) as {
        rows: { group: { account: string } }[]
        total: { energy_uj: string }
      }
      return [rows.map(row => row.group.account), total.energy_uj]
    }
    expect(await usage('shop')).toEqual([['mobile', 'web'], '21000'])
    expect(await usage('shopWeb')).toEqual([['web'], '1000'])
    expect(await usage('shopWeb', '&filter=account:mobile')).toEqual([[], '0'])
    expect(await usage('shopWeb', '&share_idle=by_usage')).toEqual([['web'], '1000'])
  })

  it('shows the quarantine only to the operator of the instance', async () => {
    expect((await ask('GET /api/v1/quarantine', as('operator'))).text).toContain('of shop and bank')
    expect((await ask('GET /api/v1/quarantine', as('shop'))).text).not.toContain('of shop and bank')
    expect((await ask('POST /api/v1/quarantine/traces/0/17/replay', as('shopAdmin'))).status).toBe(404)
    expect(replayed.filter(place => place !== 'traces/17')).toEqual([])
  })

  it('does not reveal with a token more than without: a missing route is 404 in both cases', async () => {
    for (const headers of [{}, as('shop')])
      expect((await ask('GET /api/v1/nothing', headers)).status).toBe(404)
  })
})

describe('SQL', () => {
  const rows = async (query: string, who: Who): Promise<Asked> =>
    ask('POST /api/v1/sql', { ...as(who), 'content-type': 'application/json' }, JSON.stringify({ query }))

  it.each(READABLE_TABLES)("shows the reader's own rows of %s", async name => {
    for (const [who, other] of [
      ['shop', 'bank'],
      ['bank', 'shop'],
      ['operator', 'bank'],
    ] as const) {
      const { status, text } = await rows(`SELECT * FROM ${name}`, who)
      expect([status, text]).toEqual([200, expect.not.stringContaining(`of-${other}`)])
    }
  })

  const OF_ACCOUNTS = [
    'grid_intensity',
    'intensity_forecasts',
    'invoice_lines',
    'invoices',
    'ledger',
    'pue_factors',
    'request_energy',
    'usage_daily',
    'usage_hourly',
  ]
  it('hides other accounts and tables from a token for some accounts', async () => {
    for (const name of READABLE_TABLES) {
      const { status, text } = await rows(`SELECT * FROM ${name}`, 'shopWeb')
      if (!OF_ACCOUNTS.includes(name))
        expect([name, status, text]).toEqual([name, 400, expect.stringContaining('sql_refused')])
      else expect([name, status, text]).toEqual([name, 200, expect.not.stringMatching(/mobile|of-bank/)])
    }
    for (const name of ['ledger', 'usage_hourly', 'usage_daily']) {
      const { data } = JSON.parse(
        (await rows(`SELECT sum(EnergyUj) AS uj FROM ${name}`, 'shopWeb')).text,
      ) as { data: unknown }
      expect(data).toEqual([{ uj: '1000' }])
    }
    const shown = JSON.parse((await rows('SHOW TABLES', 'shopWeb')).text) as { data: { name: string }[] }
    expect(shown.data.map(({ name }) => name)).toEqual(OF_ACCOUNTS)
    expect(
      (await rows("SELECT count() AS n FROM system.columns WHERE table = 'otel_traces'", 'shopWeb')).text,
    ).toContain('"n": "0"')
    // One reader's verdict does not apply to another.
    const sql = 'SELECT count() AS n FROM otel_traces'
    expect([
      (await rows(sql, 'shop')).status,
      (await rows(sql, 'shopWeb')).status,
      (await rows(sql, 'bank')).status,
    ]).toEqual([200, 400, 200])
  })

  it.each([
    "SELECT * FROM ledger WHERE Account = 'mobile' OR 1 = 1",
    'SELECT * FROM (SELECT * FROM ledger) AS l JOIN usage_hourly AS u ON 1 = 1',
    'WITH x AS (SELECT Account FROM ledger) SELECT * FROM x',
    "SELECT groupArray(Account) FROM ledger WHERE Tenant IN ('shop', 'bank')",
    'SELECT (SELECT groupUniqArray(WorkloadName) FROM usage_daily)',
  ])('shows them only their own: %s', async sql => {
    const { status, text } = await rows(sql, 'shopWeb')
    expect([status, text]).toEqual([200, expect.not.stringMatching(/mobile|of-bank/)])
  })

  it('works from @clickhouse/client with the token as password, and reports a wrong one as ClickHouse does', async () => {
    const client = (password: string) =>
      createClient({
        url: base,
        pathname: '/clickhouse',
        username: 'anybody',
        password,
        log: { level: ClickHouseLogLevel.OFF },
      })
    const good = client(tokens.shop)
    const found = await good.query({
      query: 'SELECT DISTINCT Tenant FROM otel_traces',
      format: 'JSONEachRow',
    })
    expect(await found.json()).toEqual([{ Tenant: 'shop' }])
    await good.close()
    const bad = client(newToken())
    await expect(bad.query({ query: 'SELECT 1' })).rejects.toMatchObject({
      code: '516',
      type: 'AUTHENTICATION_FAILED',
    })
    await bad.close()
    const sender = client(tokens.shopSender)
    await expect(sender.query({ query: 'SELECT 1' })).rejects.toMatchObject({ code: '497' })
    await sender.close()
  })
})

describe('readiness', () => {
  it('shows probes the status, and its reasons and notes to the operator', async () => {
    const anonymous = await ask('GET /readyz', {})
    expect([anonymous.status, JSON.parse(anonymous.text)]).toEqual([
      503,
      { ready: false, reasons: [expect.stringContaining('scope read')] },
    ])
    for (const who of ['shop', 'operatorAdmin', 'expired'] as const)
      expect((await ask('GET /readyz', as(who))).text).not.toContain('warehouse')
    expect(JSON.parse((await ask('GET /readyz', as('operator'))).text)).toEqual({
      ready: false,
      reasons: ['the warehouse is away'],
      roles: { query: ['the warehouse is away'] },
      notes: ['auth.tokens_file: kept out'],
    })
  })

  it('shows every reader that something is wrong, and the operator what is wrong', async () => {
    const problems = async (who: Who): Promise<unknown> =>
      (JSON.parse((await ask('GET /api/v1/status', as(who))).text) as { problems: unknown }).problems
    expect(await problems('operator')).toEqual(['the warehouse is away'])
    expect(await problems('shop')).toEqual(['only the operator of this instance sees the reasons'])
  })

  it('and metrics are protected in a process without role query, too', async () => {
    const status = createStatusServer({
      events,
      readiness: async () => ({}),
      version: '0',
      started: new Date(0),
      access,
      roles: ['collector'],
    })
    const { port } = await status.listen('127.0.0.1', 0)
    const code = async (path: string, headers = {}) =>
      (await fetch(`http://127.0.0.1:${port}${path}`, { headers })).status
    expect([await code('/healthz'), await code('/readyz'), await code('/metrics')]).toEqual([200, 200, 401])
    expect([await code('/metrics', as('shop')), await code('/metrics', as('operator'))]).toEqual([403, 200])
    await status.stop()
  })
})

describe('the guard', () => {
  it('rejects a route that does not declare its access', () => {
    const app = fastify()
    guardRoutes(app, access, { onRevoked: () => {} })
    expect(() => app.get('/forgotten', async () => 'secrets')).toThrow(
      'Route GET /forgotten does not declare its access',
    )
  })

  it('counts refused requests', () => {
    const counted = [...(events.samples().get('wattline_access_refused_total') ?? new Map()).keys()]
    expect(counted).toEqual(
      expect.arrayContaining(['reason="missing"', 'reason="unknown"', 'reason="expired"', 'reason="scope"']),
    )
  })
})

describe('docs/auth.md', () => {
  const page = readFileSync(new URL('../../docs/auth.md', import.meta.url), 'utf8')
  const blocks = [...page.matchAll(/^```yaml\n([\s\S]*?)^```/gm)].map(([, text]) => text ?? '')

  it('has a valid tokens file and valid configurations', () => {
    expect(parseTokenList(blocks.find(text => text.includes('# tokens.yaml'))!)).toMatchObject({ ok: true })
    const configurations = blocks.filter(text => text.includes('listen:'))
    expect(configurations.length).toBeGreaterThanOrEqual(2)
    for (const yaml of configurations)
      expect(resolveConfig({ yaml, environment: {}, readFile: () => '' })).toMatchObject({ ok: true })
  })

  it('lists every protected route, or its group, in the table of what a token opens', () => {
    const section = page.slice(page.indexOf('## What a token allows'), page.indexOf('## In containers'))
    const paths = [...section.matchAll(/`(?:POST )?(\/[^`]*)`/g)].map(([, path]) => path!.replace('/...', ''))
    for (const route of server.routes) {
      const path = route.split(' ')[1]!
      const named = paths.some(
        known =>
          path === known ||
          path === '/index.html' ||
          path.startsWith('/assets/') ||
          `${path}/` === known ||
          path.startsWith(`${known}/`),
      )
      expect([route, named]).toEqual([route, true])
    }
  })
})
