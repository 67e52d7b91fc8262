/**
 * Guarantees, on the real engine: every statement of the hostile list is refused for its reason before it runs; every
 * ordinary one passes and returns the right rows of its own tenant; parameters are bound; verdicts do not carry over
 * from one parameter value to another.
 */
import { existsSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { WattlineError } from '../../../core/catalogue/errors/errors.ts'
import { ledger, logs, traces } from '../../../core/model/streams/index.ts'
import { type AllowList, createAllowList } from '../../../query/sql/allow-list.ts'
import { AGGREGATE_FUNCTIONS, ORDINARY_FUNCTIONS } from '../../../query/sql/functions.ts'
import { RefusedError } from '../../../query/sql/verdict.ts'
import { ledgerRow, logRow, nano, spanRow } from '../support/rows.ts'
import { openTestWarehouse, type TestWarehouse } from '../support/warehouse.ts'
import { HOSTILE } from './hostile.ts'
import { ORDINARY } from './ordinary.ts'

let store: TestWarehouse
let allowList: AllowList
const { signal } = new AbortController()
const LIMITS = { maxSeconds: 10, maxMemoryBytes: 536_870_912, maxResultRows: 10_000 }

beforeAll(async () => {
  store = await openTestWarehouse()
  const other = { ServiceName: 'secret', TraceId: 'ffffffffffffffffffffffffffffffff' }
  await store.insert(traces, [
    spanRow({}),
    spanRow({ SpanId: 'b7ad6b7169203332' }),
    spanRow({ SpanId: 'b7ad6b7169203334', Timestamp: nano('2026-11-20T12:01:00Z') }),
    spanRow({
      TraceId: '0af7651916cd43dd8448eb211c80319d',
      SpanId: 'b7ad6b7169203333',
      ServiceName: 'pay',
      SpanName: 'POST /pay',
      ResourceAttributes: { 'service.name': 'pay' },
      SpanAttributes: { 'http.route': '/pay' },
      Duration: 9_000_000n,
      StatusCode: 'Error',
    }),
    ...Array.from({ length: 7 }, () => spanRow({ Tenant: 'other', ...other })),
  ])
  await store.insert(logs, [
    logRow({}),
    logRow({ Body: 'payment failed', TraceId: '0af7651916cd43dd8448eb211c80319d', ServiceName: 'pay' }),
    logRow({ Tenant: 'other', Body: 'secret' }),
  ])
  await store.insert(ledger, [
    ledgerRow({ EnergyUj: 450_000_000n, CarbonOperationalUg: 45_000n, CostEnergyNano: 37_500n }),
    ledgerRow({
      WorkloadId: 'b',
      WorkloadName: 'beta',
      EnergyUj: 225_000_000n,
      CarbonOperationalUg: 22_500n,
      CostEnergyNano: 18_750n,
    }),
    ledgerRow({ WorkloadId: '', WorkloadName: '', Share: 'unattributed', EnergyUj: 225_000_000n }),
    ledgerRow({ WorkloadId: '', WorkloadName: '', Share: 'idle', EnergyUj: 2_700_000_000n }),
    ledgerRow({ Tenant: 'other', EnergyUj: 1n }),
  ])
  allowList = createAllowList({ warehouse: store.warehouse })
})
afterAll(() => store.close())

async function rowsOf(text: string, params = {}, tenant = 'default'): Promise<unknown[]> {
  const { sql, explain, settings } = await allowList.admit({
    text,
    params,
    tenant,
    accounts: null,
    signal,
    limits: LIMITS,
  })
  const result = await store.warehouse.fenced({
    sql,
    chosen: settings,
    // Everything else passes the fence's own check, too.
    ...(explain === undefined ? {} : { explain, origin: 'admitted' }),
    params,
    tenant,
    accounts: null,
    signal,
    limits: LIMITS,
    format: 'JSONCompactEachRow',
  })
  const pieces: Uint8Array[] = []
  for await (const piece of result.chunks) pieces.push(piece)
  const text_ = Buffer.concat(pieces).toString('utf8')
  return text_
    .split('\n')
    .filter(line => line !== '')
    .map(line => JSON.parse(line) as unknown)
}

async function reasonOf(text: string): Promise<string> {
  try {
    const { sql } = await allowList.admit({
      text,
      params: {},
      tenant: 'default',
      accounts: null,
      signal,
      limits: LIMITS,
    })
    return `admitted as ${sql}`
  } catch (error) {
    if (!(error instanceof WattlineError)) throw error
    if (error.cause instanceof RefusedError) return error.cause.reason
    return error.code === 'sql_failed' ? 'failed' : error.code
  }
}

describe('hostile statements', () => {
  it('are at least sixty', () => expect(HOSTILE.length).toBeGreaterThanOrEqual(60))

  it.each(HOSTILE)('%s', async (sql, reason) => {
    expect(await reasonOf(sql)).toBe(reason)
  })

  it('leave no file behind', () => expect(existsSync('/tmp/wattline-outfile')).toBe(false))
})

describe('ordinary statements', () => {
  it('are at least sixty', () => expect(ORDINARY.length).toBeGreaterThanOrEqual(60))

  it.each(ORDINARY)('%s', async (sql, rows) => {
    expect(await rowsOf(sql)).toEqual(rows)
  })

  it('see the rows of their own tenant only', async () => {
    expect(await rowsOf('SELECT ServiceName, count() FROM otel_traces GROUP BY 1', {}, 'other')).toEqual([
      ['secret', '7'],
    ])
    expect(await rowsOf('SELECT count() FROM otel_traces', {}, 'nobody')).toEqual([['0']])
  })
})

describe('parameters', () => {
  it('are bound as values', async () => {
    const sql = 'SELECT count() FROM otel_traces WHERE ServiceName = {s:String}'
    expect(await rowsOf(sql, { s: 'pay' })).toEqual([['1']])
    expect(await rowsOf(sql, { s: "' OR 1 = 1 --" })).toEqual([['0']])
  })

  it('can be searched for, and long', async () => {
    const like =
      "SELECT count() FROM otel_traces WHERE ServiceName LIKE {s:String} AND SpanName ILIKE concat('%', {n:String}, '%')"
    expect(await rowsOf(like, { s: 'p%', n: 'PAY' })).toEqual([['1']])
    const long = 'SELECT length({a:String}), length({b:String})'
    expect(await rowsOf(long, { a: '\\'.repeat(250_000), b: "'".repeat(250_000) })).toEqual([
      ['250000', '250000'],
    ])
    expect(await rowsOf(`SELECT length('${'a'.repeat(262_000)}')`)).toEqual([['262000']])
  })

  it('that are identifiers are checked for each value', async () => {
    const sql = 'SELECT count() FROM {t:Identifier}'
    expect(await rowsOf(sql, { t: 'otel_logs' })).toEqual([['2']])
    await expect(rowsOf(sql, { t: 'otel_traces_trace_id_ts_mv' })).rejects.toMatchObject({
      code: 'sql_refused',
    })
  })
})

it('every listed function exists in the engine', async () => {
  const rows = await store.warehouse.query<{ name: string }>(
    'SELECT lower(name) AS name FROM system.functions',
  )
  const known = new Set(rows.map(row => row.name))
  // Parts of the grammar that the syntax tree shows as functions.
  const grammar = new Set(['lambda', 'exists', 'is_null', 'grouping', 'date', 'countdistinct', 'cast'])
  expect(
    [...ORDINARY_FUNCTIONS, ...AGGREGATE_FUNCTIONS].filter(
      name => !known.has(name.toLowerCase()) && !grammar.has(name.toLowerCase()),
    ),
  ).toEqual([])
})
