/**
 * Guarantees: an older folder, whose sums by hour and day had 64 bits, opens, gives right answers at once from old and
 * new parts, and gets the new sums for its old parts by itself.
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it, vi } from 'vitest'
import { silentEvents } from '../../../../core/catalogue/events/events.ts'
import { encodeRows } from '../../../../core/columns/rows.ts'
import { ledger } from '../../../../core/model/streams/index.ts'
import { openEmbeddedWarehouse } from '../../../../core/warehouse/embedded/embedded.ts'
import type { Warehouse } from '../../../../core/warehouse/warehouse.ts'
import { ledgerEntry, MONTH_START_S } from '../../../contract/warehouse/sample-rows.ts'
import { ledgerProjection } from '../../../support/ledger-projection.ts'

const RETENTION = { signalsDays: 36_500, ledgerDays: 36_500 }
/** The earlier declaration: two of the projections under other names, without reasons, summing in 64 bits. */
const { replacedProjections: _, ...table } = ledger.table
const before = {
  ...ledger,
  table: {
    ...table,
    projections: table.projections
      .filter(text => text.startsWith('workloads_'))
      .map(text =>
        text
          .replace(/^workloads_(by_[a-z]+)_\w+/, '$1')
          .replaceAll(', Reason', '')
          .replaceAll(/toInt128\((\w+)\)/g, '$1'),
      ),
  },
}

let path: string
let warehouse: Warehouse
const open = () => openEmbeddedWarehouse({ path, maxMemoryBytes: 2 ** 31, events: silentEvents })

beforeAll(async () => {
  path = await mkdtemp(join(tmpdir(), 'wattline-sums-'))
  warehouse = await open()
})
afterAll(async () => {
  await warehouse.close()
  await rm(path, { recursive: true, force: true })
})

const insert = (token: string) => {
  const rows = [0, 1, 2].map(index =>
    ledgerEntry({ EnergyUj: 2n ** 62n, WindowStart: MONTH_START_S + index * 60 }),
  )
  return warehouse.insert(ledger, encodeRows(ledger, rows), token)
}
const sums = () =>
  warehouse.query<{ uj: string; n: string }>(
    'SELECT sum(EnergyUj) AS uj, sum(Entries) AS n FROM wattline.usage_daily',
  )
const projectionParts = async () =>
  (
    await warehouse.query<{ name: string; n: string }>(
      `SELECT name, count() AS n FROM system.projection_parts
       WHERE database = 'wattline' AND table = 'ledger' AND active GROUP BY name ORDER BY name`,
    )
  ).map(({ name, n }) => `${name} ${n}`)

it('migrates', async () => {
  await warehouse.migrate([before], RETENTION)
  await insert('old/1')
  expect(await projectionParts()).toEqual(['by_day 1', 'by_hour 1'])
  await warehouse.close()
  warehouse = await open()
  await warehouse.migrate([ledger], RETENTION)
  expect(await sums()).toEqual([{ uj: `${3n * 2n ** 62n}`, n: '3' }])
  await insert('new/1')
  expect(await sums()).toEqual([{ uj: `${6n * 2n ** 62n}`, n: '6' }])
  const parts = await warehouse.query<{ n: string }>(
    "SELECT count() AS n FROM system.parts WHERE database = 'wattline' AND table = 'ledger' AND active",
  )
  const all = [
    'accounts_by_month',
    'bills_by_day',
    'bills_by_minute',
    'workloads_by_day',
    'workloads_by_hour',
  ].map(name => `${ledgerProjection(name)} ${parts[0]!.n}`)
  await vi.waitFor(async () => expect(await projectionParts()).toEqual(all), {
    timeout: 30_000,
    interval: 200,
  })
  expect(await sums()).toEqual([{ uj: `${6n * 2n ** 62n}`, n: '6' }])
})
