import type { Config } from '../catalogue/config/schema.ts'
import { WattlineError } from '../catalogue/errors/errors.ts'
import { silentEvents } from '../catalogue/events/events.ts'
import { STREAMS } from '../model/streams/index.ts'
import { openWarehouseOfKind, retentionOf } from '../storage/open-warehouse.ts'
import type { Warehouse } from '../warehouse/warehouse.ts'

/**
 * Opens the server to which rows are moved, and creates its tables. @throws backup_refused when it is the embedded
 * engine
 */
export async function openTarget(
  config: Config,
): Promise<{ readonly warehouse: Warehouse; readonly target: string }> {
  const { warehouse: settings } = config
  if (settings.kind !== 'clickhouse') {
    throw new WattlineError(
      'backup_refused',
      'An export can only be imported into a ClickHouse server (warehouse.kind: clickhouse). For a data folder use a backup and `wattline restore`.',
    )
  }
  const warehouse = await openWarehouseOfKind(config, silentEvents)
  try {
    await warehouse.migrate(STREAMS, retentionOf(config))
  } catch (error) {
    await warehouse.close()
    throw error
  }
  return { warehouse, target: settings.cluster ?? settings.url.toSorted().join(',') }
}
