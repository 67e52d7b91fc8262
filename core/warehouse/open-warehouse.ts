import { join } from 'node:path'
import type { Config } from '../runtime/config/schema.ts'
import type { Events } from '../runtime/events.ts'
import type { Warehouse } from './warehouse.ts'

/** What only the embedded engine needs to know. */
export interface EmbeddedOptions {
  /** False only in the chaos proof, which leaves the engine's deduplication logs as a crash left them. */
  readonly repairTokens?: boolean
  /** Told that the engine has broken down: only another process can open it again. */
  readonly onBrokenDown?: (error: unknown) => void
}

/** One try to reach a ClickHouse server; who starts tries again. */
const SERVER_START_MS = 2_000

/** Opens the tables that the configuration names; an engine is loaded only by who uses it. */
export async function openWarehouseOfKind(
  config: Config,
  events: Events,
  { repairTokens = true, onBrokenDown = () => undefined }: EmbeddedOptions = {},
): Promise<Warehouse> {
  const { kind, url: urls, user, password, cluster, tls, max_memory_bytes: maxMemoryBytes } = config.warehouse
  if (kind === 'clickhouse') {
    const { openClickHouseWarehouse } = await import('./clickhouse/clickhouse.ts')
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
  const { openEmbeddedWarehouse } = await import('./embedded/embedded.ts')
  const path = join(config.data, 'warehouse')
  return openEmbeddedWarehouse({ path, maxMemoryBytes, events, repairTokens, onBrokenDown })
}
