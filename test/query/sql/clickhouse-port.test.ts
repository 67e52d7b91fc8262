/**
 * Guarantees of the ClickHouse interface on a port of its own: health checks as its clients ask them, statements at the
 * root, the same access as at `/clickhouse/`, and nothing else.
 */
import { createClient } from '@clickhouse/client'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { configSchema } from '../../../core/catalogue/config/schema.ts'
import { WattlineError } from '../../../core/catalogue/errors/errors.ts'
import { EventBus } from '../../../core/catalogue/events/event-bus.ts'
import { createLogger } from '../../../core/catalogue/events/logger.ts'
import { traces } from '../../../core/model/streams/index.ts'
import type { QueryServer } from '../../../query/http/query-server.ts'
import { createQueryServers } from '../../../query/server.ts'
import { accessAs } from '../support/access.ts'
import { spanRow } from '../support/rows.ts'
import { openTestWarehouse, type TestWarehouse } from '../support/warehouse.ts'

let store: TestWarehouse
let server: QueryServer
let base: string
let tenant: string | null = 'default'

beforeAll(async () => {
  store = await openTestWarehouse()
  await store.insert(traces, [spanRow({}), spanRow({ Tenant: 'other', ServiceName: 'theirs' })])
  const servers = createQueryServers({
    config: configSchema.parse({}),
    warehouse: store.warehouse,
    events: new EventBus(createLogger('error')),
    readiness: async () => ({}),
    page: new Map(),
    version: '0',
    started: new Date(0),
    access: accessAs(() => {
      if (tenant === null) throw new WattlineError('unauthenticated', 'No token.')
      return { tenant, scopes: ['read'], accounts: null }
    }),
  })
  server = servers.clickhouse
  base = `http://127.0.0.1:${(await server.listen('127.0.0.1', 0)).port}`
})
afterAll(async () => {
  await server.stop()
  await store.close()
})

it('serves nothing but this interface', async () => {
  expect(server.routes.toSorted()).toEqual(['GET /', 'GET /ping', 'GET /replicas_status', 'POST /'])
  expect((await fetch(`${base}/api/v1/status`)).status).toBe(404)
})

it('answers health checks without a token', async () => {
  tenant = null
  for (const path of ['/ping', '//ping', '/replicas_status']) {
    const answer = await fetch(`${base}${path}`)
    expect([path, answer.status, await answer.text()]).toEqual([path, 200, 'Ok.\n'])
  }
  const refused = await fetch(`${base}/?query=SELECT%201`)
  expect([refused.status, refused.headers.get('x-clickhouse-exception-code')]).toEqual([401, '516'])
  tenant = 'default'
  expect(await (await fetch(`${base}/`)).text()).toBe('Ok.\n')
})

it.each(['', '/'])('serves @clickhouse/client at its default address (%s)', async path => {
  const client = createClient({ url: `${base}${path}` })
  try {
    expect(await client.ping()).toEqual({ success: true })
    const found = await client.query({ query: 'SELECT ServiceName FROM otel_traces', format: 'JSONEachRow' })
    expect(await found.json()).toEqual([{ ServiceName: 'cart' }])
  } finally {
    await client.close()
  }
})
