/**
 * How often a small record may be made before its batch has waited for company. A record costs the warehouse 10-35 ms of
 * CPU however small, so a few a second are cheap, whoever they answer, and hundreds are not: what is saved up in quiet times is
 * spent when somebody waits, and never faster than it comes in.
 */
export interface SmallRecords {
  /** When the next one may be made: now, or later. */
  affordableAtMs(nowMs: number): number
  /** One was made, whether it could be afforded or had waited its time. */
  spend(nowMs: number): void
}

/** A third of a core at most. */
const PER_SECOND = 10
/** Saved up. */
const MOST = 10

/** A token bucket: `perSecond` tokens a second, at most `most` saved up. */
export function createSmallRecords(perSecond = PER_SECOND, most = MOST): SmallRecords {
  let saved = most
  let atMs = Number.NEGATIVE_INFINITY
  const accrue = (nowMs: number): void => {
    const elapsedMs = Number.isFinite(atMs) ? Math.max(0, nowMs - atMs) : 0
    saved = Math.min(most, saved + (elapsedMs / 1000) * perSecond)
    atMs = nowMs
  }
  return {
    affordableAtMs(nowMs) {
      accrue(nowMs)
      return saved >= 1 ? nowMs : nowMs + ((1 - saved) / perSecond) * 1000
    },
    spend(nowMs) {
      accrue(nowMs)
      // Those that have waited their time are made in any case: they owe no more than one.
      saved = Math.max(0, saved - 1)
    },
  }
}
