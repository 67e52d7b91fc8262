/**
 * Guarantees of the pure parts around the allow-list: texts are parsed and rewritten without touching strings and
 * quoted names; unknown lines of the engine's output refuse; the gate limits each tenant alone; memory is limited;
 * errors read like ClickHouse's.
 */

import { TupleParam } from '@clickhouse/client'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { WattlineError } from '../../../core/catalogue/errors/errors.ts'
import { quoteName, quoteText } from '../../../core/warehouse/tables/column-types.ts'
import type { TupleValue } from '../../../core/warehouse/warehouse.ts'
import { reachOf, replaceLookUps } from '../../../query/sql/catalogue.ts'
import { bindParameters, parameterValue, placeholderTypes } from '../../../query/sql/clickhouse-params.ts'
import { readClickHouseRequest } from '../../../query/sql/clickhouse-request.ts'
import { asEngineError, engineSentence } from '../../../query/sql/engine-text.ts'
import { isAllowedFunction } from '../../../query/sql/functions.ts'
import { createLru } from '../../../query/sql/lru.ts'
import { translateMetaStatement } from '../../../query/sql/meta-statements.ts'
import { judgeQueryTree } from '../../../query/sql/query-tree.ts'
import { questionKey } from '../../../query/sql/question-key.ts'
import { readStatement } from '../../../query/sql/statement.ts'
import { judgeSyntaxTree } from '../../../query/sql/syntax-tree.ts'
import { tokenize, unquote } from '../../../query/sql/tokens.ts'
import { RefusedError } from '../../../query/sql/verdict.ts'

describe('tokens', () => {
  it('join to their original text', () => {
    fc.assert(
      fc.property(fc.string(), text => {
        expect(
          tokenize(text)
            .map(token => token.text)
            .join(''),
        ).toBe(text)
      }),
    )
  })

  it('quote and unquote any text', () => {
    fc.assert(
      fc.property(fc.string(), text => {
        expect(unquote(quoteText(text))).toBe(text)
        expect(unquote(quoteName(text))).toBe(text)
        expect(tokenize(quoteText(text)).length).toBe(1)
      }),
    )
  })
})

describe('statements', () => {
  it.each([
    ['SELECT 1', 'SELECT 1', 'JSON'],
    ['SELECT 1 ; ;\n', 'SELECT 1', 'JSON'],
    ['SELECT 1\nFORMAT CSV', 'SELECT 1', 'CSV'],
    ['SELECT 1 format jsoneachrow;', 'SELECT 1', 'JSONEachRow'],
    ["SELECT 'x FORMAT CSV'", "SELECT 'x FORMAT CSV'", 'JSON'],
    ['SELECT `a FORMAT CSV`', 'SELECT `a FORMAT CSV`', 'JSON'],
    ['SELECT 1 FORMAT CSV -- end', 'SELECT 1', 'CSV'],
  ])('%j', (sql, text, format) => {
    expect(readStatement(sql, 'JSON')).toMatchObject({ text, format: { name: format } })
  })

  it.each(['', ' ; ', 'SELECT 1 FORMAT Template', 'FORMAT CSV'])('refuses %j', sql => {
    expect(() => readStatement(sql, 'JSON')).toThrow(expect.objectContaining({ code: 'sql_refused' }))
  })
})

describe('statements about the schema', () => {
  const translate = (sql: string): string | undefined =>
    translateMetaStatement(sql, 'wattline', new Set(['ledger']))

  it.each([
    ['SHOW DATABASES', 'SELECT name FROM system.databases ORDER BY name'],
    ['show tables', "SELECT name FROM system.tables WHERE database = 'wattline' ORDER BY name"],
    [
      "SHOW TABLES FROM `x` NOT LIKE 'a\\'%' LIMIT 5",
      "SELECT name FROM system.tables WHERE database = 'x' AND name NOT like 'a\\'%' ORDER BY name LIMIT 5",
    ],
    [
      'EXISTS "wattline"."ledger"',
      "SELECT toUInt8(count() > 0) AS result FROM system.tables WHERE database = 'wattline' AND name = 'ledger'",
    ],
  ])('%s', (sql, select) => expect(translate(sql)).toBe(select))

  it('describes a table by its columns', () => {
    expect(translate('DESC TABLE "wattline"."ledger"')).toContain(
      "WHERE database = 'wattline' AND table = 'ledger' ORDER BY position",
    )
    expect(translate('DESCRIBE ledger')).toContain("table = 'ledger'")
  })

  it.each([
    'SHOW GRANTS',
    'SHOW TABLES; DROP TABLE x',
    'SHOW TABLES LIKE x',
    'DESC (SELECT 1)',
    'EXISTS a.b.c',
    'SELECT 1',
  ])('leaves %j to the engine', sql => expect(translate(sql)).toBeUndefined())
})

