import { type Acknowledged, meterClient, nothingAcknowledged, spanClient } from '../chaos/clients.ts'
import { seededRandom } from './random.ts'

/** Clients that send until stopped, and what was acknowledged to them, for the auditor. */
export interface Clients {
  readonly acknowledged: Acknowledged
  stop(): Promise<void>
}

/** Starts clients that each repeat until they are acknowledged: so many that send spans, and one for each metered host. */
export function startClients(
  otlp: string,
  wanted: { readonly spans: number; readonly meters: readonly string[] },
): Clients {
  const stop = new AbortController()
  const random = seededRandom(1)
  const acknowledged = nothingAcknowledged()
  const running = [
    ...Array.from({ length: wanted.spans }, () => spanClient({ otlp }, acknowledged, random, stop.signal)),
    ...wanted.meters.map(host => meterClient(host, { otlp }, acknowledged, random, stop.signal)),
  ]
  return {
    acknowledged,
    stop: async () => {
      stop.abort()
      await Promise.all(running)
    },
  }
}
