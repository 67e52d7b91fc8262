import { position, Reader } from './reader'

/** Places of ids: none there (all zeros, which W3C Trace Context calls invalid, mean the same), or of a wrong length. */
export const ABSENT: usize = 0
/** The id is there and has another length than it must have. */
export const MISSHAPEN: usize = 1

/** Reads trace and span ids without copying them. */
export class Id {
  /** Passes over the id whose length comes next; where it is, or ABSENT or MISSHAPEN. */
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
