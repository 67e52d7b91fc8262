/** Opens what a process stands on: the log and the tables, embedded or elsewhere. Neighbours that are away are waited for. */
import type { Broker } from '../core/broker/broker.ts'
import { LazyBroker } from '../core/broker/lazy-broker.ts'
import type { Config } from '../core/catalogue/config/schema.ts'
import type { EventBus } from '../core/catalogue/events/event-bus.ts'
import type { Lifecycle } from '../core/runtime/lifecycle.ts'
import type { Losses } from '../core/runtime/losses.ts'
import type { StartWaits } from '../core/runtime/start-waits.ts'
import type { EmbeddedOptions } from '../core/storage/open-warehouse.ts'
import type { Warehouse } from '../core/warehouse/warehouse.ts'
import { openLog, openTables } from './storage.ts'

/** One try to reach Kafka at start; the next one follows. */
const START_TRY_MS = 2_000
/** People who ask for lag wait no longer. */
const ASKED_LOG_MS = 5_000

interface Wiring {
  readonly lifecycle: Lifecycle
  readonly waits: StartWaits
  readonly config: Config
  readonly events: EventBus
  readonly engine?: EmbeddedOptions
  readonly losses: Losses | null
}

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

export function startLateLog({ lifecycle, config, events }: Wiring): Promise<LazyBroker> {
  return lifecycle.start(
    'log',
    () => new LazyBroker(() => openLog(config, events, null, { timeoutMs: ASKED_LOG_MS })),
    log => log.close(),
  )
}

/** Null while tables that were there are gone: the log takes data in, and readiness says why nothing else works. */
export function startWarehouse(wiring: Wiring, broker: Broker | null): Promise<Warehouse | null> {
  const { lifecycle, waits, config } = wiring
  const open = () => openTables({ ...wiring, broker })
  const close = async (engine: Warehouse | null): Promise<void> => engine?.close()
  const name = `ClickHouse at ${config.warehouse.url.join(', ')}`
  return lifecycle.start(
    'warehouse',
    () => (config.warehouse.kind === 'embedded' ? open() : waits.open({ name, open, close })),
    close,
  )
}
