/**
 * Every bound on what clients may cost, in one table put together from those of the stages: its key or its fixed value, and
 * what each listener answers beyond it. docs/limits.md is rendered from it, and a test drives every row against every
 * listener.
 */
import { APPEND_LIMITS, BODY_LIMITS, COLLECTOR_BOUNDS } from './collector.ts'
import { CALL_LIMITS, LISTENER_BOUNDS, LISTENER_LIMITS } from './listeners.ts'
import { QUERY_BOUNDS } from './query.ts'

/** Bounds without a key. */
export const FIXED_LIMITS = { ...LISTENER_BOUNDS, ...COLLECTOR_BOUNDS, ...QUERY_BOUNDS } as const

/** The table, in the order of docs/limits.md. */
export const LIMITS = { ...BODY_LIMITS, ...LISTENER_LIMITS, ...APPEND_LIMITS, ...CALL_LIMITS } as const

/** Name of a row. */
export type LimitName = keyof typeof LIMITS
