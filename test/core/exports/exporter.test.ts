/**
 * Guarantees of exports, on the real engine and a folder: the files of a period hold each of its rows once, whatever arrives when and wherever
 * a run is cut off; what is read back by SQL is what the tables had, to the last value; no reader sees a row of another tenant; erased and
 * expired files are gone.
 */
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { ParquetExporter } from '../../../core/exports/exporter.ts'
import { manifestSchema } from '../../../core/exports/manifest.ts'
import { openExportPlace } from '../../../core/exports/place.ts'
import { ledger, logs, readings, traces } from '../../../core/model/streams/index.ts'
import { ledgerRow, logRow, nano, readingRow, spanRow, unixSeconds } from '../../query/support/rows.ts'
import { openTestWarehouse, type TestWarehouse } from '../../query/support/warehouse.ts'
import { runs } from '../../support/runs.ts'
import { exporterTo, seen } from './support.ts'

let store: TestWarehouse
let folder: string
let exporter: ParquetExporter

beforeAll(async () => {
  store = await openTestWarehouse()
})
afterAll(() => store.close())
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'wattline-exports-'))
  exporter = await exporterTo(store, folder)
  await exporter.start()
  await exporter.exportNow()
})
afterEach(async () => {
  await exporter.close()
  for (const table of ['ledger', 'otel_traces', 'readings', 'otel_logs'])
    await store.warehouse.statements!.run(`TRUNCATE TABLE wattline.${table}`)
  await rm(folder, { recursive: true, force: true })
})

const HOUR = unixSeconds('2026-11-20T10:00:00Z')
const row = (tenant: string, minute: number, energy: bigint) =>
  ledgerRow({
    Tenant: tenant,
    WindowStart: HOUR + minute * 60,
    EnergyUj: energy,
    Labels: { a: 'b', 'c d': '' },
  })
const files = async (): Promise<string[]> =>
  (await readdir(folder, { recursive: true, withFileTypes: true }))
    .filter(entry => entry.isFile())
    .map(entry => join(entry.parentPath, entry.name).slice(folder.length + 1))
    .toSorted()
const energies = async (tenant: string): Promise<unknown> =>
  seen(store, tenant, 'SELECT EnergyUj AS uj, count() AS n FROM exported_ledger GROUP BY uj ORDER BY uj')

describe('a file', () => {
  it('has the rows of a tenant, a table and an hour, and a manifest that describes it', async () => {
    await store.insert(ledger, [
      row('shop', 0, 1n),
      row('shop', 59, 2n),
      row('shop', 60, 4n),
      row('bank', 0, 8n),
    ])
    expect(await exporter.exportNow()).toBe(3)
    expect(await files()).toEqual([
      '_manifests/bank/ledger/day=2026-11-20/hour=10/r1-1.json',
      '_manifests/shop/ledger/day=2026-11-20/hour=10/r1-2.json',
      '_manifests/shop/ledger/day=2026-11-20/hour=11/r1-1.json',
      '_wattline.json',
      'bank/ledger/day=2026-11-20/hour=10/r1.parquet',
      'shop/ledger/day=2026-11-20/hour=10/r1.parquet',
      'shop/ledger/day=2026-11-20/hour=11/r1.parquet',
    ])
    const text = await readFile(
      join(folder, '_manifests/shop/ledger/day=2026-11-20/hour=10/r1-2.json'),
      'utf8',
    )
    const manifest = manifestSchema.parse(JSON.parse(text))
    expect(manifest).toMatchObject({ rows: 2, revision: 1, from: '2026-11-20T10:00:00.000Z', tenant: 'shop' })
    const bytes = await readFile(join(folder, manifest.file))
    const { createHash } = await import('node:crypto')
    expect([bytes.length, createHash('sha256').update(bytes).digest('hex')]).toEqual([
      manifest.bytes,
      manifest.sha256,
    ])
    expect(bytes.subarray(0, 4).toString()).toBe('PAR1')
    expect(await energies('shop')).toEqual([1, 2, 4].map(uj => ({ uj: String(uj), n: '1' })))
  })

  it('is written once: nothing happens where nothing is new', async () => {
    await store.insert(ledger, [row('shop', 0, 1n), row('shop', 0, 1n)])
    expect([await exporter.exportNow(), await exporter.exportNow()]).toEqual([1, 0])
    // Nor after a restart.
    const again = await exporterTo(store, folder)
    expect(await again.exportNow()).toBe(0)
  })

  it('waits until its period has settled', async () => {
    await store.insert(ledger, [row('shop', 0, 1n)])
    const at = (iso: string) => exporterTo(store, folder, { now: () => Date.parse(iso) })
    expect(await (await at('2026-11-20T11:14:59Z')).exportNow()).toBe(0)
    expect(await (await at('2026-11-20T11:15:00Z')).exportNow()).toBe(1)
  })

  it('of a day', async () => {
    const days = join(folder, 'days')
    const daily = await exporterTo(store, days, {
      period: 'day',
      now: () => Date.parse('2026-11-22T00:00:00Z'),
    })
    await store.insert(ledger, [row('shop', 0, 1n), row('shop', 600, 2n)])
    await daily.start()
    await daily.exportNow()
    expect((await files()).filter(name => name.startsWith('days/shop'))).toEqual([
      'days/shop/ledger/day=2026-11-20/r1.parquet',
    ])
    await daily.close()
  })

  it('of every stream reads as the table does, value by value', async () => {
    const Tenant = 'shop'
    const Timestamp = nano('2026-11-20T10:00:00Z') + 123_456_789n
    const links = {
      'Links.TraceId': ['a'.repeat(32)],
      'Links.SpanId': ['b'.repeat(16)],
      'Links.TraceState': [''],
      'Links.Attributes': [{ x: 'y' }],
    }
    await store.insert(traces, [
      spanRow({ Tenant, Timestamp, ...links, SpanName: 'ünï\u0000\n' }),
      spanRow({ Tenant, Timestamp }),
    ])
    await store.insert(logs, [logRow({ Tenant, Timestamp, LogAttributes: { 'a.b': '', c: "'" } })])
    await store.insert(readings, [readingRow({ Tenant, Timestamp, Value: -(2n ** 63n) })])
    await store.insert(ledger, [
      row('shop', 1, 2n ** 63n - 1n),
      ledgerRow({ Tenant, WindowStart: HOUR, CarbonOperationalUg: null, Coverage: 0.1, OverBusy: true }),
    ])
    await exporter.exportNow()
    for (const table of ['otel_traces', 'otel_logs', 'readings', 'ledger']) {
      const stored = await seen(store, Tenant, `SELECT * FROM ${table} ORDER BY ALL`)
      expect(stored.length).toBeGreaterThan(0)
      expect([table, await seen(store, Tenant, `SELECT * FROM exported_${table} ORDER BY ALL`)]).toEqual([
        table,
        stored,
      ])
    }
  })
})

