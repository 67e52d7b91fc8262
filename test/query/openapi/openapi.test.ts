/**
 * Guarantees: the OpenAPI document is valid by an independent validator; it has every route that is served, with the parameters that the route
 * accepts and the scope that it needs; what the routes really answer is of the types that it names; every schema that it refers to exists.
 */
import { Validator } from '@seriousme/openapi-schema-validator'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { Answering } from '../../../core/autoscaling/answering.ts'
import type { Broker } from '../../../core/broker/broker.ts'
import { configSchema } from '../../../core/catalogue/config/schema.ts'
import { silentEvents } from '../../../core/catalogue/events/events.ts'
import { ledger, readings, traces } from '../../../core/model/streams/index.ts'
import type { QueryServer } from '../../../query/http/query-server.ts'
import { OPERATIONS, openApiDocument } from '../../../query/openapi/document.ts'
import { createQueryServer } from '../../../query/server.ts'
import { ledgerRow, nano, readingRow, spanRow, unixSeconds } from '../support/rows.ts'
import { openTestWarehouse, type TestWarehouse } from '../support/warehouse.ts'

const NOW = Date.parse('2026-11-20T12:00:30Z')
interface Described {
  readonly parameters?: readonly { readonly name: string; readonly in: string }[]
  readonly responses: Readonly<
    Record<string, { readonly content: Readonly<Record<string, { readonly schema: object }>> }>
  >
  readonly operationId: string
  readonly security: readonly unknown[]
  readonly 'x-scope'?: string
}
interface Document {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Described>>>>
  readonly components: { readonly schemas: Readonly<Record<string, object>> }
}
let store: TestWarehouse
let server: QueryServer
let base: string
let document: Document

beforeAll(async () => {
  store = await openTestWarehouse()
  await store.insert(ledger, [
    ledgerRow({ WindowStart: unixSeconds('2026-11-20T11:50:00Z'), EnergyUj: 5n, CostEnergyNano: null }),
  ])
  await store.insert(traces, [spanRow({ Timestamp: nano('2026-11-20T11:59:00Z') })])
  await store.insert(
    readings,
    [0n, 5n].map(second =>
      readingRow({
        Value: second * 1_000_000n,
        Timestamp: nano('2026-11-20T12:00:00Z') + second * 1_000_000_000n,
      }),
    ),
  )
  server = createQueryServer({
    config: configSchema.parse({}),
    warehouse: store.warehouse,
    broker: { lag: async () => [] } as unknown as Broker,
    events: silentEvents,
    readiness: async () => ({}),
    page: new Map([['/', { type: 'text/html', body: Buffer.from('') }]]),
    version: '1.2.3',
    started: new Date(0),
    now: () => NOW,
    answering: new Answering({ file: null, events: silentEvents, now: () => NOW }),
  })
  base = `http://127.0.0.1:${(await server.listen('127.0.0.1', 0)).port}`
  document = (await (await fetch(`${base}/api/v1/openapi.json`)).json()) as Document
})
afterAll(async () => {
  await server.stop()
  await store.close()
})

const described = (): (readonly [route: string, operation: Described])[] =>
  Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(
      ([method, operation]) => [`${method.toUpperCase()} ${path}`, operation] as const,
    ),
  )

