/**
 * Limits on the time that a client takes to read an answer. A client that has read nothing for a while occupies a
 * session of the engine, or memory, for nothing; a client that makes steady progress gets more time, up to a limit.
 */

/** In milliseconds. */
export interface ReaderLimits {
  /** Time without reading another 64 KiB. */
  readonly stallMs: number
  /** Time for the whole answer, from its first byte. */
  readonly totalMs: number
  /** Called once when the client is cut off. */
  readonly onCut: (reason: CutReason) => void
}

type CutReason = 'stalled' | 'too_slow'

/** After this long without progress, the client has stopped reading. */
const STALL_MS = 10_000
/** How many times `limits.sql.seconds` a client may take to read. */
const TOTAL_TIMES = 10

/** 10 s without progress, and ten times `limits.sql.seconds` for the whole answer. */
export const readerLimits = (
  limits: { readonly seconds: number },
  onCut: ReaderLimits['onCut'],
): ReaderLimits => ({ stallMs: STALL_MS, totalMs: TOTAL_TIMES * limits.seconds * 1000, onCut })

interface ReaderWatch {
  /** A chunk was passed on: the client must read. */
  handed(): void
  /** The client has read all chunks: the next one is being made. */
  waitsForUs(): void
  stop(): void
}

/** Calls `cut` once when the client exceeds a limit; the caller reports progress. */
export function watchReader({ stallMs, totalMs, onCut }: ReaderLimits, cut: () => void): ReaderWatch {
  const startedMs = performance.now()
  let handedMs: number | null = startedMs
  const timer = setInterval(
    () => {
      const nowMs = performance.now()
      const isStalled = handedMs !== null && nowMs - handedMs > stallMs
      if (!isStalled && nowMs - startedMs <= totalMs) return
      clearInterval(timer)
      onCut(isStalled ? 'stalled' : 'too_slow')
      cut()
    },
    Math.max(5, Math.min(1_000, stallMs / 4)),
  )
  return {
    handed() {
      handedMs = performance.now()
    },
    waitsForUs() {
      handedMs = null
    },
    stop: () => clearInterval(timer),
  }
}
