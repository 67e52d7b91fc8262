import { join } from 'node:path'
import type { Config } from '../core/catalogue/config/schema.ts'
import { WattlineError } from '../core/catalogue/errors/errors.ts'
import type { EventBus } from '../core/catalogue/events/event-bus.ts'
import type { Lifecycle } from '../core/runtime/lifecycle.ts'
import { LOSSES_FILE, Losses, type Restoring } from '../core/runtime/losses.ts'

/** Interval between two checks for an operator's acceptance. */
export const LISTEN_MS = 1_000

/** The data losses so far, and a check for the operator's acceptance. */
export function startLosses({
  lifecycle,
  config,
  events,
}: {
  readonly lifecycle: Lifecycle
  readonly config: Config
  readonly events: EventBus
}): Promise<Losses> {
  let timer: NodeJS.Timeout | undefined
  return lifecycle.start(
    'losses',
    async () => {
      const losses = openLosses(config.data, events)
      await losses.takeAcceptance()
      const listen = (): void => void losses.takeAcceptance().catch(() => undefined)
      timer = setInterval(listen, LISTEN_MS).unref()
      return losses
    },
    async () => clearInterval(timer),
  )
}

function openLosses(data: string, events: EventBus): Losses {
  try {
    return new Losses(data, events)
  } catch (error) {
    throw new WattlineError(
      'data_unusable',
      `The list of losses ${join(data, LOSSES_FILE)} cannot be read: ${String(error)}. Rename the file, but keep it.`,
      { cause: error },
    )
  }
}

/** Progress reported by `store` about restored rows. */
export const restoredOf =
  (losses: Losses | null) =>
  async (place: string, progress: Restoring): Promise<void> =>
    losses?.restored(place, progress)
