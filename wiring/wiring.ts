import { type Authentication, openAuthentication } from '../core/auth/authentication.ts'
import type { Config } from '../core/catalogue/config/schema.ts'
import type { EventBus } from '../core/catalogue/events/event-bus.ts'
import { type BufferPool, createBufferPool } from '../core/http/buffer-pool.ts'
import { Lifecycle } from '../core/runtime/lifecycle.ts'
import type { Losses } from '../core/runtime/losses.ts'
import { createStartWaits, type StartWaits } from '../core/runtime/start-waits.ts'
import type { EmbeddedOptions } from '../core/storage/open-warehouse.ts'
import { StateBudget } from '../processors/meter/state/budget.ts'
import { RowAges } from '../processors/store/row-ages.ts'

/** Options for starting a process. */
export interface WattlineOptions {
  readonly config: Config
  readonly version: string
  readonly events: EventBus
  readonly engine?: EmbeddedOptions
  /** Set if this is one of several processes on the same OTLP ports: its share of their connections. */
  readonly shared?: { readonly connections: number }
  /** Aborting it ends the start. */
  readonly signal?: AbortSignal
  /** Called during the start with a function that returns what it waits for, as text. */
  readonly onWaits?: (reasons: () => readonly string[]) => void
}

/** What every part gets. */
export interface Wiring extends WattlineOptions {
  readonly lifecycle: Lifecycle
  readonly waits: StartWaits
  readonly authentication: Authentication
  readonly started: Date
  readonly rowAges: RowAges
  readonly meterBudget: StateBudget
  /** For request bodies of every listener. */
  readonly pool: BufferPool
  /** Data losses; null if this process keeps no data. */
  losses: Losses | null
}

/** Opens tokens and certificate, and prepares what all parts share. */
export async function startWiring(options: WattlineOptions): Promise<Wiring> {
  const { config, events, signal } = options
  const lifecycle = new Lifecycle(signal)
  const waits = createStartWaits({ events, signal })
  options.onWaits?.(waits.reasons)
  const authentication = await lifecycle.start(
    'tokens and certificate',
    () => openAuthentication(config, events),
    opened => opened.close(),
  )
  return {
    ...options,
    lifecycle,
    waits,
    authentication,
    started: new Date(),
    rowAges: new RowAges(),
    meterBudget: new StateBudget(config.metering.state_bytes, events),
    pool: createBufferPool(),
    losses: null,
  }
}
