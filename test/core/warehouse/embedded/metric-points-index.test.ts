// Guarantees: a question for an hour of a metric, by the exporter's names as by the table's own, reads that hour and not its day,
// wherever the condition on the time stands.

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { silentEvents } from '../../../../core/catalogue/events/events.ts'
import { STREAMS } from '../../../../core/model/streams/index.ts'
import { openEmbeddedWarehouse } from '../../../../core/warehouse/embedded/embedded.ts'
import type { Warehouse } from '../../../../core/warehouse/warehouse.ts'

const DAY = Math.floor(Date.now() / 86_400_000) * 86_400
/** A day of a thousand series, a point a quarter of an hour: twelve granules. */
const ROWS = 96_000

let path: string
let warehouse: Warehouse
beforeAll(async () => {
  path = mkdtempSync(join(tmpdir(), 'wattline-index-'))
  warehouse = await openEmbeddedWarehouse({ path, maxMemoryBytes: 1_000_000_000, events: silentEvents })
  await warehouse.migrate(STREAMS, { signalsDays: 30, ledgerDays: 400 })
  await warehouse.statements!.run(
    `INSERT INTO wattline.metric_points (Tenant, MetricName, Labels, Resource, TimeUnix) SELECT 'default', 'm',
    concat('{"n":"', toString(number % 1000), '"}'), '{}', toDateTime64(${DAY} + intDiv(number, 1000) * 900, 9, 'UTC') FROM numbers(${ROWS})`,
  )
})
afterAll(async () => {
  await warehouse.close()
  rmSync(path, { recursive: true })
})

const NAMED = "MetricName = 'm'"
const TIME = `TimeUnix >= toDateTime(${DAY + 7_200}) AND TimeUnix < toDateTime(${DAY + 10_800})`

it.each([
  ['otel_metrics_gauge', `${NAMED} AND ${TIME} AND Attributes['n'] = '7'`],
  ['otel_metrics_gauge', `Attributes['n'] = '7' AND ${NAMED} AND ${TIME}`],
  ['metric_points', `simpleJSONExtractString(Labels, 'n') = '7' AND ${TIME} AND ${NAMED}`],
])('%s where %s', async (table, condition) => {
  const from = `FROM wattline.${table} WHERE Tenant = 'default' AND ${condition}`
  const [row] = await warehouse.query<{ n: number }>(`SELECT toUInt32(count()) AS n ${from}`)
  expect(row).toEqual({ n: 4 })
  const plan = await warehouse.query<{ explain: string }>(`EXPLAIN indexes = 1 SELECT Value ${from}`)
  const granules = plan.flatMap(
    ({ explain }) => /Granules: (\d+)\/(\d+)/.exec(explain)?.slice(1).map(Number) ?? [],
  )
  expect(granules[1]).toBeGreaterThanOrEqual(12)
  expect(granules.at(-2)).toBeLessThanOrEqual(2)
})
