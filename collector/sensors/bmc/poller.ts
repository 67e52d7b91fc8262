/**
 * Asks controllers again and again, each in a loop of its own, so that a slow one delays no other. What they answer is
 * appended together once a second: thousands of controllers make few records.
 */
import type { Events } from '../../../core/catalogue/events/events.ts'
import type { Reading } from '../../readings/reading.ts'
import { type Controller, ControllerError, controllerReadings } from '../host/controller.ts'
import type { SensorClock } from '../rounds.ts'

interface PollerOptions {
  readonly controllers: readonly Controller[]
  readonly intervalMs: number
  /** For one reading of one controller. */
  readonly timeoutMs: number
  /** Resolves when the readings are durable. All of one call have the same tenant. */
  readonly append: (tenant: string, readings: Reading[]) => Promise<void>
  readonly events: Events
  readonly clock: SensorClock
}

/** Running loops. */
interface ControllerPoller {
  /** Ends sessions; resolves when requests in flight have ended. */
  stop(): Promise<void>
}

const FLUSH_MS = 1000
/** Controllers that fail are asked less often, up to this. */
const MAX_WAIT_MS = 60_000
/** Many lock an account after a few wrong passwords, and what a controller lacks today it lacks in a minute. */
const REFUSED_WAIT_MS = 600_000
const CLOSE_MS = 3000

/** Starts a loop for each controller. */
export function startControllers(options: PollerOptions): ControllerPoller {
  const { controllers, clock } = options
  const stopping = new AbortController()
  const waiting = new Map<string, Reading[]>()
  const loops = controllers.map((controller, index) =>
    poll(
      options,
      controller,
      Math.round((index * options.intervalMs) / controllers.length),
      stopping.signal,
      waiting,
    ),
  )
  const flushing = (async () => {
    while (!stopping.signal.aborted) {
      await clock.wait(FLUSH_MS, stopping.signal)
      await flush(options, waiting)
    }
  })()
  return {
    async stop() {
      stopping.abort()
      await Promise.all([...loops, flushing])
      await flush(options, waiting)
      await Promise.all(controllers.map(controller => controller.close(AbortSignal.timeout(CLOSE_MS))))
    },
  }
}

async function flush({ append, events }: PollerOptions, waiting: Map<string, Reading[]>): Promise<void> {
  for (const [tenant, readings] of [...waiting]) {
    waiting.delete(tenant)
    try {
      await append(tenant, readings)
    } catch (error) {
      events.emit('sensorFailed', { sensor: 'bmc append', amount: readings.length }, error)
    }
  }
}

/** `offsetMs`: within the interval, so that not all are asked at once. */
async function poll(
  options: PollerOptions,
  controller: Controller,
  offsetMs: number,
  stopped: AbortSignal,
  waiting: Map<string, Reading[]>,
): Promise<void> {
  const { clock, intervalMs, events } = options
  const { name, source } = controller
  await clock.wait(Math.max(1, offsetMs), stopped)
  let failures = 0
  while (!stopped.aborted) {
    const startedNano = clock.now()
    let waitMs = intervalMs
    try {
      await readInto(options, controller, stopped, waiting)
      if (failures > 0) events.emit('controllerRecovered', { controller: name, source, amount: failures })
      failures = 0
    } catch (error) {
      if (stopped.aborted) return
      failures += 1
      const isRefused =
        error instanceof ControllerError && ['credentials', 'unsupported'].includes(error.kind)
      events.emit(
        failures === 1 ? 'controllerFailed' : 'controllerStillFails',
        { controller: name, source },
        error,
      )
      const longest = Math.max(intervalMs, MAX_WAIT_MS)
      waitMs = isRefused
        ? Math.max(intervalMs, REFUSED_WAIT_MS)
        : Math.min(intervalMs * 2 ** (failures - 1), longest)
    }
    const spentMs = Number((clock.now() - startedNano) / 1_000_000n)
    await clock.wait(Math.max(1, waitMs - spentMs), stopped)
  }
}

async function readInto(
  { timeoutMs, clock }: PollerOptions,
  controller: Controller,
  stopped: AbortSignal,
  waiting: Map<string, Reading[]>,
): Promise<void> {
  const signal = AbortSignal.any([stopped, AbortSignal.timeout(timeoutMs)])
  const values = await controller.read(signal)
  const timestamp = clock.now()
  for (const value of values) {
    const readings = controllerReadings(controller.source, timestamp, value)
    const { tenant } = value.host
    waiting.set(tenant, [...(waiting.get(tenant) ?? []), ...readings])
  }
}
