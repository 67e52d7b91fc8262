/**
 * Guarantees: clients read exported files by SQL like tables, their own rows alone; by no statement can they name a file, a bucket, an
 * address, the tables below the views, or see a path; the route and the command tell how far exports are.
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { renderExports } from '../../../cli/exports.ts'
import type { ExportsAnswer } from '../../../core/api/answers.ts'
import { newToken, tokenHash } from '../../../core/auth/token.ts'
import { createTokenAccess } from '../../../core/auth/token-access.ts'
import { createTokenTable } from '../../../core/auth/token-table.ts'
import { configSchema } from '../../../core/catalogue/config/schema.ts'
import { silentEvents } from '../../../core/catalogue/events/events.ts'
import type { ParquetExporter } from '../../../core/exports/exporter.ts'
import { ledger } from '../../../core/model/streams/index.ts'
import type { QueryServer } from '../../../query/http/query-server.ts'
import { createQueryServer } from '../../../query/server.ts'
import { exporterTo } from '../../core/exports/support.ts'
import { ledgerRow, unixSeconds } from '../support/rows.ts'
import { openTestWarehouse, type TestWarehouse } from '../support/warehouse.ts'

const WHO = {
  shop: { tenant: 'shop', accounts: null },
  bank: { tenant: 'bank', accounts: null },
  web: { tenant: 'shop', accounts: ['web'] },
} as const
type Who = keyof typeof WHO
const tokens: Readonly<Record<Who, string>> = { shop: newToken(), bank: newToken(), web: newToken() }
let store: TestWarehouse
let exporter: ParquetExporter
let server: QueryServer
let folder: string
let base: string

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'wattline-exports-'))
  store = await openTestWarehouse()
  await store.insert(
    ledger,
    ['shop', 'bank'].flatMap(Tenant =>
      ['web', 'mobile'].map(Account =>
        ledgerRow({
          Tenant,
          Account,
          WorkloadName: `${Account}-of-${Tenant}`,
          WindowStart: unixSeconds('2026-11-20T10:00:00Z'),
          EnergyUj: Tenant === 'bank' ? 0n : 7n,
        }),
      ),
    ),
  )
  await writeFile(join(folder, 'secret.csv'), 'secret-of-the-machine\n')
  exporter = await exporterTo(store, join(folder, 'files'))
  await exporter.start()
  await exporter.exportNow()
  const entries = Object.entries(WHO).map(([name, who]) => ({
    ...who,
    name,
    scopes: ['read'] as const,
    expiresMs: null,
    sha256: tokenHash(tokens[name as Who]).toString('hex'),
  }))
  const table = createTokenTable(entries)
  server = createQueryServer({
    config: configSchema.parse({}),
    warehouse: store.warehouse,
    events: silentEvents,
    readiness: async () => ({}),
    page: new Map(),
    version: '0',
    started: new Date(0),
    exports: exporter,
    access: createTokenAccess({ tokens: () => table, events: silentEvents, now: Date.now }),
  })
  base = `http://127.0.0.1:${(await server.listen('127.0.0.1', 0)).port}`
})
afterAll(async () => {
  await server.stop()
  await exporter.close()
  await store.close()
  await rm(folder, { recursive: true, force: true })
})

async function sql(query: string, who: Who): Promise<{ readonly status: number; readonly text: string }> {
  const answer = await fetch(`${base}/api/v1/sql`, {
    method: 'POST',
    headers: { authorization: `Bearer ${tokens[who]}`, 'content-type': 'application/json' },
    body: JSON.stringify({ query }),
  })
  return { status: answer.status, text: await answer.text() }
}

describe('SQL', () => {
  it.each([
    'SELECT * FROM exported_ledger',
    `SELECT * FROM exported_ledger SETTINGS log_comment = 'wattline["bank"]'`,
    'SELECT * FROM wattline.exported_ledger AS e WHERE e.EnergyUj >= 0',
    'SELECT WorkloadName, intDiv(7, EnergyUj) AS x FROM exported_ledger',
    "SELECT WorkloadName FROM exported_ledger WHERE Tenant IN ('shop', 'bank') OR 1 = 1",
    'WITH e AS (SELECT * FROM exported_ledger) SELECT e.WorkloadName FROM e JOIN ledger AS l ON l.EntryId = e.EntryId',
    'SELECT WorkloadName FROM exported_ledger UNION ALL SELECT WorkloadName FROM ledger',
    'SELECT (SELECT groupArray(WorkloadName) FROM exported_ledger) AS x',
    'SELECT WorkloadName, toUInt8OrZero(WorkloadName) FROM exported_ledger ORDER BY intDiv(1, EnergyUj)',
  ])("shows one's own rows: %s", async query => {
    const { status, text } = await sql(query, 'shop')
    expect([query, status, text]).toEqual([query, 200, expect.stringContaining('web-of-shop')])
    expect(text).not.toContain('of-bank')
    const limited = await sql(query, 'web')
    expect([query, limited.status, limited.text]).toEqual([
      query,
      200,
      expect.stringContaining('web-of-shop'),
    ])
    expect(limited.text).not.toMatch(/mobile|of-bank/)
  })

  it('lists what is exported, without saying where', async () => {
    const { text } = await sql('SHOW TABLES', 'shop')
    expect(text).toContain('exported_ledger')
    expect(text).toContain('exported_otel_traces')
    const limited = await sql('SHOW TABLES', 'web')
    expect(limited.text).toContain('exported_ledger')
    expect(limited.text).not.toContain('exported_otel_traces')
    for (const query of [
      'SHOW CREATE TABLE exported_ledger',
      'DESCRIBE exported_ledger',
      'SELECT * FROM system.tables',
    ])
      expect((await sql(query, 'shop')).text).not.toContain(folder)
  })

  it.each([
    'SELECT * FROM wattline_exports.ledger_a',
    'SELECT * FROM wattline_exports.ledger_b',
    'SELECT _path FROM exported_ledger',
    'SELECT _file, _size, _row_number FROM exported_ledger',
    "SELECT * FROM file('FOLDER/secret.csv', 'CSV', 'x String')",
    "SELECT * FROM file('FOLDER/files/bank/ledger/**/*.parquet', 'Parquet')",
    "SELECT * FROM s3('http://127.0.0.1:9/exports/*', 'Parquet')",
    "SELECT * FROM url('http://127.0.0.1:9/x', 'CSV', 'x String')",
    "SELECT * FROM merge('wattline_exports', '.*')",
    "SELECT * FROM remote('127.0.0.1', wattline_exports.ledger_a)",
    'SELECT * FROM view(SELECT * FROM wattline_exports.ledger_b)',
    "SELECT * FROM (SELECT * FROM exported_ledger SETTINGS log_comment = 'x')",
    "INSERT INTO FUNCTION file('FOLDER/files/shop/x.parquet') SELECT * FROM exported_ledger",
    "SELECT * FROM exported_ledger INTO OUTFILE 'FOLDER/out.csv'",
    'SELECT * FROM exported_nothing',
    'DROP VIEW exported_ledger',
  ])('refuses %s', async query => {
    const { status, text } = await sql(query.replaceAll('FOLDER', folder), 'shop')
    expect([query, status]).toEqual([query, 400])
    expect(text).not.toMatch(/of-bank|secret-of|\/files\/bank\/ledger\/day/)
  })
})

