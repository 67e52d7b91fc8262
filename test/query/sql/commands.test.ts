// Guarantees: USE, SET and KILL QUERY are recognised in the forms that clients send; whatever else looks like them is no command,
// or refused; a statement log and sessions show and stop only an owner's own, within their bounds.
import { describe, expect, it } from 'vitest'
import { ClickHouseSessions } from '../../../query/sql/clickhouse-sessions.ts'
import { readCommand } from '../../../query/sql/commands.ts'
import { StatementLog } from '../../../query/sql/statement-log.ts'

describe('commands', () => {
  it.each([
    ['USE wattline', { kind: 'use', database: 'wattline' }],
    ['use `a b`', { kind: 'use', database: 'a b' }],
    ['USE DATABASE wattline', { kind: 'use', database: 'wattline' }],
    [
      "SET join_use_nulls = 1, date_time_output_format = 'iso'",
      { kind: 'set', settings: { join_use_nulls: 1, date_time_output_format: 'iso' } },
    ],
    ['SET max_threads = 8', { kind: 'set', settings: {} }],
    ['SET ROLE NONE', { kind: 'set', settings: {} }],
    ["KILL QUERY WHERE query_id = 'a\\'b'", { kind: 'kill', ids: ["a'b"], isTest: false }],
    ["/* x */ kill query where query_id in ('a', 'b') SYNC", undefined],
    [
      "KILL QUERY ON CLUSTER c WHERE query_id IN ('a', 'b') ASYNC",
      { kind: 'kill', ids: ['a', 'b'], isTest: false },
    ],
    ["KILL QUERY WHERE user = 'x' AND elapsed > 1 TEST", { kind: 'kill', ids: null, isTest: true }],
    ['SELECT 1', undefined],
    ['USE a.b', undefined],
    ['SETTINGS', undefined],
    ['SET ROLE admin', undefined],
  ])('%s', (sql, expected) => {
    const found = readCommand(sql)
    if (expected === undefined) expect(found).toBeUndefined()
    else expect(found).toMatchObject(expected)
  })

  it.each([
    'SET final = 1',
    "SET additional_table_filters = {'a': 'b'}",
    'SET join_use_nulls = 7',
    "SET param_x = '1'",
  ])('does not set %s', sql => {
    let outcome: unknown
    try {
      outcome = readCommand(sql)
    } catch (error) {
      outcome = error
    }
    if (outcome !== undefined) expect(outcome).toMatchObject({ code: 'sql_refused' })
  })

  it.each(['KILL MUTATION WHERE 1', 'KILL QUERY', 'KILL QUERY WHERE', 'KILL TRANSACTION WHERE 1'])(
    'refuses %s',
    sql => {
      expect(() => readCommand(sql)).toThrow(/KILL QUERY WHERE query_id/)
    },
  )
})

const SHOP = { tenant: 'shop', accounts: null }
const ask = (queryId: string) => ({ queryId, user: 'u', text: `SELECT '${queryId}'` })

describe('the statement log', () => {
  it('shows and stops only the statements of an owner', () => {
    const log = new StatementLog(() => 0)
    const mine = log.begin(SHOP, ask('a'))
    const limited = log.begin({ tenant: 'shop', accounts: ['web'] }, ask('a'))
    const theirs = log.begin({ tenant: 'bank', accounts: null }, ask('a'))
    expect(log.running(SHOP).map(one => one.queryId)).toEqual(['a'])
    expect(log.kill(SHOP, new Set(['a', 'b'])).length).toBe(1)
    expect([mine, limited, theirs].map(one => one.signal.aborted)).toEqual([true, false, false])
    expect(mine.signal.reason).toMatchObject({ code: 'sql_cancelled' })
    mine.end({ number: 394, text: 'cancelled' })
    theirs.end(null)
    expect(log.processes(SHOP)).toEqual([])
    expect(log.ended(SHOP).length).toBe(1)
    expect(log.ended({ tenant: 'shop', accounts: ['web'] })).toEqual([])
  })

  it('keeps a limited number of statements and owners, and of each text', () => {
    const log = new StatementLog(() => 0)
    for (let n = 0; n < 300; n += 1) log.begin(SHOP, { ...ask(`${n}`), text: 'x'.repeat(9_000) }).end(null)
    const rows = log.ended(SHOP)
    expect(rows.length).toBe(200)
    expect(JSON.stringify(rows[0]).length).toBeLessThan(3_000)
    for (let n = 0; n < 1_000; n += 1) log.begin({ tenant: `t${n}`, accounts: null }, ask('a')).end(null)
    expect(log.ended(SHOP)).toEqual([])
  })
})

describe('sessions', () => {
  const session = { id: 's', timeoutSeconds: 10, mustExist: false }

  it('keep settings of one tenant until they expire', () => {
    let now = 0
    const sessions = new ClickHouseSessions(() => now)
    sessions.set('shop', session, { join_use_nulls: 1 })
    sessions.set('shop', session, { extremes: 1 })
    expect(sessions.open('shop', { ...session, mustExist: true })).toEqual({ join_use_nulls: 1, extremes: 1 })
    expect(sessions.open('bank', session)).toEqual({})
    now = 9_000
    sessions.open('shop', session)
    now = 20_000
    expect(() => sessions.open('shop', { ...session, mustExist: true })).toThrow(/no session s/)
    expect(sessions.open('shop', session)).toEqual({})
  })

  it('are limited for each tenant', () => {
    const sessions = new ClickHouseSessions(() => 0)
    sessions.set('shop', session, { extremes: 1 })
    for (let n = 0; n < 100; n += 1) sessions.open('shop', { ...session, id: `${n}` })
    expect(sessions.open('shop', session)).toEqual({})
  })
})