describe('look-ups', () => {
  const replaced = (sql: string): string => replaceLookUps(sql, 'wattline', reachOf(null))

  it.each([
    ['SELECT name FROM system.databases', 'SELECT name FROM `wattline`.`system_databases` AS `databases`'],
    ['SELECT 1 FROM system.tables AS t', 'SELECT 1 FROM `wattline`.`system_tables` AS t'],
    [
      'SELECT a, system.tables.name FROM system.tables AS t, system.columns',
      'SELECT a, `wattline`.`system_tables`.name FROM `wattline`.`system_tables` AS t, `wattline`.`system_columns` AS `columns`',
    ],
    [
      'SELECT 1 FROM INFORMATION_SCHEMA.TABLES, information_schema.columns AS c',
      'SELECT 1 FROM `wattline`.`information_schema_tables` AS `TABLES`, `wattline`.`information_schema_columns` AS c',
    ],
  ])('%s', (sql, wanted) => expect(replaced(sql)).toBe(wanted))

  it.each([
    "SELECT 'FROM system.tables'",
    'SELECT `FROM system.tables`',
    'SELECT 1 FROM system.parts',
    'SELECT t.system.tables FROM t',
    'SELECT $$ FROM system.tables $$',
  ])('leave %j', sql => expect(replaced(sql)).toBe(sql))

  it('of readers with some accounts use their own views', () => {
    expect(replaceLookUps('SELECT 1 FROM system.tables AS t', 'wattline', reachOf(['a']))).toBe(
      'SELECT 1 FROM `wattline`.`system_tables_limited` AS t',
    )
    expect([...reachOf(['a']).tables]).not.toContain('otel_traces')
    expect([...reachOf(['a']).tables]).not.toContain('system_tables')
  })
})

describe('the checks', () => {
  it('refuse unknown syntax', () => {
    const tables = new Set(['wattline.t'])
    expect(judgeSyntaxTree('', tables)).toMatchObject({ allowed: false })
    const print = (...lines: string[]) =>
      judgeSyntaxTree(['SelectQuery (children 1)', ...lines].join('\n'), tables)
    expect(print(' NewNode')).toMatchObject({ reason: 'node' })
    expect(print(' TableIdentifier wattline.t (alias x)').allowed).toBe(true)
    expect(print(' TableIdentifier wattline.u')).toMatchObject({ reason: 'table' })
    // Lines forged by a name do not add up.
    expect(print(' Identifier a', " Literal 'x'")).toMatchObject({ reason: 'syntax' })
    expect(print(' Identifier a (children 1)')).toMatchObject({ reason: 'syntax' })
    expect(print('   Identifier a')).toMatchObject({ reason: 'syntax' })
    expect(judgeSyntaxTree('SelectQuery\nIdentifier a', tables)).toMatchObject({ reason: 'syntax' })
    for (const name of ['_part', 't._part_offset', 'a.b._block_number', '_partition_id', '_table']) {
      expect(print(` Identifier ${name}`)).toMatchObject({ reason: 'column' })
    }
    expect(print(' Identifier t._parent').allowed).toBe(true)
    expect(judgeQueryTree('', tables)).toMatchObject({ allowed: false })
    const tree = (line: string) => judgeQueryTree(`QUERY id: 0\n${line}`, tables)
    expect(tree('  TABLE id: 3, alias: __table1, table_name: wattline.t').allowed).toBe(true)
    expect(tree('  TABLE id: 3, alias: __table1, table_name: wattline.u')).toMatchObject({ reason: 'table' })
    expect(tree('  TABLE id: 3, alias: a, table_name: wattline.t, table_name: system.parts')).toMatchObject({
      reason: 'table',
    })
    expect(tree('  TABLE id: 3, alias: a')).toMatchObject({ reason: 'table' })
    expect(tree('  TABLE_FUNCTION id: 3, alias: a, table_function_name: url')).toMatchObject({
      reason: 'table_function',
    })
  })

  it('know aggregates with combinators', () => {
    for (const name of [
      'sumIf',
      'SUM',
      'quantilesTDigestArrayIf',
      'sumMapIf',
      'uniqExactOrNull',
      'argMaxIf',
    ]) {
      expect([name, isAllowedFunction(name)]).toEqual([name, true])
    }
    for (const name of ['sleep', 'sleepIf', 'State', 'file', 'urlIf', '', 'hostNameOrNull']) {
      expect([name, isAllowedFunction(name)]).toEqual([name, false])
    }
  })
})

