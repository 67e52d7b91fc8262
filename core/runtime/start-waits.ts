/**
 * Waits at start for an unreachable neighbour, such as Kafka, as long as it takes. Reports this at once and repeatedly,
 * and stops when the start is aborted. Errors that waiting cannot fix are thrown.
 */

import { asWattlineError, type WattlineError } from '../catalogue/errors/errors.ts'
import type { Events } from '../catalogue/events/events.ts'
import { sleep } from './backoff.ts'

/** The neighbours that the start waits for, and a way to wait for another one. */
export interface StartWaits {
  /** What the start waits for now, as text; empty: the start continues. */
  reasons(): readonly string[]
  /** Opens a neighbour. @throws WattlineError that must not be retried; the signal's reason when it aborts */
  open<T>(neighbour: Neighbour<T>): Promise<T>
}

interface Neighbour<T> {
  /** With its address: `Kafka at kafka:9092`. */
  readonly name: string
  /** One attempt, which ends by itself. */
  open(): Promise<T>
  /** Closes what was opened after the start was aborted. */
  close(opened: T): Promise<void>
}

/** A start that waits reports its reason after this time. */
const FIRST_LINE_MS = 1_000
const NEXT_LINES_MS = 10_000
const PAUSE_MS = 500

/** Reports through the event `startWaits`: after 1 s, then every 10 s. */
export function createStartWaits({
  events,
  signal,
}: {
  readonly events: Events
  readonly signal: AbortSignal | undefined
}): StartWaits {
  const waits = new Map<string, string>()
  return {
    reasons: () => [...waits].map(([name, problem]) => `start: waiting for ${name}${problem}`),
    async open(neighbour) {
      const { name } = neighbour
      const sinceMs = performance.now()
      waits.set(name, '')
      const say = (): void => {
        const seconds = Math.round((performance.now() - sinceMs) / 1000)
        events.emit('startWaits', { for: name, seconds, problem: waits.get(name)?.replace(/^: /, '') ?? '' })
      }
      let repeat: NodeJS.Timeout | undefined
      const first = setTimeout(() => {
        say()
        repeat = setInterval(say, NEXT_LINES_MS)
      }, FIRST_LINE_MS)
      try {
        return await openWithRetries(neighbour, signal, problem => waits.set(name, `: ${problem.message}`))
      } finally {
        clearTimeout(first)
        clearInterval(repeat)
        waits.delete(name)
      }
    },
  }
}

async function openWithRetries<T>(
  neighbour: Neighbour<T>,
  signal: AbortSignal | undefined,
  onProblem: (problem: WattlineError) => void,
): Promise<T> {
  for (;;) {
    signal?.throwIfAborted()
    try {
      return await untilAborted(neighbour, signal)
    } catch (error) {
      signal?.throwIfAborted()
      const problem = asWattlineError(error, 'invariant_broken')
      if (problem.disposition !== 'retry') throw error
      onProblem(problem)
      await sleep(PAUSE_MS, signal)
    }
  }
}

/** If an attempt is still running when the start is aborted, its result is closed later. */
function untilAborted<T>(neighbour: Neighbour<T>, signal: AbortSignal | undefined): Promise<T> {
  const opening = neighbour.open()
  if (signal === undefined) return opening
  const { promise, reject } = Promise.withResolvers<never>()
  const onAbort = (): void => {
    reject(signal.reason)
    opening.then(opened => neighbour.close(opened)).catch(() => undefined)
  }
  signal.addEventListener('abort', onAbort, { once: true })
  return Promise.race([opening, promise]).finally(() => signal.removeEventListener('abort', onAbort))
}