describe('late rows', () => {
  it('come in later files, however often they are equal to earlier ones', async () => {
    await store.insert(ledger, [row('shop', 0, 1n), row('shop', 0, 1n), row('shop', 1, 2n)])
    await exporter.exportNow()
    await store.insert(ledger, [row('shop', 0, 1n), row('shop', 2, 3n)])
    expect(await exporter.exportNow()).toBe(1)
    expect((await files()).filter(name => name.includes('r2'))).toEqual([
      '_manifests/shop/ledger/day=2026-11-20/hour=10/r2-2.json',
      'shop/ledger/day=2026-11-20/hour=10/r2.parquet',
    ])
    expect(await energies('shop')).toEqual([
      { uj: '1', n: '3' },
      { uj: '2', n: '1' },
      { uj: '3', n: '1' },
    ])
    expect(exporter.status('shop').tables.find(({ table }) => table === 'ledger')).toMatchObject({
      files: 2,
      rows: 5,
      late_files: 1,
      pending: 0,
      from: '2026-11-20T10:00:00.000Z',
      to: '2026-11-20T11:00:00.000Z',
    })
    expect(exporter.status('bank').tables.map(({ files: n }) => n)).toEqual([0, 0, 0, 0])
  })

  it('arrive in any order, between any two runs, cut off anywhere: each is in the files once', async () => {
    const plans = fc.sample(
      fc.array(
        fc.record({
          rows: fc.array(
            fc.tuple(
              fc.constantFrom('shop', 'bank'),
              fc.integer({ min: 0, max: 119 }),
              fc.bigInt({ min: 0n, max: 3n }),
            ),
            { maxLength: 6 },
          ),
          /** Writes that work before the place fails; above all of them: none fails. */
          works: fc.integer({ min: 0, max: 8 }),
        }),
        { minLength: 2, maxLength: 5 },
      ),
      { seed: 19, numRuns: runs(1, 16) },
    )
    for (const [index, plan] of plans.entries()) {
      const to = join(folder, String(index))
      await store.warehouse.statements!.run('TRUNCATE TABLE wattline.ledger')
      for (const { rows, works } of plan) {
        if (rows.length > 0)
          await store.insert(
            ledger,
            rows.map(([tenant, minute, energy]) => row(tenant, minute, energy)),
          )
        const place = await openExportPlace(to, {})
        let left = works
        const cut = {
          ...place.store,
          put: async (name: string, bytes: AsyncIterable<Uint8Array>) => {
            left -= 1
            if (left < 0) throw new Error('cut off')
            await place.store.put(name, bytes)
          },
        }
        const broken = await exporterTo(store, to, { store: cut })
        await broken.start().catch(() => undefined)
        await broken.exportNow().catch(() => undefined)
        await broken.close()
      }
      const last = await exporterTo(store, to)
      await last.start()
      await last.exportNow()
      expect(await last.exportNow()).toBe(0)
      for (const tenant of ['shop', 'bank']) {
        const stored = await seen(
          store,
          tenant,
          'SELECT WindowStart, EnergyUj, count() AS n FROM ledger GROUP BY ALL ORDER BY ALL',
        )
        const exported = await seen(
          store,
          tenant,
          'SELECT WindowStart, EnergyUj, count() AS n FROM exported_ledger GROUP BY ALL ORDER BY ALL',
        )
        expect([index, tenant, exported]).toEqual([index, tenant, stored])
      }
      await last.close()
    }
  })
})

