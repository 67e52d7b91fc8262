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

/** What a process is started with. */
export interface WattlineOptions {
  readonly config: Config
  readonly version: string
  readonly events: EventBus
  readonly engine?: EmbeddedOptions
  /** Where this is one of several processes on the same OTLP ports: its share of their connections. */
  readonly shared?: { readonly connections: number }
  /** Aborting it ends the start. */
  readonly signal?: AbortSignal
  /** Asked while the start goes on: what it waits for, in words. */
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
  /** For bodies of requests, whichever listener they come by. */
  readonly pool: BufferPool
  /** What files have lost; null where this process keeps none. */
  losses: Losses | null
}

/** Opens tokens and certificate, and has ready what all parts share. */
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
