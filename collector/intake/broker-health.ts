import { asWattlineError, WattlineError } from '../../core/catalogue/errors/errors.ts'
import type { Events } from '../../core/catalogue/events/events.ts'
import type { Clock } from './clock.ts'

/**
 * Whether the log takes records. After a failed append requests are refused at once, instead of being decoded only to
 * fail, and the log is asked now and then until it answers: intake goes on by itself.
 */
export interface BrokerHealth {
  /** What the log said last when it refused; null while it takes records. */
  readonly failure: WattlineError | null
  /** Throws a retryable error (503, Retry-After) while the log does not take records. */
  check(): void
  /** Says that an append failed or did not end in time. */
  failed(error: WattlineError): void
  /** Ends probing. */
  stop(): void
}

interface BrokerHealthOptions {
  readonly ping: () => Promise<void>
  readonly clock: Clock
  readonly events: Events
  readonly probeMs?: number
  readonly pingTimeoutMs?: number
}

/** After a failed append it pings the broker every `probeMs` until one succeeds. */
export function createBrokerHealth(options: BrokerHealthOptions): BrokerHealth {
  const { clock, events, probeMs = 500, pingTimeoutMs = 5_000 } = options
  let failure: WattlineError | undefined
  let cancelProbe = (): void => {}
  let stopped = false

  const probe = async (): Promise<void> => {
    try {
      await withTimeout(options.ping(), pingTimeoutMs, clock)
      failure = undefined
      events.emit('intakeResumed')
    } catch (error) {
      failure = asWattlineError(error, 'broker_unavailable')
      schedule()
    }
  }
  const schedule = (): void => {
    if (!stopped) cancelProbe = clock.after(probeMs, () => void probe())
  }

  return {
    get failure() {
      return failure ?? null
    },
    check() {
      if (failure === undefined) return
      const code = failure.disposition === 'retry' ? failure.code : 'broker_unavailable'
      throw new WattlineError(code, failure.message, { cause: failure, retryAfterSeconds: 2 })
    },
    failed(error) {
      // A record that the log refuses for its own sake says nothing about the log.
      if (error.disposition !== 'retry') return
      const known = failure !== undefined
      failure = error
      if (known) return
      events.emit('intakePaused', { code: error.code }, error)
      schedule()
    },
    stop() {
      stopped = true
      cancelProbe()
    },
  }
}

/** A neighbour that hangs is a neighbour that fails; what it does later is not waited for. */
async function withTimeout(work: Promise<void>, timeoutMs: number, clock: Clock): Promise<void> {
  const { promise, reject } = Promise.withResolvers<never>()
  const cancel = clock.after(timeoutMs, () =>
    reject(new WattlineError('broker_unavailable', `The log did not answer within ${timeoutMs} ms.`)),
  )
  try {
    await Promise.race([work, promise])
  } finally {
    cancel()
  }
}
