/**
 * How often a small record may be made before its batch has waited for more rows. A record costs the warehouse 10-35 ms
 * of CPU however small, so a few per second are cheap, but hundreds are not. Credit saved in quiet times is spent when
 * a client waits, and never faster than it accrues.
 */
export interface SmallRecords {
  /** When the next one becomes affordable: now, or later. */
  affordableAtMs(nowMs: number): number
  /** A small record was made, whether it was affordable or its time was up. */
  spend(nowMs: number): void
}

/** At most a third of a core. */
const PER_SECOND = 10
/** Maximum saved credit. */
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
      // Records whose time is up are made in any case: the debt is never more than one.
      saved = Math.max(0, saved - 1)
    },
  }
}
