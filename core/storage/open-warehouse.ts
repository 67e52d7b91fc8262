import { join } from 'node:path'
import type { Config } from '../catalogue/config/schema.ts'
import type { Events } from '../catalogue/events/events.ts'
import type { CustodyOptions } from '../warehouse/embedded/custody.ts'
import type { Retention } from '../warehouse/tables/ddl.ts'
import type { Warehouse } from '../warehouse/warehouse.ts'

/** Name in the data folder. */
export const TABLES_FOLDER = 'warehouse'

/** Options that only the embedded engine needs. */
export interface EmbeddedOptions {
  /** False only in the chaos proof, which leaves the engine's deduplication logs as a crash left them. */
  readonly repairTokens?: boolean
  /** Compares the files on disk with the earlier inventory. */
  readonly custody?: CustodyOptions
  /** Called when missing tables are back, or an operator continues without them: another process must open them. */
  readonly onTablesBack?: () => void
  /** Called when the engine has broken down: only another process can open it again. */
  readonly onBrokenDown?: (error: unknown) => void
}

/** Time limit of one attempt to reach a ClickHouse server; the caller retries. */
const SERVER_START_MS = 2_000

/** Days that the tables keep rows, as migrations take them. */
export const retentionOf = ({ retention }: Pick<Config, 'retention'>): Retention => ({
  signalsDays: retention.signals_days,
  ledgerDays: retention.ledger_days,
  requestsDays: retention.requests_days ?? retention.signals_days,
})

/** Opens the tables that the configuration names; the engine is loaded only when it is used. */
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
