/**
 * Guarantees of the ClickHouse interface beyond SELECT: USE, SET and sessions, KILL QUERY and the lists of one's own
 * statements, EXPLAIN, settings of the URL, and a summary that counts the rows of the answer alone.
 */
import { afterAll, beforeAll, expect, it } from 'vitest'
import { configSchema } from '../../../core/catalogue/config/schema.ts'
import { EventBus } from '../../../core/catalogue/events/event-bus.ts'
import { createLogger } from '../../../core/catalogue/events/logger.ts'
import { traces } from '../../../core/model/streams/index.ts'
import { CLIENT_SETTINGS } from '../../../core/warehouse/fence/client-settings.ts'
import type { QueryServer } from '../../../query/http/query-server.ts'
import { createQueryServers } from '../../../query/server.ts'
import { eventually } from '../../support/until.ts'
import { accessAs } from '../support/access.ts'
import { spanRow } from '../support/rows.ts'
import { openTestWarehouse, type TestWarehouse } from '../support/warehouse.ts'

let store: TestWarehouse
let server: QueryServer
let base: string
let who = { tenant: 'shop', accounts: null as readonly string[] | null }

beforeAll(async () => {
  store = await openTestWarehouse()
  await store.insert(traces, [
    spanRow({ Tenant: 'shop' }),
    ...Array.from({ length: 50 }, () => spanRow({ Tenant: 'bank', ServiceName: 'theirs' })),
  ])
  server = createQueryServers({
    config: configSchema.parse({ limits: { sql: { concurrent: 1 } } }),
    warehouse: store.warehouse,
    events: new EventBus(createLogger('error')),
    readiness: async () => ({}),
    page: new Map(),
    version: '0',
    started: new Date(0),
    access: accessAs(() => ({ ...who, scopes: ['read'] })),
  }).clickhouse
  base = `http://127.0.0.1:${(await server.listen('127.0.0.1', 0)).port}`
})
afterAll(async () => {
  await server.stop()
  await store.close()
})

async function ask(
  sql: string,
  query = '',
): Promise<{ code: string; text: string; summary: Record<string, string> }> {
  const answer = await fetch(`${base}/?${query}`, { method: 'POST', body: sql })
  return {
    code: answer.headers.get('x-clickhouse-exception-code') ?? '',
    text: await answer.text(),
    summary: JSON.parse(answer.headers.get('x-clickhouse-summary') ?? '{}') as Record<string, string>,
  }
}
const as = async <T>(other: Partial<typeof who>, work: () => Promise<T>): Promise<T> => {
  const before = who
  who = { ...who, ...other }
  return await work().finally(() => {
    who = before
  })
}

const LONG = 'SELECT count() FROM numbers(1000000000000) WHERE cityHash64(number) = 1'
const NULLS = 'SELECT r.x FROM (SELECT 1 AS one) AS l LEFT JOIN (SELECT 2 AS one, 3 AS x) AS r USING (one)'

it('takes USE of its own database, and settings of statement, URL and session', async () => {
  expect(await ask('USE wattline')).toMatchObject({ code: '', text: '' })
  expect(await ask('USE system')).toMatchObject({ code: '81' })
  expect((await ask(NULLS)).text).toBe('0\n')
  expect((await ask(`${NULLS} SETTINGS join_use_nulls = 1`)).text).toBe('\\N\n')
  expect((await ask(NULLS, 'join_use_nulls=1&max_threads=3&log_comment=x&readonly=0')).text).toBe('\\N\n')
  expect((await ask('SET join_use_nulls = 1', 'session_id=a')).code).toBe('')
  expect((await ask(NULLS, 'session_id=a&session_check=1')).text).toBe('\\N\n')
  const limited = { tenant: 'shop', accounts: ['web'] }
  expect(await as(limited, () => ask(NULLS, 'session_id=a&session_check=1'))).toMatchObject({ code: '372' })
  expect((await ask(NULLS, 'session_id=a&join_use_nulls=0')).text).toBe('0\n')
  expect((await ask(NULLS, 'session_id=b')).text).toBe('0\n')
  expect((await as({ tenant: 'bank' }, () => ask(NULLS, 'session_id=a&session_check=1'))).code).toBe('372')
  expect((await ask('SELECT number FROM numbers(100000)', 'max_result_rows=3')).code).toBe('396')
  const few = await ask('SELECT number FROM numbers(100000)', 'max_result_rows=3&result_overflow_mode=break')
  expect(few.text.split('\n').length).toBeLessThan(20_000)
  const refused = await ask("SET additional_table_filters = {'wattline.otel_traces': '1'}", 'session_id=a')
  expect(refused.code).toBe('497')
})

