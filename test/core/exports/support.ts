import { silentEvents } from '../../../core/catalogue/events/events.ts'
import { type ExporterOptions, ParquetExporter } from '../../../core/exports/exporter.ts'
import { openExportPlace } from '../../../core/exports/place.ts'
import type { TestWarehouse } from '../../query/support/warehouse.ts'

/** An exporter over test tables, which compares when it is asked to. */
export async function exporterTo(
  store: TestWarehouse,
  to: string,
  more: Partial<ExporterOptions> = {},
  environment: Readonly<Record<string, string>> = {},
): Promise<ParquetExporter> {
  const place = await openExportPlace(to, environment)
  const exporter = new ParquetExporter({
    ...place,
    warehouse: store.warehouse,
    tables: ['ledger', 'otel_traces', 'readings', 'otel_logs'],
    period: 'hour',
    settle: 900,
    interval: 86_400,
    retentionDays: null,
    owner: 'test',
    maxMemoryBytes: 536_870_912,
    version: '0',
    events: silentEvents,
    now: () => Date.parse('2026-11-21T00:00:00Z'),
    ...more,
  })
  return exporter
}

/** Rows of a query, in the tenant's session, as a client would see them. */
export async function seen(store: TestWarehouse, tenant: string, sql: string): Promise<readonly unknown[]> {
  return await store.reader(tenant).query<unknown>(sql, {})
}
