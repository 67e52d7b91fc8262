// Guarantees: a data folder of a release that stored metrics in tables with the exporter's names opens; its rows stay, under
// the same names and with the same columns, together with new ones; records of that release that are still in the log are
// stored once; nothing is taken for lost, even if the process ends between any two statements of the migration.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { silentEvents } from '../../../../core/catalogue/events/events.ts'
import { encodeRows } from '../../../../core/columns/rows.ts'
import {
  metricHistograms,
  metricPoints,
  metricsExpHistogram,
  metricsGauge,
  metricsHistogram,
  metricsSum,
  metricsSummary,
  STREAMS,
} from '../../../../core/model/streams/index.ts'
import type { RowOf, StreamDeclaration } from '../../../../core/model/streams/stream.ts'
import { openEmbeddedWarehouse } from '../../../../core/warehouse/embedded/embedded.ts'
import type { Missing } from '../../../../core/warehouse/embedded/missing.ts'
import { existingTables } from '../../../../core/warehouse/migration/existing.ts'
import { planMigration } from '../../../../core/warehouse/migration/migration.ts'
import { LOCAL_DIALECT } from '../../../../core/warehouse/tables/ddl.ts'
import type { Warehouse } from '../../../../core/warehouse/warehouse.ts'
import { exporterRows } from '../../../support/exporter-rows.ts'

const RETENTION = { signalsDays: 30, ledgerDays: 400 }
const NOW = BigInt(Date.now()) * 1_000_000n
const BEFORE = [metricsGauge, metricsSum, metricsHistogram, metricsExpHistogram, metricsSummary]

/** The stream as that release declared it. */
const former = (stream: StreamDeclaration): StreamDeclaration => ({
  ...stream,
  table: { ...stream.table!, name: stream.table!.formerly! },
})

const point = (
  Value: number,
  more: Partial<RowOf<typeof metricPoints>> = {},
): RowOf<typeof metricPoints> => ({
  Tenant: 'shop',
  MetricName: 'requests',
  ServiceName: 'web',
  Labels: '{"path":"/a \\"b\\"","code":"200"}',
  Resource: '{"service.name":"web","host.id":"h1"}',
  Meta: '{"description":"all of \\"unit\\":","unit":"1","temporality":2,"monotonic":true,"scope":"lib","scopeVersion":"1","scopeAttributes":"{\\"unit\\":\\"x\\"}","scopeDropped":3,"scopeUrl":"https://s","resourceUrl":"https://r"}',
  Kind: 1,
  StartTimeUnix: NOW - 1_000n,
  TimeUnix: NOW,
  Flags: 0,
  Value,
  Exemplars: '',
  ...more,
})
const EXEMPLARS = JSON.stringify([
  {
    attributes: { k: 'v' },
    time: String(NOW + 7n),
    value: '0.1',
    bits: '3fb999999999999a',
    spanId: 'eee19b7ec3c1b174',
    traceId: '5b8efff798038103d269b633813fc60c',
  },
])
const POINTS = [
  point(0.1, { Exemplars: EXEMPLARS }),
  point(2, { Kind: 0, Meta: '{"description":"","unit":""}', Labels: '{}' }),
  point(Number.NaN, { Flags: 1, TimeUnix: NOW + 1n }),
]
const ROWS = exporterRows({ points: POINTS, histograms: [], expHistograms: [], summaries: [] })

let path: string
let missing: Missing[]
beforeEach(() => {
  missing = []
  path = mkdtempSync(join(tmpdir(), 'wattline-upgrade-'))
})
afterEach(() => rmSync(path, { recursive: true }))

const open = (): Promise<Warehouse> =>
  openEmbeddedWarehouse({
    path: join(path, 'tables'),
    maxMemoryBytes: 1_000_000_000,
    events: silentEvents,
    custody: {
      inventoryFile: join(path, 'tables.json'),
      definitionsFile: join(path, 'definitions.json'),
      days: new Map(STREAMS.flatMap(({ table }) => (table === undefined ? [] : [[table.name, 30] as const]))),
      nextInserts: () => [],
      onMissing: async found => {
        missing.push(found)
        return new Map()
      },
    },
  })

async function within<Result>(work: (warehouse: Warehouse) => Promise<Result>): Promise<Result> {
  const warehouse = await open()
  try {
    return await work(warehouse)
  } finally {
    await warehouse.close()
  }
}

