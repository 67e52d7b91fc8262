/** One request of a client and what it is told: the only thing that the load knows of OTLP over HTTP. */
import type { Acknowledged } from './acknowledged.ts'

/** Where to send now; null while nobody listens. Clients wait and repeat. */
export interface Target {
  readonly otlp: string | null
  /** Requests in flight, for faults that cut them. */
  readonly open?: Set<AbortController>
}

export interface Client {
  readonly target: Target
  readonly acknowledged: Acknowledged
  readonly random: () => number
  /** Ends the load: what is under way is still repeated until it is acknowledged, or until `giveUp`. */
  readonly stop: AbortSignal
  readonly giveUp?: AbortSignal
  /** Longest pause between two requests. */
  readonly paceMs?: number
}

/** Exporters wait longer, and would meet fewer faults. */
export const RETRY_MS = 100
/** How often a client looks for somebody who listens. */
const LOOK_MS = 20
const REQUEST_TIMEOUT_MS = 20_000

/**
 * Answers that say that nothing was taken, by their error's name. Others may come when the log has it all the same; and of
 * metrics, which are several records, some may fit on a disk that is too full for the rest.
 */
const NOTHING_TAKEN: Readonly<Record<string, RegExp>> = {
  '/v1/traces': /draining|overloaded|disk_full/,
  '/v1/metrics': /draining|overloaded/,
}

export const TRACES = { path: '/v1/traces', type: 'application/x-protobuf' }
export const METRICS = { path: '/v1/metrics', type: 'application/json' }

/** Without `giveUp` a stop also ends the repeating. */
export const isOver = ({ stop, giveUp }: Client): boolean => (giveUp ?? stop).aborted

/**
 * `refused`: surely not taken. `rejected`: answered with 200, which says that none of its points were taken, and that a
 * repetition is of no use. `unanswered`: the connection broke, or the log did not say in time whether it has it; it may or may
 * not have been taken.
 */
export type Outcome = 'acknowledged' | 'refused' | 'rejected' | 'unanswered'

/** Sends one request. `items`: points in it, to tell whether all of them were rejected. */
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

/** Of an answer as JSON; a part of the points that is rejected is what the audit finds missing. */
const rejectedPoints = (answer: string): number =>
  Number(/"rejectedDataPoints":"?(\d+)/.exec(answer)?.[1] ?? 0)

const saysRefused = (error: unknown): boolean =>
  error instanceof Error && (error.cause as { code?: unknown } | undefined)?.code === 'ECONNREFUSED'

export const pause = (ms: number): Promise<void> => new Promise(resolve => setTimeout(resolve, ms))
