import type { Broker } from '../../core/broker/broker.ts'
import { asWattlineError, WattlineError } from '../../core/catalogue/errors/errors.ts'
import { FIXED_LIMITS } from '../../core/catalogue/limits/limits.ts'
import type { BrokerHealth } from './broker-health.ts'
import type { Clock } from './clock.ts'

/**
 * Appends to one partition of a stream: a limited number in flight, the others wait in order. Waiting appends are
 * limited by the bytes in flight of their requests. Nothing is retried here: only the client can send a failed append
 * again, since only it knows that both are the same.
 */
export interface AppendQueue {
  /** Whether the maximum number of appends is in flight. */
  readonly full: boolean
  readonly waiting: number
  /** Resolves once durable; rejects with a WattlineError when the log refused, or did not answer in time. */
  append(records: readonly Uint8Array[], headers?: Readonly<Record<string, string>>): Promise<void>
}

interface AppendQueueOptions {
  readonly broker: Pick<Broker, 'append'>
  readonly stream: string
  readonly partition: number | 'any'
  readonly health: BrokerHealth
  readonly clock: Clock
  readonly inFlight?: number
  readonly timeoutMs?: number
  /** Called when an append has ended. */
  readonly onFree: () => void
}

interface AppendJob {
  readonly records: readonly Uint8Array[]
  readonly headers: Readonly<Record<string, string>> | undefined
  readonly resolve: () => void
  readonly reject: (error: WattlineError) => void
}

/** Appends in the order of the calls, at most `inFlight` at a time; the others wait. */
export function createAppendQueue(options: AppendQueueOptions): AppendQueue {
  const { broker, stream, partition, health, clock } = options
  const { inFlight = 4, timeoutMs = FIXED_LIMITS.appendMs } = options
  const waiting: AppendJob[] = []
  let running = 0

  const run = async (job: AppendJob): Promise<void> => {
    running += 1
    try {
      const timestampMs = Number(clock.unixNano() / 1_000_000n)
      const { headers } = job
      const facts = headers === undefined ? { timestampMs } : { timestampMs, headers }
      const records = job.records.map(value => ({ value, ...facts }))
      await broker.append(stream, partition, records)
      job.resolve()
    } catch (error) {
      const failure = asWattlineError(error, 'broker_unavailable')
      health.failed(failure)
      job.reject(failure)
    } finally {
      running -= 1
      const next = waiting.shift()
      if (next !== undefined) void run(next)
      if (running < inFlight) options.onFree()
    }
  }

  const append: AppendQueue['append'] = (records, headers) => {
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    // Clients usually wait 10 s; an append that hangs longer is answered as failed. It may still be stored, since this
    // hop only guarantees at-least-once delivery.
    const cancel = clock.after(timeoutMs, () => {
      const place = waiting.indexOf(job)
      if (place >= 0) waiting.splice(place, 1)
      const late = new WattlineError(
        'broker_unavailable',
        `The log did not store a record of ${stream} within ${timeoutMs} ms.`,
      )
      health.failed(late)
      reject(late)
    })
    const job: AppendJob = {
      records,
      headers,
      resolve: () => {
        cancel()
        resolve()
      },
      reject: error => {
        cancel()
        reject(error)
      },
    }
    if (running < inFlight) void run(job)
    else waiting.push(job)
    return promise
  }

  return {
    get full() {
      return running >= inFlight
    },
    get waiting() {
      return waiting.length
    },
    append,
  }
}
