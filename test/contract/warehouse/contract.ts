import { Int32, Uint16 } from 'apache-arrow'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { encodeRows } from '../../../core/columns/rows.ts'
import { ledger, STREAMS, traces } from '../../../core/model/streams/index.ts'
import { ROLLUP_SUMS } from '../../../core/model/streams/ledger.ts'
import { column, type RowOf, type StreamDeclaration } from '../../../core/model/streams/stream.ts'
import { eraseRows, oldParts } from '../../../core/warehouse/erase.ts'
import type { FencedQuery, Warehouse } from '../../../core/warehouse/warehouse.ts'
import { ledgerProjection } from '../../support/ledger-projection.ts'
import { ID_TYPES, withIds } from '../../support/record-ids.ts'
import { kindExpressions, kindRow } from './kind-rows.ts'
import { DAY_S, kinds, ledgerEntries, ledgerEntry, MONTH_START_S, span, spans } from './sample-rows.ts'

const narrow = {
  name: 'narrow',
  key: 'none',
  columns: [column('Time', 'seconds'), column('Old', 'string')],
  table: {
    name: 'narrow',
    partitionBy: 'toYYYYMM(Time)',
    orderBy: ['Old'],
    ttlFrom: 'Time',
    retention: 'signals',
  },
} as const satisfies StreamDeclaration

const words = {
  name: 'words',
  key: 'none',
  columns: [column('Time', 'seconds'), column('Word', 'lowCardinality'), column('Map', 'stringMap')],
  table: { name: 'words', partitionBy: 'tuple()', orderBy: ['Time'], ttlFrom: 'Time', retention: 'signals' },
} as const satisfies StreamDeclaration

/** Types of dictionary ids, and numbers of values. */
const ID_CASES: readonly [Parameters<typeof withIds>[1], number][] = [
  ...ID_TYPES.map((type): [typeof type, number] => [type, 100]),
  [new Uint16(), 60_000],
  [new Int32(), 70_000],
]

/** A warehouse with its own store, which can be closed and reopened. */
export interface WarehouseFixture {
  warehouse(): Warehouse
  reopen(): Promise<void>
  remove(): Promise<void>
}

/** Forever: longer than the engine's TTL can express. */
const RETENTION = { signalsDays: 36_500, ledgerDays: 36_500 }

