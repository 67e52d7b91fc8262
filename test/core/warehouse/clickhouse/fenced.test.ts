// Guarantees: an answer that fails or is truncated never looks complete; a query stops in the server when its reader
// disconnects or its warehouse is closed; another server answers when one does not; the text cannot change settings of
// the fence.
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest'
import { silentEvents } from '../../../../core/catalogue/events/events.ts'
import { STREAMS, traces } from '../../../../core/model/streams/index.ts'
import { openClickHouseWarehouse } from '../../../../core/warehouse/clickhouse/clickhouse.ts'
import type { FencedQuery, FencedResult, Warehouse } from '../../../../core/warehouse/warehouse.ts'
import { spans } from '../../../contract/warehouse/sample-rows.ts'
import { type ClickHouseFront, startClickHouseFront } from '../../../support/clickhouse-front/front.ts'

let front: ClickHouseFront
let warehouse: Warehouse

const open = (urls = front.urls): Promise<Warehouse> =>
  openClickHouseWarehouse({ urls, user: 'default', password: '', events: silentEvents })

beforeAll(async () => {
  front = await startClickHouseFront({ ports: 2 })
  warehouse = await open()
  await warehouse.migrate(STREAMS, { signalsDays: 36_500, ledgerDays: 36_500 })
  await warehouse.insert(traces, spans(100), 'fenced/1')
})
afterEach(() => front.heal())
afterAll(async () => {
  await warehouse.close()
  await front.destroy()
})

const ask = (sql: string, over: Partial<FencedQuery> = {}, of = warehouse): Promise<FencedResult> =>
  of.fenced({
    sql,
    params: {},
    tenant: 'a',
    accounts: null,
    format: 'TSV',
    limits: { maxSeconds: 20, maxMemoryBytes: 400_000_000, maxResultRows: 10_000_000 },
    signal: new AbortController().signal,
    ...over,
  })

async function textOf(result: FencedResult): Promise<string> {
  const chunks: Uint8Array[] = []
  for await (const chunk of result.chunks) chunks.push(chunk)
  return Buffer.concat(chunks).toString('utf8')
}

const running = async (): Promise<number> => {
  const sql = "SELECT countIf(position(query, 'AS endless') > 0) - 1 AS n FROM system.processes"
  return Number((await warehouse.query<{ n: string }>(sql))[0]!.n)
}
const ENDLESS = 'SELECT sum(sipHash64(number)) AS endless FROM numbers(1000000000000)'
const until = async (satisfied: (n: number) => boolean): Promise<void> => {
  while (!satisfied(await running())) await new Promise(resolve => setTimeout(resolve, 20))
}

it.each(['TSV', 'JSONEachRow'])('reports a failure after the first bytes as a failure (%s)', async format => {
  const sql = 'SELECT number, throwIf(number = 900000) FROM numbers(1000000)'
  const result = await ask(sql, { format })
  await expect(textOf(result)).rejects.toMatchObject({
    code: 'sql_failed',
    message: expect.stringContaining('throwIf'),
  })
})

it('reports a truncated answer as truncated', async () => {
  await front.inject({ fault: { kind: 'cut', when: 'middle' }, on: ['select'], matching: 'FROM numbers(3)' })
  const result = await ask('SELECT number FROM numbers(3)')
  await expect(textOf(result)).rejects.toMatchObject({ code: 'warehouse_unavailable' })
})

it('returns data that looks like a failure as data', async () => {
  const looks =
    '\r\n__exception__\r\nabcdefghijklmnop\r\nCode: 1. DB::Exception: no\n22 abcdefghijklmnop\r\n__exception__\r\n'
  const result = await ask('SELECT {text:String}', { params: { text: looks }, format: 'TSVRaw' })
  expect(await textOf(result)).toBe(`${looks}\n`)
})

it('stops in the server when its reader disconnects', async () => {
  const abort = new AbortController()
  const asked = ask(ENDLESS, { signal: abort.signal })
  await until(n => n > 0)
  abort.abort(new Error('gone'))
  await expect(asked).rejects.toThrow('gone')
  await until(n => n === 0)
})

it('stops in the server when the chunks are not read to the end', async () => {
  const result = await ask('SELECT number, sipHash64(number) AS endless FROM numbers(9000000)')
  for await (const _ of result.chunks) break
  await until(n => n === 0)
})

it('stops in the server when the warehouse is closed', async () => {
  const other = await open()
  const asked = ask(ENDLESS, {}, other)
  await until(n => n > 0)
  await Promise.all([other.close(), expect(asked).rejects.toMatchObject({ code: 'warehouse_unavailable' })])
  await until(n => n === 0)
})

it('asks the only server again when its connection was reset: it may have closed an idle one just then', async () => {
  const other = await open([front.url])
  await front.inject({
    fault: { kind: 'cut', when: 'before' },
    on: ['select'],
    matching: 'SELECT 4',
    times: 1,
  })
  expect(await textOf(await ask('SELECT 4', {}, other))).toBe('4\n')
  await other.close()
})

it('asks the next server when one does not answer', async () => {
  expect(await textOf(await ask('SELECT 1'))).toBe('1\n')
  await front.inject({ fault: { kind: 'cut', when: 'before' }, on: ['select', 'other'], times: 2 })
  expect(await textOf(await ask('SELECT 2'))).toBe('2\n')
  await front.inject({ fault: { kind: 'status', status: 503, when: 'before' }, on: ['select', 'other'] })
  expect(await textOf(await ask('SELECT 3'))).toBe('3\n')
})

it('reports too many queries as such', async () => {
  await front.inject({ fault: { kind: 'exception', code: 202, when: 'before' }, on: ['select'], times: 4 })
  await expect(ask('SELECT 1')).rejects.toMatchObject({ code: 'too_many_queries', disposition: 'retry' })
})
