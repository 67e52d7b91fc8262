import { type Acknowledged, nothingAcknowledged } from '../chaos/acknowledged.ts'
import { spanClient } from '../chaos/clients.ts'
import type { Target } from '../chaos/exchange.ts'
import { clockedMeterClient, type HostClock, meterClient } from '../chaos/meter-clients.ts'
import type { Revision } from '../chaos/revisions.ts'
import { seededRandom } from './random.ts'

/** Clients that send until stopped, and what was acknowledged to them, for the auditor. */
export interface Clients {
  readonly acknowledged: Acknowledged
  /** For hosts that have one. */
  readonly clocks: readonly HostClock[]
  /**
   * Resolves when everything pending is acknowledged: to all of them, or to all except those that could not be within
   * `waitMs`.
   */
  stop(waitMs?: number): Promise<void>
}

export interface Load {
  readonly spans: number
  /** Hosts with a meter. */
  readonly meters: readonly string[]
  /** Hosts with a meter in the clients' own time, with adjustable clocks. */
  readonly clocked?: readonly string[]
  readonly seed?: number
  /** `service.name` of the spans. */
  readonly service?: string
  /** Longest pause of a client between two requests. */
  readonly paceMs?: number
  /** Meters end with a sample that closes their windows, instead of going silent. */
  readonly closing?: boolean
  /** Of intensities, so far: more are put while the clients send. */
  readonly revisions?: Revision[]
}

const WAIT_MS = 20_000

/**
 * Starts clients that retry until they are acknowledged: this number that send spans, and one for each metered host.
 */
export function startClients(target: string | Target, load: Load): Clients {
  const { seed = 1, paceMs = 0, service = 'chaos', closing = false, spans, meters, clocked = [] } = load
  const stop = new AbortController()
  const giveUp = new AbortController()
  const acknowledged = nothingAcknowledged(service, load.revisions)
  const to = typeof target === 'string' ? { otlp: target } : target
  // A generator each: its numbers do not depend on the speed of the others.
  const client = (number: number) => ({
    target: to,
    acknowledged,
    random: seededRandom(seed * 100 + number),
    stop: stop.signal,
    giveUp: giveUp.signal,
    paceMs,
  })
  const clocks = clocked.map(host => ({ host, offsetMs: 0, isSilent: false, sent: 0 }))
  const running = [
    ...Array.from({ length: spans }, (_, i) => spanClient(client(i))),
    ...meters.map((host, i) => meterClient(host, client(spans + i), closing)),
    ...clocks.map((clock, i) => clockedMeterClient(clock, client(spans + meters.length + i))),
  ]
  return {
    acknowledged,
    clocks,
    stop: async (waitMs = WAIT_MS) => {
      stop.abort()
      const timer = setTimeout(() => giveUp.abort(), waitMs)
      await Promise.all(running)
      clearTimeout(timer)
    },
  }
}
