/**
 * Guarantees of exports to a bucket, on a real S3 server: files and manifests are there, an independent reader finds in them what the tables
 * have, SQL reads them behind the fence, late rows are added, and a bucket that is away fails a query within seconds and nothing else.
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { buffer } from 'node:stream/consumers'
import { parquetReadObjects } from 'hyparquet'
import { compressors } from 'hyparquet-compressors'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { openExportPlace } from '../../../core/exports/place.ts'
import { ledger } from '../../../core/model/streams/index.ts'
import { ledgerRow, unixSeconds } from '../../query/support/rows.ts'
import { openTestWarehouse, type TestWarehouse } from '../../query/support/warehouse.ts'
import { type RealS3, startRealS3 } from '../../support/real-s3.ts'
import { exporterTo, seen } from './support.ts'

const HOUR = unixSeconds('2026-11-20T10:00:00Z')
let store: TestWarehouse
let folder: string
let s3: RealS3

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'wattline-s3-'))
  store = await openTestWarehouse()
  s3 = await startRealS3(folder, 'exports')
})
afterAll(async () => {
  await store.close()
  await s3.close()
  await rm(folder, { recursive: true, force: true })
})

it('writes, adds late rows, is read by SQL and by others, and survives the bucket', async () => {
  const to = 's3://exports/cold/wattline'
  const exporter = await exporterTo(store, to, { tables: ['ledger'] }, s3.environment)
  const rows = ['shop', 'bank'].flatMap(Tenant =>
    Array.from({ length: 120 }, (_, minute) =>
      ledgerRow({
        Tenant,
        WindowStart: HOUR + minute * 60,
        EnergyUj: BigInt(minute) * 1_000_000_007n,
        CarbonOperationalUg: minute % 2 === 0 ? null : BigInt(minute),
        Labels: { minute: String(minute) },
      }),
    ),
  )
  await store.insert(ledger, rows)
  await exporter.start()
  await exporter.exportNow()
  await store.insert(ledger, [ledgerRow({ Tenant: 'shop', WindowStart: HOUR, EnergyUj: 1n })])
  expect(await exporter.exportNow()).toBe(1)
  expect(await exporter.exportNow()).toBe(0)

  const place = await openExportPlace(to, s3.environment)
  const names = [...(await place.store.list('shop/')).keys()].toSorted()
  expect(names).toEqual([
    'shop/ledger/day=2026-11-20/hour=10/r1.parquet',
    'shop/ledger/day=2026-11-20/hour=10/r2.parquet',
    'shop/ledger/day=2026-11-20/hour=11/r1.parquet',
  ])
  const found: Record<string, unknown>[] = []
  for (const name of names) {
    const bytes = await buffer(await place.store.get(name))
    const file = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length) as ArrayBuffer
    found.push(...(await parquetReadObjects({ file, compressors })))
  }
  expect(found).toHaveLength(121)
  expect(new Set(found.map(row => row['Tenant']))).toEqual(new Set(['shop']))
  const sum = found.reduce((total, row) => total + (row['EnergyUj'] as bigint), 0n)
  expect(sum).toBe(7_140n * 1_000_000_007n + 1n)
  const one = found.find(row => row['EnergyUj'] === 1_000_000_007n)
  expect(one).toMatchObject({ Host: 'h1', CarbonOperationalUg: 1n, OverBusy: false, Coverage: 1 })
  expect(one?.['WindowStart']).toEqual(new Date((HOUR + 60) * 1_000))
  expect(
    found.filter(row => row['CarbonOperationalUg'] === null || row['CarbonOperationalUg'] === undefined),
  ).toHaveLength(60)

  const sql = 'SELECT Tenant, sum(EnergyUj) AS uj, count() AS n FROM exported_ledger GROUP BY Tenant'
  expect(await seen(store, 'shop', sql)).toEqual([{ Tenant: 'shop', uj: String(sum), n: '121' }])
  expect(await seen(store, 'bank', sql)).toEqual([{ Tenant: 'bank', uj: String(sum - 1n), n: '120' }])
  expect(await seen(store, 'nobody', sql)).toEqual([])
  for (const table of ['system_tables', 'information_schema_tables'])
    expect(JSON.stringify(await seen(store, 'shop', `SELECT * FROM ${table}`))).not.toMatch(
      /S3RVER|127\.0\.0\.1/,
    )

  await s3.close()
  await expect(seen(store, 'shop', sql)).rejects.toThrow()
  expect(await seen(store, 'shop', 'SELECT count() AS n FROM ledger')).toEqual([{ n: '121' }])
  await exporter.close()
})
