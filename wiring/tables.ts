import { join } from 'node:path'
import type { Broker } from '../core/broker/broker.ts'
import type { Config } from '../core/catalogue/config/schema.ts'
import { WattlineError } from '../core/catalogue/errors/errors.ts'
import { STREAMS } from '../core/model/streams/index.ts'
import { tablesOf } from '../core/model/streams/stream.ts'
import type { Losses } from '../core/runtime/losses.ts'
import { openWarehouseOfKind, retentionOf, TABLES_FOLDER } from '../core/storage/open-warehouse.ts'
import type { CustodyOptions } from '../core/warehouse/embedded/custody.ts'
import type { Retention } from '../core/warehouse/tables/ddl.ts'
import { retentionDays } from '../core/warehouse/tables/ddl.ts'
import { TRACE_INDEX } from '../core/warehouse/tables/ddl-derived.ts'
import type { Warehouse } from '../core/warehouse/warehouse.ts'
import { nextInserts } from '../processors/store/next-inserts.ts'
import { recover } from '../processors/store/recover.ts'
import { STORE } from '../processors/store/token.ts'
import { watchForTables } from './missing-tables.ts'
import { remakeWhenDue } from './trace-index.ts'
import type { Wiring } from './wiring.ts'

/**
 * Opens the tables, created or altered to match the declarations. Null while existing tables are missing: an unmounted
 * volume must not be mistaken for an empty one.
 */
export async function openTables(wiring: Wiring, broker: Broker | null): Promise<Warehouse | null> {
  const { config, events, engine, losses } = wiring
  const retention = retentionOf(config)
  const custody =
    losses === null || config.warehouse.kind !== 'embedded'
      ? null
      : custodyOf(config, losses, broker, retention)
  try {
    const options = custody === null ? engine : { ...engine, custody }
    const warehouse = await openWarehouseOfKind(config, events, options)
    try {
      await warehouse.migrate(STREAMS, retention)
      if (custody === null) return warehouse
      noteAll(warehouse, broker)
      if (losses !== null) remakeWhenDue(wiring, warehouse, losses)
      return warehouse
    } catch (error) {
      await warehouse.close()
      throw error
    }
  } catch (error) {
    if (!(error instanceof WattlineError) || error.code !== 'tables_missing') throw error
    events.emit('processFailed', { part: 'warehouse' }, error)
    await watchForTables(wiring)
    return null
  }
}

function custodyOf(
  { data }: Config,
  losses: Losses,
  broker: Broker | null,
  retention: Retention,
): CustodyOptions {
  const declared = STREAMS.flatMap(tablesOf).flatMap(({ table }) => (table === undefined ? [] : [table]))
  const days = declared.map(table => [table.name, retentionDays(table, retention)] as const)
  return {
    inventoryFile: join(data, 'tables.json'),
    definitionsFile: join(data, 'tables.definitions.json'),
    nextInserts: stored => nextInserts(broker, STREAMS, stored),
    days: new Map([...days, [TRACE_INDEX, retention.signalsDays]]),
    onMissing: (missing, stored) =>
      recover(
        {
          broker,
          streams: STREAMS,
          losses,
          folder: join(data, TABLES_FOLDER),
          derived: [TRACE_INDEX],
        },
        missing,
        stored,
      ),
  }
}

/** For partitions without a recorded offset, records that the tables have everything that is committed. */
function noteAll(warehouse: Warehouse, broker: Broker | null): void {
  const isNoted = warehouse.files?.isNoted() ?? true
  if (isNoted || broker?.holdings === undefined) return
  for (const { name } of STREAMS.filter(stream => tablesOf(stream).length > 0)) {
    for (const { partition, committed, originOf } of broker.holdings(STORE, name)) {
      if (committed > 0n) {
        warehouse.files?.noteStored(`${name}/${partition}`, {
          origin: originOf(committed - 1n),
          next: committed,
        })
      }
    }
  }
  warehouse.files?.notedAll()
}
