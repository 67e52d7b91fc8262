/**
 * Every limit on the cost of a client, in one table assembled from those of the stages: the key or the fixed value, and
 * the answer of each listener beyond it. docs/limits.md is generated from it, and a test checks every row against every
 * listener.
 */
import { APPEND_LIMITS, BODY_LIMITS, COLLECTOR_BOUNDS } from './collector.ts'
import { CALL_LIMITS, LISTENER_BOUNDS, LISTENER_LIMITS } from './listeners.ts'
import { QUERY_BOUNDS } from './query.ts'

/** Limits without a configuration key. */
export const FIXED_LIMITS = { ...LISTENER_BOUNDS, ...COLLECTOR_BOUNDS, ...QUERY_BOUNDS } as const

/** The table, in the order of docs/limits.md. */
export const LIMITS = { ...BODY_LIMITS, ...LISTENER_LIMITS, ...APPEND_LIMITS, ...CALL_LIMITS } as const

/** Name of a row. */
export type LimitName = keyof typeof LIMITS
