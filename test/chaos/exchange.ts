/** One request of a client and its answer: the only part of the load that knows OTLP over HTTP. */
import type { Acknowledged } from './acknowledged.ts'

/** Where to send now; null while nothing listens. Clients wait and retry. */
export interface Target {
  readonly otlp: string | null
  /** Requests in flight, for faults that break them. */
  readonly open?: Set<AbortController>
}

export interface Client {
  readonly target: Target
  readonly acknowledged: Acknowledged
  readonly random: () => number
  /** Ends the load: pending requests are still retried until they are acknowledged, or until `giveUp`. */
  readonly stop: AbortSignal
  readonly giveUp?: AbortSignal
  /** Longest pause between two requests. */
  readonly paceMs?: number
}

/** Exporters wait longer, and would encounter fewer faults. */
export const RETRY_MS = 100
/** How often a client looks for a listener. */
const LOOK_MS = 20
const REQUEST_TIMEOUT_MS = 20_000

/**
 * Error codes that say that nothing was accepted. Other answers may arrive although the log has the data; and of
 * metrics, which are several records, some may fit on a disk that is too full for the rest.
 */
const NOTHING_TAKEN: Readonly<Record<string, RegExp>> = {
  '/v1/traces': /draining|overloaded|disk_full/,
  '/v1/metrics': /draining|overloaded/,
}

export const TRACES = { path: '/v1/traces', type: 'application/x-protobuf' }
export const METRICS = { path: '/v1/metrics', type: 'application/json' }

/** Without `giveUp` a stop also ends the retries. */
export const isOver = ({ stop, giveUp }: Client): boolean => (giveUp ?? stop).aborted

/**
 * `refused`: certainly not accepted. `rejected`: answered with 200, with none of its points accepted, and retrying is
 * useless. `unanswered`: the connection broke, or the log did not confirm in time; it may or may not have been
 * accepted.
 */
export type Outcome = 'acknowledged' | 'refused' | 'rejected' | 'unanswered'

/** Sends one request. `items`: number of its points, to tell whether all of them were rejected. */
export async function post(
  { target, giveUp }: Client,
  { path, type }: { readonly path: string; readonly type: string },
  body: Buffer,
  items = Number.POSITIVE_INFINITY,
): Promise<Outcome> {
  const { otlp, open } = target
  if (otlp === null) {
    await pause(LOOK_MS)
    return 'refused'
  }
  const cut = new AbortController()
  open?.add(cut)
  try {
    const signals = [
      cut.signal,
      AbortSignal.timeout(REQUEST_TIMEOUT_MS),
      ...(giveUp === undefined ? [] : [giveUp]),
    ]
    const response = await fetch(otlp + path, {
      method: 'POST',
      headers: { 'content-type': type },
      body: new Uint8Array(body),
      signal: AbortSignal.any(signals),
    })
    const text = await response.text()
    if (response.status === 200) return rejectedPoints(text) === items ? 'rejected' : 'acknowledged'
    return NOTHING_TAKEN[path]?.test(text) === true ? 'refused' : 'unanswered'
  } catch (error) {
    return saysRefused(error) ? 'refused' : 'unanswered'
  } finally {
    open?.delete(cut)
  }
}

/** Of an answer in JSON; if only some points are rejected, the audit finds them missing. */
const rejectedPoints = (answer: string): number =>
  Number(/"rejectedDataPoints":"?(\d+)/.exec(answer)?.[1] ?? 0)

const saysRefused = (error: unknown): boolean =>
  error instanceof Error && (error.cause as { code?: unknown } | undefined)?.code === 'ECONNREFUSED'

export const pause = (ms: number): Promise<void> => new Promise(resolve => setTimeout(resolve, ms))