describe('erasing', () => {
  it('removes the files of a tenant, and of no other', async () => {
    await store.insert(ledger, [row('shop', 0, 1n), row('shop-2', 0, 2n), row('shop', 60, 4n)])
    await exporter.exportNow()
    await store.warehouse.statements!.run(
      "ALTER TABLE wattline.ledger DELETE WHERE Tenant = 'shop' SETTINGS mutations_sync = 1",
    )
    expect(await exporter.erase('shop', null)).toEqual({ files: 2, rows: 2 })
    expect(await exporter.exportNow()).toBe(0)
    expect((await files()).filter(name => name.includes('parquet'))).toEqual([
      'shop-2/ledger/day=2026-11-20/hour=10/r1.parquet',
    ])
    expect([await energies('shop'), await energies('shop-2')]).toEqual([[], [{ uj: '2', n: '1' }]])
  })

  it('of older rows leaves what the tables still have', async () => {
    await store.insert(ledger, [row('shop', 0, 1n), row('shop', 30, 2n), row('shop', 60, 4n)])
    await exporter.exportNow()
    const before = (HOUR + 15 * 60) * 1_000
    await store.warehouse.statements!.run(
      `ALTER TABLE wattline.ledger DELETE WHERE WindowStart < toDateTime(${before / 1_000}) SETTINGS mutations_sync = 1`,
    )
    expect(await exporter.erase('shop', before)).toEqual({ files: 1, rows: 2 })
    await exporter.exportNow()
    expect(await energies('shop')).toEqual([2, 4].map(uj => ({ uj: String(uj), n: '1' })))
  })

  it('goes by itself after the days that files are kept', async () => {
    await store.insert(ledger, [row('shop', 0, 1n), row('shop', 60 * 12, 2n)])
    await exporter.exportNow()
    const later = await exporterTo(store, folder, {
      retentionDays: 1,
      now: () => Date.parse('2026-11-21T12:00:00Z'),
    })
    expect(await later.exportNow()).toBe(0)
    expect((await files()).filter(name => name.endsWith('parquet'))).toEqual([
      'shop/ledger/day=2026-11-20/hour=22/r1.parquet',
    ])
  })
})

describe('a folder', () => {
  it('belongs to one instance, and has one width of periods', async () => {
    const other = await exporterTo(store, folder, { owner: 'another' })
    await expect(other.exportNow()).rejects.toMatchObject({ code: 'exports_refused' })
    const daily = await exporterTo(store, folder, { period: 'day' })
    await expect(daily.exportNow()).rejects.toMatchObject({ code: 'exports_refused' })
  })

  it('that cannot be written is a problem that is told', async () => {
    const { writeFile } = await import('node:fs/promises')
    await writeFile(join(folder, 'file'), '')
    const broken = await exporterTo(store, join(folder, 'file', 'below'))
    await broken.start()
    await expect.poll(() => broken.problem).toMatch(/ENOTDIR|cannot be/)
    await broken.close()
  })
})

describe('readers', () => {
  it.each([
    'SELECT Tenant, EnergyUj FROM exported_ledger',
    "SELECT Tenant, EnergyUj FROM exported_ledger WHERE Tenant = 'bank' OR 1",
    'SELECT * FROM (SELECT Tenant, intDiv(10, EnergyUj) AS x FROM exported_ledger)',
    "SELECT Tenant, throwIf(Tenant = 'bank') AS x FROM exported_ledger",
    'SELECT groupArray(Tenant) FROM exported_ledger',
    'SELECT a.Tenant FROM exported_ledger AS a JOIN exported_ledger AS b ON 1 = 1',
  ])('see no row of another tenant: %s', async sql => {
    await store.insert(ledger, [row('shop', 0, 1n), row('bank', 0, 0n)])
    await exporter.exportNow()
    const text = JSON.stringify(await seen(store, 'shop', sql))
    expect(text).toContain('shop')
    expect(text).not.toContain('bank')
  })

  it('limited to accounts see those', async () => {
    await store.insert(ledger, [row('shop', 0, 1n), ledgerRow({ ...row('shop', 0, 2n), Account: 'web' })])
    await exporter.exportNow()
    const found = await store.reader('shop', ['web']).query('SELECT EnergyUj AS uj FROM exported_ledger', {})
    expect(found).toEqual([{ uj: '2' }])
  })
})
