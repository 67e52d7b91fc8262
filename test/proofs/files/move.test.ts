// Guarantees: an export of a loaded process, killed in the middle, and its import into a ClickHouse server, killed in
// the middle too, transfer every row once, with the same ids, maps and lists, and the same sums of the books by tenant;
// differences are reported; a damaged file is never inserted.
import { mkdirSync, mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, it } from 'vitest'
import type { Export } from '../../../core/backup/moved.ts'
import { silentEvents } from '../../../core/catalogue/events/events.ts'
import { openClickHouseWarehouse } from '../../../core/warehouse/clickhouse/clickhouse.ts'
import { openEmbeddedWarehouse } from '../../../core/warehouse/embedded/embedded.ts'
import type { Warehouse } from '../../../core/warehouse/warehouse.ts'
import { wattline } from '../../support/backups.ts'
import { startClickHouseFront } from '../../support/clickhouse-front/front.ts'
import { startClients } from '../../support/clients.ts'
import { eventually } from '../../support/until.ts'
import { startProcess } from '../../support/wattline-process.ts'

const root = mkdtempSync(join(tmpdir(), 'wattline-move-'))
afterAll(() => rmSync(root, { recursive: true, force: true }), 180_000)

const ENVIRONMENT = {
  WATTLINE_GROUP_COMMIT_WAIT_MS: '10',
  WATTLINE_GROUP_COMMIT_THIN_WAIT_MS: '20',
  WATTLINE_METERING_IDLE_FLUSH: '4',
  WATTLINE_METERING_GAP: '6',
}
/** Digest of every row of a table, independent of order. */
const FINGERPRINTS: Readonly<Record<string, string>> = {
  otel_traces: 'sum(cityHash64(toString(tuple(*))))',
  metric_points: 'sum(cityHash64(toString(tuple(*))))',
  otel_metrics_sum: 'sum(cityHash64(toString(tuple(*))))',
  readings: 'sum(cityHash64(toString(tuple(*))))',
  ledger: 'sum(cityHash64(toString(tuple(*))))',
  late_readings: 'sum(cityHash64(toString(tuple(*))))',
  grid_intensity: 'sum(cityHash64(Version, Value, ValidFrom))',
  otel_traces_trace_id_ts: 'uniqExact(TraceId)',
  usage_hourly: 'sum(EnergyUj)',
}

async function printsOf(warehouse: Warehouse): Promise<Readonly<Record<string, unknown>>> {
  const prints: Record<string, unknown> = {}
  for (const [table, fingerprint] of Object.entries(FINGERPRINTS)) {
    // Whether rows of one trace are merged in the index is each engine's own business.
    const rows = table === 'otel_traces_trace_id_ts' ? '0' : 'count()'
    prints[table] = await warehouse.query(
      `SELECT toString(${fingerprint}) AS print, toString(${rows}) AS n FROM wattline.${table}`,
    )
  }
  return prints
}

it('moves all rows to a server, once', { timeout: 400_000 }, async () => {
  const [data, to] = [join(root, 'data'), join(root, 'export')]
  mkdirSync(data)
  const process = await startProcess({ data, environment: ENVIRONMENT })
  const clients = startClients(process.otlp, { spans: 2, meters: ['one', 'two'], paceMs: 10, closing: true })
  await eventually(
    async () => clients.acknowledged.batches.size,
    size => size > 20,
  )
  const url = ['--data', data, '--url', process.http]
  expect(await wattline(['export', to, ...url], { killAfterMs: 1_500 })).toMatchObject({ code: null })
  await clients.stop()
  expect(await process.end('SIGTERM')).toBe(0)
  // For a folder without a running process or new data; what the first export wrote is not written again.
  const made = await wattline(['export', to, '--data', data])
  expect(made, made.stderr).toMatchObject({ code: 0 })
  const path = join(data, 'warehouse')
  const original = await openEmbeddedWarehouse({ path, maxMemoryBytes: 1_000_000_000, events: silentEvents })
  const expected = await printsOf(original)
  await original.close()

  const front = await startClickHouseFront()
  const config = join(root, 'server.yaml')
  writeFileSync(
    config,
    `data: ${join(root, 'none')}\nwarehouse: {kind: clickhouse, url: ["${front.urls[0]}"]}\n`,
  )
  const login = { urls: front.urls, user: 'default', password: '' }
  const server = await openClickHouseWarehouse({ ...login, events: silentEvents })
  try {
    expect(await wattline(['import', to, '--config', config], { killAfterMs: 2_500 })).toMatchObject({
      code: null,
    })
    const moved = await wattline(['import', to, '--config', config])
    expect(moved, moved.stderr).toMatchObject({ code: 0, stdout: expect.stringMatching(/\d+ rows are in/) })
    expect(await printsOf(server)).toEqual(expected)
    // Repeating it inserts nothing; a foreign row is reported.
    await server.statements!.run(
      "INSERT INTO wattline.ledger (Tenant, WindowStart, EnergyUj) VALUES ('default', now(), 7)",
    )
    expect(await wattline(['import', to, '--config', config])).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/import_differs: ledger has \d+ rows, .*EnergyUj is/),
    })
    const other = join(root, 'other.yaml')
    writeFileSync(
      other,
      `data: ${join(root, 'none')}\nwarehouse: {kind: clickhouse, url: ["${front.urls[0]}/"]}\n`,
    )
    const made = JSON.parse(JSON.parse(readFileSync(join(to, 'export.json'), 'utf8')).export) as Export
    truncateSync(join(to, made.tables.find(({ table }) => table === 'otel_traces')!.files[0]!.name), 100)
    expect(await wattline(['import', to, '--config', other])).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/backup_unusable: .* is damaged/),
    })
  } finally {
    await server.close()
    await front.destroy()
  }
})