describe('the document', () => {
  it('is valid OpenAPI 3.1', async () => {
    const result = await new Validator().validate({ ...structuredClone(document) })
    expect(result).toEqual({ valid: true })
  })

  it('has every route that is served, and no other', () => {
    const served = server.routes.map(route => route.replaceAll(/:(\w+)/g, '{$1}')).toSorted()
    expect(
      described()
        .map(([route]) => route)
        .toSorted(),
    ).toEqual([...new Set(served)])
  })

  it('says something about every route of ours, and about no route that is not there', () => {
    const unknown = Object.keys(OPERATIONS).filter(
      route => !server.routes.includes(route) && !route.endsWith('/index.html'),
    )
    expect(unknown).toEqual([])
    const ids = described().map(([, { operationId }]) => operationId)
    expect(new Set(ids).size).toBe(ids.length)
  })

  it('refers to schemas that exist, with every type of an answer', () => {
    const names = Object.keys(document.components.schemas)
    const refs = [...JSON.stringify(document).matchAll(/#\/components\/schemas\/(\w+)/g)].map(
      ([, name]) => name,
    )
    expect(refs.filter(name => !names.includes(name!))).toEqual([])
    for (const { answer } of Object.values(OPERATIONS))
      if (typeof answer === 'string') expect(names).toContain(answer)
  })

  it('tells the scope that a token needs', () => {
    const routes = new Map(described())
    expect(routes.get('GET /healthz')?.security).toEqual([])
    expect(routes.get('GET /api/v1/usage')?.['x-scope']).toBe('read')
    expect(routes.get('POST /api/v1/erasures')?.['x-scope']).toBe('admin')
  })

  it('describes a route about which nothing is said by its path', () => {
    const made = openApiDocument(
      [{ method: 'GET', url: '/new/:id', scope: 'read' }],
      '1',
    ) as unknown as Document
    expect(made.paths['/new/{id}']?.['get']).toMatchObject({
      parameters: [{ name: 'id', in: 'path' }],
      'x-scope': 'read',
    })
  })
})

/** Routes that check nothing about their parameters, or take none. */
const namesIn = (text: string): string[] | undefined =>
  /There is no parameter nonsense\. Use ([^."]*)\./
    .exec(text)?.[1]
    ?.split(', ')
    .filter(name => name !== '')

describe('parameters', () => {
  it('are those that the routes accept', async () => {
    let checked = 0
    const wrong: unknown[] = []
    for (const [route, { parameters = [] }] of described()) {
      if (!route.startsWith('GET ') || !Object.hasOwn(OPERATIONS, route.replaceAll(/\{(\w+)\}/g, ':$1')))
        continue
      const path = route.slice(4).replaceAll(/\{\w+\}/g, '1')
      const accepted = namesIn(await (await fetch(`${base}${path}?nonsense=1`)).text())
      if (accepted === undefined) continue
      checked += 1
      const named = parameters.filter(one => one.in === 'query').map(({ name }) => name)
      if (named.toSorted().join() !== accepted.toSorted().join()) wrong.push([route, named, accepted])
    }
    expect(wrong).toEqual([])
    expect(checked).toBeGreaterThan(10)
  })
})

describe('answers', () => {
  it.each([
    ['/api/v1/usage', '?window=2h&group_by=host,account&step=1h'],
    ['/api/v1/requests', '?window=2h'],
    ['/allocation', '?window=today&includeIdle=true'],
    ['/api/v1/live', ''],
    ['/api/v1/hosts', ''],
    ['/api/v1/workloads', ''],
    ['/api/v1/traces', ''],
    ['/api/v1/quarantine', ''],
    ['/api/v1/lag', ''],
    ['/api/v1/status', ''],
    ['/api/v1/rules', ''],
    ['/api/v1/alerts', ''],
    ['/api/v1/silences', ''],
    ['/api/v1/deliveries', ''],
    ['/api/v1/invoices', ''],
    ['/api/v1/budgets', ''],
    ['/api/v1/scaling', ''],
    ['/api/v1/erasures', '', 404],
    ['/api/v1/usage', '?window=nonsense', 400],
  ] as const)('of %s%s are of the type that it names', async (path, query, status: number = 200) => {
    const answer = await fetch(`${base}${path}${query}`)
    const body = (await answer.json()) as unknown
    expect([path, answer.status, status === 200 ? '' : body]).toEqual([
      path,
      status,
      status === 200 ? '' : body,
    ])
    const schema =
      status === 200
        ? document.paths[path]!['get']!.responses['200']!.content['application/json']!.schema
        : { $ref: '#/components/schemas/Problem' }
    const ajv = new Ajv2020({ strict: false, allErrors: true })
    const validate = ajv.compile({ ...schema, components: document.components })
    validate(body)
    expect([path, validate.errors]).toEqual([path, null])
  })
})
