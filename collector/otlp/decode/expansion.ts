import { WattlineError } from '../../../core/catalogue/errors/errors.ts'
import { FIXED_LIMITS } from '../../../core/catalogue/limits/limits.ts'

/**
 * A resource's attributes repeat for each of its items, so a small body could become gigabytes. Bodies of real senders
 * expand two- to fourfold.
 */
const {
  growth: MAX_EXPANSION,
  growthFreeBytes: EXPANSION_FREE_BYTES,
  decodedBytes: MAX_DECODED_BYTES,
} = FIXED_LIMITS

/** Bytes by which the builders may grow for a body of `bodyBytes`. */
export const expansionAllowed = (bodyBytes: number): number =>
  Math.min(bodyBytes * MAX_EXPANSION + EXPANSION_FREE_BYTES, MAX_DECODED_BYTES)

/** The error for builders that grew by more. */
export const expandedTooLarge = (allowed: number): WattlineError =>
  new WattlineError(
    'body_too_large',
    `The request would take more than ${allowed >>> 20} MiB decoded: its resources apply to too many items.`,
  )

/**
 * A check that the builders, whose raw size `byteSize` returns, have not grown out of proportion to a body of
 * `bodyBytes` since now. Throws `body_too_large`.
 */
export function expansionCheck(bodyBytes: number, byteSize: () => number): () => void {
  const allowed = expansionAllowed(bodyBytes)
  const largest = byteSize() + allowed
  return () => {
    if (byteSize() > largest) throw expandedTooLarge(allowed)
  }
}