it('stops a statement of the caller alone, also while no turn is free', async () => {
  const running = ask(LONG, 'query_id=mine')
  const list = 'SELECT query_id FROM system.processes'
  await eventually(
    () => ask("KILL QUERY WHERE query_id = 'mine' TEST"),
    found => found.text.startsWith('unknown status\tmine'),
  )
  // Another tenant, and a token of the same tenant for some accounts, neither see nor stop it.
  for (const other of [{ tenant: 'bank' }, { accounts: ['web'] }]) {
    const seen = await as(other, async () => [
      await ask(list),
      await ask("KILL QUERY WHERE query_id = 'mine'"),
    ])
    expect(seen.map(({ text }) => text)).toEqual([expect.not.stringContaining('mine'), ''])
  }
  expect((await ask('SELECT 1')).code).toBe('202')
  expect((await ask("KILL QUERY WHERE query_id IN ('other', 'mine') SYNC")).text).toContain(
    'waiting\tmine\tdefault',
  )
  expect(await running).toMatchObject({ code: '394', text: expect.stringContaining('QUERY_WAS_CANCELLED') })
  const logged = await eventually(
    () => ask("SELECT type, exception_code FROM system.query_log WHERE query_id = 'mine'"),
    found => found.code !== '202',
  )
  expect(logged.text).toBe('ExceptionWhileProcessing\t394\n')
  const theirs = await as({ tenant: 'bank' }, () =>
    ask("SELECT count() FROM system.query_log WHERE query_id = 'mine'"),
  )
  expect(theirs.text).toBe('0\n')
  const kill = await ask("KILL QUERY WHERE elapsed > 1000 AND user = 'default' FORMAT JSONEachRow")
  expect(kill).toMatchObject({ code: '', text: '' })
})

it('counts the rows and bytes of the answer, and nothing that the engine read or held beside them', async () => {
  const few = await ask('SELECT ServiceName FROM otel_traces FORMAT RowBinary')
  expect(few.summary).toMatchObject({ read_rows: '1', result_rows: '1' })
  const alone = await ask('SELECT count() FROM otel_traces FORMAT JSON')
  expect(alone.summary).toMatchObject({
    ...{ read_rows: '1', result_rows: '1' },
    result_bytes: String(Buffer.byteLength(alone.text)),
  })
  const whole = await ask('SELECT number FROM numbers(50000) FORMAT Native', 'wait_end_of_query=1')
  expect(whole.summary).toMatchObject({ result_rows: '50000' })
  // Eight bytes for each number, and the head of each block.
  expect(Math.floor(Number(whole.summary['read_bytes']) / 1000)).toBe(400)
})

it('knows every setting that clients may change', async () => {
  const known = await store.warehouse.query<{ name: string }>('SELECT name FROM system.settings')
  const names = new Set(known.map(({ name }) => name))
  expect(CLIENT_SETTINGS.filter(name => !names.has(name))).toEqual([])
})

it('explains a statement with its tree, and no plan', async () => {
  const plan = 'EXPLAIN SELECT ServiceName, count() FROM otel_traces WHERE Duration > 1 GROUP BY 1'
  const mine = await ask(plan)
  expect(mine.text).toContain('table_name: wattline.otel_traces')
  expect(mine.text).not.toMatch(/Tenant =|Granules|Parts|log_comment/)
  expect((await as({ tenant: 'nobody' }, () => ask(plan))).text).toBe(mine.text)
  expect((await ask(`${plan} FORMAT JSONEachRow`)).text).toMatch(/^\{"explain":"/)
  expect((await ask('DESCRIBE (SELECT 1 AS a) FORMAT JSONCompactEachRow')).text).toBe(
    '["a", "UInt8", "", "", "", "", ""]\n',
  )
})
