/** Windows are UTC minutes `[t, t + 60 s)`, identified by the minute's number since the epoch. */
import { apportion } from './apportion.ts'
import { type UnixNano, unixNano } from './quantity.ts'

/** Length of a window in nanoseconds. */
export const WINDOW_NS = 60_000_000_000n
/** Length of a window in seconds. */
export const WINDOW_SECONDS = 60

/**
 * Number of the minute that contains an instant; an instant on the boundary belongs to the minute that begins there.
 */
export const windowOf = (unixNano: bigint): number => Number(unixNano / WINDOW_NS)

/** First instant of a minute. */
export const windowStartNano = (window: number): UnixNano => unixNano(BigInt(window) * WINDOW_NS)

/** The minute's start in seconds since the epoch, as in `WindowStart` columns. */
export const windowStartSeconds = (window: number): number => window * WINDOW_SECONDS

/** First minute that begins at or after an instant. */
export const windowAfter = (unixNano: bigint): number => Number((unixNano + WINDOW_NS - 1n) / WINDOW_NS)

/** The instants at which `[fromNano, toNano)` crosses minute boundaries, ascending, without its two ends. */
export function windowEdges(fromNano: bigint, toNano: bigint): bigint[] {
  const edges: bigint[] = []
  for (let edge = (fromNano / WINDOW_NS + 1n) * WINDOW_NS; edge < toNano; edge += WINDOW_NS) edges.push(edge)
  return edges
}

/** The part of an amount that falls into one minute, and how many nanoseconds of that minute it covers. */
export interface WindowPart {
  readonly window: number
  readonly amount: bigint
  readonly spanNs: bigint
}

/**
 * Spreads an amount evenly over `[fromNano, toNano)`, cut at minute boundaries by largest remainder: the parts sum to
 * it.
 */
export function spreadEvenly(amount: bigint, fromNano: bigint, toNano: bigint): WindowPart[] {
  const first = windowOf(fromNano)
  if (toNano <= windowStartNano(first + 1)) return [{ window: first, amount, spanNs: toNano - fromNano }]
  const spans = spansOf(fromNano, toNano)
  const amounts = apportion(amount, spans)
  return spans.map((spanNs, index) => ({ window: first + index, amount: amounts[index]!, spanNs }))
}

function spansOf(fromNano: bigint, toNano: bigint): bigint[] {
  const instants = [fromNano, ...windowEdges(fromNano, toNano), toNano]
  return instants.slice(1).map((instant, index) => instant - instants[index]!)
}
