import { divideHalfEven } from './decimal.ts'

/** A share of something, in the order of all shares. */
interface SharePlace {
  /** What all shares come to. Not 0; below 0 where they are taken back. */
  readonly whole: bigint
  /** What the shares before this one come to. */
  readonly before: bigint
  readonly own: bigint
}

/**
 * What a share of one amount takes of another, such as the carbon of all idle energy: what falls to the shares up to this one,
 * rounded half to even, less what falls to those before it. The parts sum to the total exactly, each is less than one unit
 * away from its exact value, and none needs to know the others.
 */
export function sharedPart(total: bigint, { whole, before, own }: SharePlace): bigint {
  if (total === 0n) return 0n
  if (whole < 0n) return sharedPart(total, { whole: -whole, before: -before, own: -own })
  return divideHalfEven(total * (before + own), whole) - divideHalfEven(total * before, whole)
}
