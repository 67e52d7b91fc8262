import { asWattlineError, WattlineError } from '../../core/catalogue/errors/errors.ts'
import type { Events } from '../../core/catalogue/events/events.ts'
import type { Clock } from './clock.ts'

/**
 * Whether the log accepts records. After a failed append, requests are refused immediately, instead of being decoded
 * only to fail, and the log is probed until it answers: intake resumes by itself.
 */
export interface BrokerHealth {
  /** The last error of the log; null while it accepts records. */
  readonly failure: WattlineError | null
  /** Throws a retryable error (503, Retry-After) while the log does not accept records. */
  check(): void
  /** Reports that an append failed or did not end in time. */
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
      // A record that the log refuses because of the record itself says nothing about the log.
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

/** A neighbour that hangs counts as failed; its later result is ignored. */
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