describe('progress', () => {
  const ask = async (who: Who): Promise<{ readonly status: number; readonly answer: ExportsAnswer }> => {
    const response = await fetch(`${base}/api/v1/exports`, {
      headers: { authorization: `Bearer ${tokens[who]}` },
    })
    return { status: response.status, answer: (await response.json()) as ExportsAnswer }
  }

  it('is that of the own tenant', async () => {
    const { answer } = await ask('shop')
    expect(answer.tables[0]).toEqual({
      table: 'ledger',
      view: 'exported_ledger',
      files: 1,
      rows: 2,
      late_files: 0,
      from: '2026-11-20T10:00:00.000Z',
      to: '2026-11-20T11:00:00.000Z',
      pending: 0,
    })
    expect((await ask('web')).status).toBe(403)
  })

  it('is shown by the command', async () => {
    const { answer } = await ask('shop')
    const shown = renderExports({ ...answer, problem: 'place_unavailable: away' }, 'table')
    expect(shown).toMatch(/ledger +1 +2 +0 +2026-11-20T10:00:00.000Z +2026-11-20T11:00:00.000Z +0/)
    expect(shown).toContain('Problem: place_unavailable: away')
    expect(JSON.parse(renderExports(answer, 'json'))).toEqual(answer)
  })
})
