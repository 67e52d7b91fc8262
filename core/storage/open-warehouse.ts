import { join } from 'node:path'
import type { Config } from '../catalogue/config/schema.ts'
import type { Events } from '../catalogue/events/events.ts'
import type { CustodyOptions } from '../warehouse/embedded/custody.ts'
import type { Warehouse } from '../warehouse/warehouse.ts'

/** Of the data folder. */
export const TABLES_FOLDER = 'warehouse'

/** What only the embedded engine needs to know. */
export interface EmbeddedOptions {
  /** False only in the chaos proof, which leaves the engine's deduplication logs as a crash left them. */
  readonly repairTokens?: boolean
  /** Compares what lies on the disk with what was there. */
  readonly custody?: CustodyOptions
  /** Told that tables which were gone are back, or that an operator does without them: another process opens them. */
  readonly onTablesBack?: () => void
  /** Told that the engine has broken down: only another process can open it again. */
  readonly onBrokenDown?: (error: unknown) => void
}

/** One try to reach a ClickHouse server; who starts tries again. */
const SERVER_START_MS = 2_000

/** Opens the tables that the configuration names; an engine is loaded only by who uses it. */
export async function openWarehouseOfKind(
  config: Config,
  events: Events,
  { repairTokens = true, onBrokenDown = () => undefined, custody }: EmbeddedOptions = {},
): Promise<Warehouse> {
  const { kind, url: urls, user, password, cluster, tls, max_memory_bytes: maxMemoryBytes } = config.warehouse
  if (kind === 'clickhouse') {
    const { openClickHouseWarehouse } = await import('../warehouse/clickhouse/clickhouse.ts')
    return openClickHouseWarehouse({
      urls,
      user,
      password,
      cluster,
      tls,
      events,
      startTimeoutMs: SERVER_START_MS,
    })
  }
  const { openEmbeddedWarehouse } = await import('../warehouse/embedded/embedded.ts')
  const path = join(config.data, TABLES_FOLDER)
  const watched = custody === undefined ? {} : { custody }
  return openEmbeddedWarehouse({ path, maxMemoryBytes, events, repairTokens, onBrokenDown, ...watched })
}