describe('memory', () => {
  it('forgets the least recently used statements, by weight', () => {
    const lru = createLru<string>(3_000, text => text.length)
    lru.set('a', 'x'.repeat(1_000))
    lru.set('b', 'x'.repeat(1_000))
    lru.get('a')
    lru.set('c', 'x'.repeat(1_000))
    expect([lru.get('a') !== undefined, lru.get('b'), lru.get('c') !== undefined, lru.size]).toEqual([
      true,
      undefined,
      true,
      2,
    ])
    lru.set('d', 'x'.repeat(3_000))
    expect([lru.get('d'), lru.size]).toEqual([undefined, 2])
    for (let round = 0; round < 1_000; round++) lru.set(String(round), 'x'.repeat(round))
    expect(lru.bytes).toBeLessThanOrEqual(3_000)
  })

  it('distinguishes queries by text, reach and every value', () => {
    const keys = [
      questionKey('tenant', 'SELECT 1', {}),
      questionKey('accounts', 'SELECT 1', {}),
      questionKey('tenant', 'SELECT 1', { a: '1' }),
      questionKey('tenant', 'SELECT 1', { a: 1 }),
      questionKey('tenant', 'SELECT 1', { a: 1n }),
      questionKey('tenant', 'SELECT 1', { a: [1n] }),
      questionKey('tenant', 'SELECT 1', { a: new TupleParam([1n]) as TupleValue }),
      questionKey('tenant', 'SELECT 1', { a: new Map([['k', 'v']]) }),
      questionKey('tenant', 'SELECT 1', { a: new Map([['k', 'w']]) }),
      questionKey('tenant', 'SELECT 1', { a: ['k', 'v'] }),
      questionKey('tenant', 'SELECT 1', { a: ['kv'] }),
      questionKey('tenant', 'SELECT 1', { a: 'b', c: 'd' }),
      questionKey('tenant', 'SELECT 1', { a: 'bs1:cs1:d' }),
    ]
    expect(new Set(keys).size).toBe(keys.length)
    expect(questionKey('tenant', 'SELECT 1', { a: ['k'] })).toBe(
      questionKey('tenant', 'SELECT 1', { a: ['k'] }),
    )
  })
})

describe('the ClickHouse interface', () => {
  it('reads URL, headers and body', async () => {
    const asked = await readClickHouseRequest(
      { query: 'SELECT {n:UInt8}', param_n: '1', max_execution_time: '5', database: 'default' },
      { 'accept-encoding': 'gzip, br', 'x-clickhouse-format': 'CSV' },
      Buffer.from(''),
      'wattline',
    )
    expect(asked).toMatchObject({
      sql: 'SELECT {n:UInt8}',
      parameters: new Map([['n', '1']]),
      defaultFormat: 'CSV',
      maxSeconds: 5,
      coding: 'gzip',
    })
    await expect(
      readClickHouseRequest({ database: 'system' }, {}, Buffer.from(''), 'wattline'),
    ).rejects.toThrow(/no database system/)
  })

  it("reverses the client's escaping", () => {
    const value = (text: string, type: string) => parameterValue('p', text, type)
    expect(value('a\\tb\\\\c', 'String')).toBe('a\tb\\c')
    expect(value("['a\\'b', 'c']", 'Array(String)')).toEqual(["a'b", 'c'])
    expect(value('[1,2.5,NULL,true]', 'Array(Float64)')).toEqual([1n, 2.5, null, true])
    expect(value("('a\\'b', 18446744073709551615, [''])", 'Tuple(String, UInt64, Array(String))')).toEqual(
      new TupleParam(["a'b", 18446744073709551615n, ['']]),
    )
    expect(value("{'a':'\\\\'}", 'Map(String, String)')).toEqual(new Map([['a', '\\']]))
    // Not exact as a JavaScript number: left to the engine.
    expect(value('[1.0000000000000000001]', 'Array(Decimal(38, 19))')).toBe('[1.0000000000000000001]')
    expect(value('\\N', 'Nullable(String)')).toBeNull()
    expect(value('\\\\N', 'String')).toBe('\\N')
    expect(() => value("{'a':'\\''", 'Map(String, String)')).toThrow(/param_p is not a Map/)
    expect(() => value(`${'['.repeat(99)}'\\''${']'.repeat(99)}`, 'Array(String)')).toThrow(/param_p/)
  })

  it('knows the types of placeholders, in any position', () => {
    const sql =
      "SELECT {a : Array( String )}, '{a:UInt8}', {b:Map(String, UInt8)}, {a:{c:UInt8}} /* {d:Int8} */"
    expect([...placeholderTypes(tokenize(sql))]).toEqual([
      ['a', 'Array(String)'],
      ['b', 'Map(String,UInt8)'],
      ['c', 'UInt8'],
    ])
    expect(bindParameters(sql, new Map([['a', "['\\'']"]]))).toEqual({ a: ["'"] })
  })

  it('reports errors as the engine would', () => {
    const engine = new Error('Code: 47. DB::Exception: Unknown expression `x`. (UNKNOWN_IDENTIFIER)')
    expect(
      asEngineError(new WattlineError('sql_failed', engineSentence(engine.message), { cause: engine })),
    ).toEqual({
      number: 47,
      status: 400,
      text: 'Code: 47. DB::Exception: Unknown expression `x`. (UNKNOWN_IDENTIFIER)',
    })
    const hidden = new WattlineError('sql_refused', 'no table x.', {
      cause: new RefusedError('table', 'no table x'),
    })
    expect(asEngineError(hidden)).toMatchObject({ number: 60, status: 404 })
    expect(asEngineError(new WattlineError('too_many_queries', 'busy.'))).toMatchObject({
      number: 202,
      status: 429,
    })
  })
})