const sumRecord = (): Uint8Array => encodeRows(metricsSum, ROWS.sum as never)
const asked = (warehouse: Warehouse, kind: string): Promise<readonly Record<string, unknown>[]> =>
  warehouse.query(`SELECT * FROM wattline.otel_metrics_${kind} ORDER BY MetricName, TimeUnix`)

/** As the release before left the folder: one record of each is stored. */
const olderFolder = (): Promise<void> =>
  within(async warehouse => {
    await warehouse.migrate(BEFORE.map(former), RETENTION)
    await warehouse.insert(former(metricsSum), sumRecord(), 'metrics_sum/0/0')
    await warehouse.insert(
      former(metricsGauge),
      encodeRows(metricsGauge, ROWS.gauge as never),
      'metrics_gauge/0/0',
    )
  })

it('keeps old rows under the same names, next to new ones that look the same', async () => {
  await olderFolder()
  await within(async warehouse => {
    await warehouse.migrate(STREAMS, RETENTION)
    const [sums, gauges] = [await asked(warehouse, 'sum'), await asked(warehouse, 'gauge')]
    expect([sums.length, gauges.length]).toEqual([2, 1])
    await warehouse.insert(metricPoints, encodeRows(metricPoints, POINTS), 'metric_points/0/0')
    expect(await asked(warehouse, 'sum')).toEqual([sums[0], sums[0], sums[1], sums[1]])
    expect(await asked(warehouse, 'gauge')).toEqual([gauges[0], gauges[0]])
    // A record of the older release that its reader had not committed.
    await warehouse.insert(metricsSum, sumRecord(), 'metrics_sum/0/0')
    await warehouse.insert(metricsSum, sumRecord(), 'metrics_sum/0/1')
    expect(await asked(warehouse, 'sum')).toHaveLength(6)
    await warehouse.migrate(STREAMS, RETENTION)
    expect(planMigration(STREAMS, RETENTION, await existingTables(warehouse), LOCAL_DIALECT)).toEqual([])
  })
  await within(async warehouse => {
    await warehouse.migrate(STREAMS, RETENTION)
    expect(await asked(warehouse, 'sum')).toHaveLength(6)
  })
  for (const { tables, isGone } of missing) expect([tables, isGone]).toEqual([[], false])
})

it('gives every view the columns and types of the table that had its name', async () => {
  await within(async warehouse => {
    await warehouse.migrate(STREAMS, RETENTION)
    for (const { table } of BEFORE) {
      const columnsOf = (name: string) =>
        warehouse.query(
          `SELECT name, type FROM system.columns WHERE database = 'wattline' AND table = {name:String} ORDER BY position`,
          { name },
        )
      const columns = await columnsOf(table.formerly)
      expect(columns.length).toBeGreaterThan(15)
      expect(columns).toEqual(await columnsOf(table.name))
    }
    const histogram: RowOf<typeof metricHistograms> = {
      ...point(0, { Exemplars: EXEMPLARS }),
      Count: 3n,
      Sum: 4.5,
      BucketCounts: [1n, 2n],
      ExplicitBounds: [0.1],
      Min: -1,
      Max: 9,
      IsFloat: true,
      FloatCount: 2.75,
      FloatBucketCounts: [0.75, 2],
      ResetHint: 3,
    }
    await warehouse.insert(
      metricHistograms,
      encodeRows(metricHistograms, [histogram]),
      'metric_histograms/0/0',
    )
    expect(await asked(warehouse, 'histogram')).toMatchObject([
      {
        Count: '3',
        BucketCounts: ['1', '2'],
        ExplicitBounds: [0.1],
        'Exemplars.Value': [0.1],
        'Exemplars.TraceId': ['5b8efff798038103d269b633813fc60c'],
        Attributes: { path: '/a "b"', code: '200' },
        AggregationTemporality: 2,
      },
    ])
  })
})

it('finds nothing lost when it ends after any statement of the migration', async () => {
  await olderFolder()
  // The five renames, and what comes after them: one statement at each start.
  for (let start = 0; start < 7; start += 1) {
    await within(async warehouse => {
      const [next] = planMigration(STREAMS, RETENTION, await existingTables(warehouse), LOCAL_DIALECT)
      expect(next).toMatch(start < 5 ? /^RENAME TABLE/ : /^CREATE/)
      await warehouse.statements!.run(next!)
    })
    expect(missing.at(-1)).toMatchObject({ tables: [], isGone: false })
  }
  await within(async warehouse => {
    await warehouse.migrate(STREAMS, RETENTION)
    expect([(await asked(warehouse, 'sum')).length, (await asked(warehouse, 'gauge')).length]).toEqual([2, 1])
  })
})
