import { position, Reader } from './reader'

/**
 * Special positions of ids: ABSENT, for no id (all zeros, which W3C Trace Context calls invalid, mean the same), and
 * MISSHAPEN.
 */
export const ABSENT: usize = 0
/** The id exists but has a wrong length. */
export const MISSHAPEN: usize = 1

/** Reads trace and span ids without copying them. */
export class Id {
  /** Skips the id whose length comes next; returns its position, or ABSENT or MISSHAPEN. */
  @inline
  static read(end: usize, width: usize): usize {
    const stop = Reader.length(end)
    const start = position
    Reader.moveTo(stop)
    if (stop - start !== width) return stop === start ? ABSENT : MISSHAPEN
    let bits = load<u64>(start)
    if (width === 16) bits |= load<u64>(start, 8)
    return bits === 0 ? ABSENT : start
  }
}