/** Every promise of core/warehouse/warehouse.ts, for any engine. */
export function warehouseContract(name: string, factory: () => Promise<WarehouseFixture>): void {
  describe(`${name} satisfies the warehouse contract`, () => {
    let fixture: WarehouseFixture
    const warehouse = (): Warehouse => fixture.warehouse()
    const numbers = async (sql: string): Promise<readonly string[]> => {
      const rows = await warehouse().query<Record<string, string>>(sql)
      return Object.values(rows[0]!).map(String)
    }
    const countSpans = async (spanName: string): Promise<number> =>
      Number((await numbers(`SELECT count() FROM wattline.otel_traces WHERE SpanName = '${spanName}'`))[0])

    beforeAll(async () => {
      fixture = await factory()
      await warehouse().migrate([...STREAMS, kinds, words], RETENTION)
    })
    afterAll(async () => {
      await fixture.remove()
    })

    describe('insert', () => {
      it('erases a tenant from every table, with or without newer rows, projections too', async () => {
        const DAY_MS = DAY_S * 1000
        const rows = ['x', 'y'].flatMap(Tenant =>
          [0, 1, 2].map(day =>
            span({
              Tenant,
              TraceId: `${day}`.padStart(32, Tenant === 'x' ? 'd' : 'e'),
              SpanName: 'erase',
              Timestamp: BigInt(MONTH_START_S + day * DAY_S) * 1_000_000_000n,
            }),
          ),
        )
        await warehouse().insert(traces, encodeRows(traces, rows), 'erase/traces')
        const entries = ['x', 'y'].map(Tenant => ledgerEntry({ Tenant, EnergyUj: 5n }))
        await warehouse().insert(ledger, encodeRows(ledger, entries), 'erase/ledger')
        const { statements } = warehouse()
        const left = async (table: string, tenant: string): Promise<string> =>
          (await numbers(`SELECT count() FROM wattline.${table} WHERE Tenant = '${tenant}'`))[0]!

        const older = await eraseRows(statements!, STREAMS, {
          tenant: 'x',
          beforeMs: MONTH_START_S * 1000 + 2 * DAY_MS,
        })
        expect(older.find(({ table }) => table === 'otel_traces')).toEqual({
          table: 'otel_traces',
          rows: 2,
        })
        expect([await left('otel_traces', 'x'), await left('otel_traces_trace_id_ts', 'x')]).toEqual([
          '1',
          '1',
        ])

        const all = await eraseRows(statements!, STREAMS, { tenant: 'x', beforeMs: null })
        expect(all.reduce((sum, { rows }) => sum + rows, 0)).toBe(2)
        for (const { table } of all) expect([table, await left(table, 'x')]).toEqual([table, '0'])
        expect(await left('usage_hourly', 'x')).toBe('0')
        expect([
          await left('otel_traces', 'y'),
          await left('ledger', 'y'),
          await left('usage_hourly', 'y'),
        ]).toEqual(['3', '1', '1'])
        expect(await oldParts(statements!, STREAMS)).toContainEqual(
          expect.stringMatching(/^otel_traces(_local)?\//),
        )
        await eraseRows(statements!, STREAMS, { tenant: 'y', beforeMs: null })
      })

      it('shows all rows at once, to queries of any session', async () => {
        for (let round = 0; round < 8; round += 1) {
          await warehouse().insert(traces, spans(10, 'visible'), `visible/${round}`)
          expect(await countSpans('visible')).toBe((round + 1) * 10)
        }
      })

      it('stores a token once, across several partitions, also after reopening', async () => {
        const record = spans(300, 'once')
        await warehouse().insert(traces, record, 'once/0/1')
        await warehouse().insert(traces, record, 'once/0/1')
        expect(await countSpans('once')).toBe(300)
        await fixture.reopen()
        await warehouse().insert(traces, record, 'once/0/1')
        expect(await countSpans('once')).toBe(300)
        await warehouse().insert(traces, record, 'once/0/2')
        expect(await countSpans('once')).toBe(600)
      })

      it('stores a token once when two attempts run at the same time', async () => {
        const record = spans(300, 'twice at once')
        const one = (token: number) => warehouse().insert(traces, record, `race/${token}`)
        await Promise.all([one(1), one(1), one(2), one(1), one(2)])
        expect(await countSpans('twice at once')).toBe(600)
      })

      it('indexes traces by id, once', async () => {
        const index = 'SELECT Start, End FROM wattline.otel_traces_trace_id_ts WHERE TraceId = {id:String}'
        const id = 'f'.repeat(32)
        const record = encodeRows(traces, [span({ TraceId: id }), span({ TraceId: '' })])
        await warehouse().insert(traces, record, 'index/1')
        await warehouse().insert(traces, record, 'index/1')
        const found = await warehouse().query(index, { id })
        expect(found).toEqual([{ Start: '2026-11-01 00:00:00', End: '2026-11-01 00:00:00' }])
        expect(await warehouse().query(index, { id: '' })).toEqual([])
      })

      it('keeps minutes, hours and days of the ledger equal, whatever is repeated', async () => {
        const records = [1, 2, 3].map(seed => ledgerEntries(400, seed))
        for (const [index, record] of [...records.entries(), ...records.entries()]) {
          await warehouse().insert(ledger, record, `ledger/0/${index}`)
        }
        const minutes = await numbers(
          `SELECT ${ROLLUP_SUMS.map((sum, i) => `${sum.expression} AS s${i}`).join(', ')} FROM wattline.ledger`,
        )
        expect(minutes.at(-1)).toBe('1200')
        const sums = ROLLUP_SUMS.map((sum, i) => `sum(v.${sum.name}) AS s${i}`).join(', ')
        for (const [view, projection] of [
          ['usage_hourly', 'workloads_by_hour'],
          ['usage_daily', 'workloads_by_day'],
        ]) {
          // Fails if the engine would read the rows instead of the projection.
          const forced = `SETTINGS force_optimize_projection_name = '${ledgerProjection(projection!)}'`
          expect(await numbers(`SELECT ${sums} FROM wattline.${view} AS v ${forced}`)).toEqual(minutes)
        }
      })

      it('sums values beyond 64 bits', async () => {
        const large = { Tenant: 'large', EnergyUj: 2n ** 62n, MemoryByteSeconds: 2n ** 63n - 1n }
        const rows = [0, 1, 2].map(index =>
          ledgerEntry({ ...large, CostEnergyNano: 2n ** 62n, WindowStart: MONTH_START_S + index * 60 }),
        )
        await warehouse().insert(ledger, encodeRows(ledger, rows), 'large/1')
        const sums = (table: string) =>
          numbers(
            'SELECT sum(v.EnergyUj), sum(v.MemoryByteSeconds), sum(v.CostEnergyNano), sum(v.UnpricedCostUj) ' +
              `FROM wattline.${table} AS v WHERE Tenant = 'large'`,
          )
        const right = [3n * 2n ** 62n, 3n * (2n ** 63n - 1n), 3n * 2n ** 62n, 0n].map(String)
        expect(await sums('usage_hourly')).toEqual(right)
        expect(await sums('usage_daily')).toEqual(right)
      })

      it('stores a record with more days than the engine prefers, once', async () => {
        const days = Array.from({ length: 150 }, (_, day) =>
          span({ SpanName: 'days', Timestamp: BigInt(MONTH_START_S - day * DAY_S) * 1_000_000_000n }),
        )
        const record = encodeRows(traces, days)
        await warehouse().insert(traces, record, 'days/1')
        await warehouse().insert(traces, record, 'days/1')
        expect(await countSpans('days')).toBe(150)
      })

      it('stores a record with more rows than a block of the engine, once', async () => {
        const many = 150_000
        const rows = Array.from({ length: many }, () => ({ Time: MONTH_START_S, Old: 'x' }))
        const record = encodeRows(narrow, rows)
        await warehouse().migrate([narrow], RETENTION)
        await warehouse().insert(narrow, record, 'many/1')
        await warehouse().insert(narrow, record, 'many/1')
        expect(await numbers('SELECT count() FROM wattline.narrow')).toEqual([String(many)])
      })

      it('accepts a record without rows', async () => {
        await warehouse().insert(traces, encodeRows(traces, []), 'nothing/1')
      })

      it.each([
        ['no record at all', new Uint8Array()],
        ['bytes that are no zstd', new TextEncoder().encode('hello, world')],
        ['a record cut in the middle', spans(50).subarray(0, 200)],
        ['a record of another stream', encodeRows(kinds, [])],
      ])('refuses %s and keeps working', async (what, record) => {
        await expect(warehouse().insert(traces, record, what)).rejects.toMatchObject({
          code: 'record_refused',
          disposition: 'quarantine',
        })
        await warehouse().ping()
        // The refused record did not use up the token.
        await warehouse().insert(traces, spans(3, what), what)
        expect(await countSpans(what)).toBe(3)
      })

      it.each(ID_CASES)('accepts dictionaries with ids of type %s, of %d values', async (type, distinct) => {
        const label = `${type} of ${distinct}:`
        const rows = Array.from({ length: distinct + 20 }, (_, at) => {
          const text = `${label}${at % distinct}`
          return { Time: at, Word: text, Map: { k: text } }
        })
        await warehouse().insert(words, withIds(encodeRows(words, rows), type), `words/${label}`)
        const text = `concat('${label}', toString(toUInt32(Time) % ${distinct}))`
        expect(
          await numbers(
            `SELECT countIf(Word = ${text}), countIf(Map['k'] = ${text}), count()
               FROM wattline.words WHERE startsWith(Word, '${label}')`,
          ),
        ).toEqual(Array.from({ length: 3 }, () => String(rows.length)))
      })

      it('stores every kind of column exactly', async () => {
        let seq = 0
        await fc.assert(
          fc.asyncProperty(fc.array(kindRow, { minLength: 1, maxLength: 20 }), async drafts => {
            const first = seq
            const rows = drafts.map(draft => ({ ...draft, Seq: seq++ }) as RowOf<typeof kinds>)
            await warehouse().insert(kinds, encodeRows(kinds, rows), `kinds/${first}`)
            const stored = await warehouse().query<Record<string, unknown>>(
              `SELECT ${kindExpressions.select} FROM wattline.kinds WHERE Seq >= {first:UInt32} ORDER BY Seq`,
              { first },
            )
            expect(stored.map(kindExpressions.plain)).toEqual(rows.map(kindExpressions.expected))
          }),
          { numRuns: 15 },
        )
      })
    })

    describe('migrate', () => {
      const growing = (extra: boolean): StreamDeclaration => ({
        name: 'growing',
        key: 'none',
        columns: [
          column('Time', 'seconds'),
          column('Old', 'string'),
          ...(extra ? [column('New', 'int64?')] : []),
        ],
        table: {
          name: 'growing',
          partitionBy: 'toYYYYMM(Time)',
          orderBy: ['Old'],
          ttlFrom: 'Time',
          retention: 'signals',
        },
      })
      const row = { Time: MONTH_START_S, Old: 'x' }

      it('adds columns, keeps rows, and accepts older records', async () => {
        const before = growing(false)
        const old = encodeRows(before, [row])
        await warehouse().migrate([before], RETENTION)
        await warehouse().insert(before, old, 'growing/1')
        const after = growing(true)
        await warehouse().migrate([after], RETENTION)
        await warehouse().migrate([after], RETENTION)
        await warehouse().insert(after, old, 'growing/2')
        await warehouse().insert(after, encodeRows(after, [{ ...row, New: 5n }]), 'growing/3')
        const rows = await warehouse().query('SELECT Old, New FROM wattline.growing ORDER BY New')
        expect(rows).toEqual([
          { Old: 'x', New: '5' },
          { Old: 'x', New: null },
          { Old: 'x', New: null },
        ])
      })

      it('follows a change of retention', async () => {
        const days = async (table: string): Promise<string | undefined> => {
          const [text] = await numbers(
            `SELECT create_table_query FROM system.tables WHERE database = 'wattline'
             AND name IN ('${table}', '${table}_local') ORDER BY length(name) DESC LIMIT 1`,
          )
          return /toIntervalDay\((\d+)\)/.exec(text!)?.[1]
        }
        await warehouse().migrate(STREAMS, { signalsDays: 3_001, ledgerDays: 3_002 })
        expect(await days('otel_traces')).toBe('3001')
        expect(await days('otel_traces_trace_id_ts')).toBe('3001')
        expect(await days('ledger')).toBe('3002')
        await warehouse().migrate(STREAMS, RETENTION)
        expect(await days('ledger')).toBeUndefined()
      })
    })

    describe('query', () => {
      it('binds any values', async () => {
        await fc.assert(
          fc.asyncProperty(
            fc.string({ unit: 'binary' }).filter(text => !text.includes('\0') && text.isWellFormed()),
            async text => {
              const rows = await warehouse().query<{ one: string; many: string[] }>(
                'SELECT {one:String} AS one, {many:Array(String)} AS many',
                { one: text, many: [text, "x'; DROP TABLE wattline.ledger"] },
              )
              expect(rows).toEqual([{ one: text, many: [text, "x'; DROP TABLE wattline.ledger"] }])
            },
          ),
          { numRuns: 60 },
        )
      })

      it('returns 64-bit integers as text and accepts them as bigint', async () => {
        const rows = await warehouse().query('SELECT {n:UInt64} AS n, {m:Int64} AS m', {
          n: 2n ** 64n - 1n,
          m: -(2n ** 63n),
        })
        expect(rows).toEqual([{ n: '18446744073709551615', m: '-9223372036854775808' }])
      })
    })

    fencedContract(warehouse)
  })
}

type FencedOver = Partial<Omit<FencedQuery, 'limits'>> & { readonly limits?: Partial<FencedQuery['limits']> }

function fencedContract(warehouse: () => Warehouse): void {
  const run = async (sql: string, over: FencedOver = {}): Promise<string> => {
    const limits = { maxSeconds: 10, maxMemoryBytes: 400_000_000, maxResultRows: 10_000, ...over.limits }
    const signal = new AbortController().signal
    const request = { sql, params: {}, tenant: 'a', accounts: null, format: 'TSV', signal, ...over, limits }
    const result = await warehouse().fenced(request)
    const chunks: Uint8Array[] = []
    for await (const chunk of result.chunks) chunks.push(chunk)
    return Buffer.concat(chunks).toString()
  }

  describe('fenced', () => {
    beforeAll(async () => {
      await warehouse().insert(traces, spans(100, 'fenced'), 'fenced/1')
      await warehouse().insert(ledger, ledgerEntries(100, 9), 'fenced/2')
    })

    const TENANTS = [
      'SELECT DISTINCT Tenant FROM otel_traces',
      'SELECT DISTINCT Tenant FROM wattline.otel_traces AS `wattline.tariffs`',
      'SELECT DISTINCT Tenant FROM otel_traces_trace_id_ts',
      'SELECT DISTINCT Tenant FROM otel_traces_trace_id_ts_mv',
      'SELECT DISTINCT Tenant FROM usage_hourly',
      'SELECT DISTINCT Tenant FROM usage_daily',
      'SELECT DISTINCT Tenant FROM (SELECT * FROM ledger)',
      'WITH x AS (SELECT Tenant FROM ledger) SELECT DISTINCT Tenant FROM x',
      'SELECT DISTINCT Tenant FROM otel_traces UNION DISTINCT SELECT Tenant FROM ledger',
      'SELECT DISTINCT r.Tenant FROM otel_traces l JOIN ledger r ON 1 = 1',
      'SELECT DISTINCT t FROM (SELECT arrayJoin((SELECT groupUniqArray(Tenant) FROM otel_traces)) AS t)',
      "SELECT DISTINCT Tenant FROM otel_traces WHERE Tenant = 'b' OR 1 = 1",
      "SELECT DISTINCT Tenant FROM otel_traces PREWHERE Tenant != ''",
      'SELECT max(Tenant) FROM ledger GROUP BY ALL',
      'SELECT DISTINCT * FROM (SELECT Tenant FROM {table:Identifier})',
    ]
    it.each(TENANTS)('shows one tenant only: %s', async sql => {
      const params = sql.includes('{table') ? { table: 'ledger' } : {}
      expect(await run(sql, { params })).toBe('a\n')
      expect(await run(sql, { params, tenant: 'b' })).toBe('b\n')
      for (const tenant of ['nobody', '', "a' OR '1'='1", "\\' OR 1 -- "]) {
        expect((await run(sql, { params, tenant })).trim()).toBe('')
      }
    })

    it('shows a reader with some accounts only those, and nothing from tables without accounts', async () => {
      await warehouse().insert(ledger, ledgerEntries(60, 11, ['web', "o'b", 'bank']), 'fenced/3')
      const accounts = ['web', "o'b"]
      for (const table of ['ledger', 'usage_hourly', 'usage_daily']) {
        const sql = `SELECT DISTINCT Account FROM ${table} ORDER BY Account`
        expect(await run(sql, { accounts })).toBe("o\\'b\nweb\n")
        expect(await run(sql, { accounts: ['bank'] })).toBe('bank\n')
        expect(await run(sql, { accounts: [] })).toBe('')
        expect(await run(sql, { accounts: ["x' OR 1 = 1 -- "] })).toBe('')
        expect(await run(`SELECT DISTINCT Tenant FROM ${table}`, { accounts, tenant: 'b' })).toBe('b\n')
        // Their sums equal those of their entries, also when a projection answers.
        const [all, theirs] = await Promise.all([
          run(`SELECT sumIf(EnergyUj, Account = 'web') FROM ${table}`),
          run(`SELECT sum(EnergyUj) FROM ${table}`, { accounts: ['web'] }),
        ])
        expect(theirs).toBe(all)
      }
      for (const table of ['otel_traces', 'otel_traces_trace_id_ts', 'readings', 'tariffs', 'quarantine']) {
        expect(await run(`SELECT count() FROM ${table}`, { accounts })).toBe('0\n')
        expect(await run(`SELECT count() FROM ${table}`, { accounts, tenant: 'default' })).toBe('0\n')
      }
    })

    it.each([
      "SELECT count() FROM merge('wattline', 'otel_traces')",
      "SELECT (SELECT count() FROM merge('wattline', 'otel_traces'))",
      "SELECT count() FROM mergeTreeIndex('wattline', 'otel_traces')",
      'SELECT count() FROM view(SELECT * FROM otel_traces)',
      "SELECT * FROM file('/etc/passwd', 'LineAsString')",
      "SELECT file('/etc/passwd')",
      "SELECT * FROM url('http://127.0.0.1:1/', 'LineAsString')",
      "SELECT * FROM executable('id', 'TSV', 'x String')",
      'SELECT * FROM system.processes',
      'SELECT * FROM system.parts',
      'SELECT * FROM `system`.`processes`',
      'SELECT 1 IN system.parts',
      'SELECT * FROM information_schema.tables',
      'SELECT * FROM (EXPLAIN AST SELECT 1)',
      'SELECT 1; SELECT 2',
      "SELECT 1 INTO OUTFILE '/tmp/wattline-never'",
      'SELECT 1 FORMAT CSV',
      'SELECT 1) , (SELECT 2',
      "SELECT * FROM otel_traces SETTINGS additional_table_filters = {'x': '1'}",
      'SELECT 1 SETTINGS readonly = 0',
      'SET readonly = 0',
      'KILL QUERY WHERE 1',
      'DROP TABLE ledger',
      'INSERT INTO ledger (Tenant) SELECT 1',
      'CREATE TEMPORARY TABLE x (a Int8)',
      'SYSTEM STOP MERGES',
      'SHOW TABLES',
    ])('refuses %s', async sql => {
      await expect(run(sql)).rejects.toMatchObject({ disposition: 'reject' })
    })

    it('refuses a system table named by a bound value', async () => {
      const sql = 'SELECT * FROM {d:Identifier}.{t:Identifier}'
      const refused = expect(run(sql, { params: { d: 'system', t: 'processes' } }))
      await refused.rejects.toMatchObject({ code: 'sql_refused' })
    })

    it.each([
      ['rows', 'SELECT * FROM numbers(1000)', { maxResultRows: 10 }],
      ['seconds', 'SELECT sum(sipHash64(number)) FROM numbers(1000000000000)', { maxSeconds: 1 }],
      ['memory', 'SELECT groupArray(number) FROM numbers(100000000)', { maxMemoryBytes: 50_000_000 }],
    ])('ends with sql_limit: %s', async (_what, sql, limits) => {
      for (const format of ['TSV', 'JSON']) {
        await expect(run(sql, { limits, format })).rejects.toMatchObject({ code: 'sql_limit' })
      }
    })

    it.each(['TSV', 'JSON'])('stops in the engine when aborted (%s)', async format => {
      const abort = new AbortController()
      const endless = 'SELECT sum(sipHash64(number)) AS endless FROM numbers(1000000000000)'
      const running = run(endless, { format, signal: abort.signal })
      const visible = async (): Promise<number> => {
        const sql =
          "SELECT toUInt32(countIf(position(query, 'AS endless') > 0)) - 1 AS n FROM system.processes"
        return (await warehouse().query<{ n: number }>(sql)).map(row => Number(row.n))[0]!
      }
      while ((await visible()) < 1) await new Promise(resolve => setTimeout(resolve, 10))
      abort.abort()
      await expect(running).rejects.toMatchObject({ name: 'AbortError' })
      while ((await visible()) > 0) await new Promise(resolve => setTimeout(resolve, 10))
    })

    it.each(['JSONEachRow', 'TSV', 'CSV', 'CSVWithNames', 'JSON', 'JSONCompact', 'Pretty', 'Parquet'])(
      'gives one whole answer in %s, also over many blocks',
      async format => {
        const rows = 150_000
        const limits = { maxResultRows: rows, maxMemoryBytes: 800_000_000 }
        const text = await run(`SELECT number AS n FROM numbers(${rows})`, { format, limits })
        if (format === 'JSON' || format === 'JSONCompact') expect(JSON.parse(text).rows).toBe(rows)
        else if (format === 'Parquet') expect(text.split('PAR1')).toHaveLength(3)
        else if (format === 'Pretty') expect(text.match(/┏/g)).toHaveLength(1)
        else expect(text.trimEnd().split('\n')).toHaveLength(rows + (format === 'CSVWithNames' ? 1 : 0))
      },
    )

    it('binds values', async () => {
      const params = { text: "x' OR 1", list: [1, 2] }
      expect(await run('SELECT {text:String}, {list:Array(UInt8)}', { params })).toBe("x\\' OR 1\t[1,2]\n")
    })

    it('binds null as NULL, if the type allows it', async () => {
      const params = { none: null, list: [1, null] }
      expect(
        await run('SELECT {none:Nullable(Int64)} IS NULL, {list:Array(Nullable(UInt8))}', { params }),
      ).toBe('1\t[1,NULL]\n')
      await expect(run('SELECT {none:Int64}', { params })).rejects.toMatchObject({ disposition: 'reject' })
    })

    it('calculates in UTC, wherever the engine runs', async () => {
      const sql =
        "SELECT timezone(), toUnixTimestamp(toDateTime('1970-01-02 00:00:00')), toString(toDateTime(0))"
      expect(await run(sql)).toBe('UTC\t86400\t1970-01-01 00:00:00\n')
    })

    it('explains what is wrong with a statement', async () => {
      await expect(run('SELECT nothing FROM otel_traces')).rejects.toMatchObject({
        code: 'sql_failed',
        message: expect.stringContaining('nothing'),
      })
    })
  })
}
