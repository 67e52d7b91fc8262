/**
 * How long an answer may take its reader. One that has taken nothing for a while holds a session of the engine, or memory,
 * for nothing; a reader that makes steady progress may take its time, up to a bound.
 */

/** In milliseconds. */
export interface ReaderLimits {
  /** Without taking another 64 KiB. */
  readonly stallMs: number
  /** For the whole answer, from its first byte on. */
  readonly totalMs: number
  /** Told once, when the reader is cut off. */
  readonly onCut: (reason: CutReason) => void
}

type CutReason = 'stalled' | 'too_slow'

/** After this long without progress the reader has stopped reading. */
const STALL_MS = 10_000
/** How many times `limits.sql.seconds` a reader may take. */
const TOTAL_TIMES = 10

/** 10 s without progress, and ten times `limits.sql.seconds` for the whole answer. */
export const readerLimits = (
  limits: { readonly seconds: number },
  onCut: ReaderLimits['onCut'],
): ReaderLimits => ({ stallMs: STALL_MS, totalMs: TOTAL_TIMES * limits.seconds * 1000, onCut })

interface ReaderWatch {
  /** A chunk was handed over: it is the reader's turn. */
  handed(): void
  /** The reader has taken all chunks: the next one is being made. */
  waitsForUs(): void
  stop(): void
}

/** Calls `cut` once when the reader exceeds a limit; the caller reports progress. */
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
