/**
 * Opens what a process depends on: the log and the tables, embedded or elsewhere. It waits for unreachable neighbours.
 */
import { lockData } from '../core/backup/restoring.ts'
import { Snapshots } from '../core/backup/snapshots.ts'
import type { Broker } from '../core/broker/broker.ts'
import { LazyBroker } from '../core/broker/lazy-broker.ts'
import type { Warehouse } from '../core/warehouse/warehouse.ts'
import { openLog } from './log.ts'
import { startLosses } from './losses.ts'
import { openTables } from './tables.ts'
import type { Wiring } from './wiring.ts'

/** Time limit of one attempt to reach Kafka at start; the next one follows. */
const START_TRY_MS = 2_000
/** People who query lag do not wait longer. */
const ASKED_LOG_MS = 5_000

/** The data folder, locked for this process, and its data losses. */
export async function startFolder(wiring: Wiring): Promise<void> {
  await wiring.lifecycle.start(
    'folder lock',
    () => lockData(wiring.config.data),
    lock => lock.release(),
  )
  wiring.losses = await startLosses(wiring)
}

/** The log of a stage that reads or writes it. */
export function startLog({ lifecycle, waits, config, events, losses }: Wiring): Promise<Broker> {
  const open = () => openLog(config, events, losses, { startTimeoutMs: START_TRY_MS })
  const close = (log: Broker): Promise<void> => log.close()
  const name = `Kafka at ${config.broker.brokers.join(', ')}`
  return lifecycle.start(
    'log',
    () => (config.broker.kind === 'embedded' ? open() : waits.open({ name, open, close })),
    close,
  )
}

/** The log of a process that reads it only on request. */
export function startLateLog({ lifecycle, config, events }: Wiring): Promise<LazyBroker> {
  return lifecycle.start(
    'log',
    () => new LazyBroker(() => openLog(config, events, null, { timeoutMs: ASKED_LOG_MS })),
    log => log.close(),
  )
}

/** Null while existing tables are missing: the log ingests data, and readiness says why nothing else works. */
export function startWarehouse(wiring: Wiring, broker: Broker | null): Promise<Warehouse | null> {
  const { lifecycle, waits, config } = wiring
  const open = () => openTables(wiring, broker)
  const close = async (engine: Warehouse | null): Promise<void> => engine?.close()
  const name = `ClickHouse at ${config.warehouse.url.join(', ')}`
  return lifecycle.start(
    'warehouse',
    () => (config.warehouse.kind === 'embedded' ? open() : waits.open({ name, open, close })),
    close,
  )
}

/** Snapshots of the data folder for backups. */
export function startSnapshots(
  { lifecycle, config, version }: Wiring,
  broker: Broker | null,
  warehouse: Warehouse | null,
): Promise<Snapshots> {
  return Snapshots.start(lifecycle, { data: config.data, version, broker, warehouse })
}
