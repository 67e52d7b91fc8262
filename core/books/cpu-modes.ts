/**
 * Modes of the host's CPU time. Capacity is the sum over all modes except nested ones; busy time is the same without
 * idle modes.
 */

/** The CPU does no work. */
const IDLE_MODES: ReadonlySet<string> = new Set(['idle', 'iowait'])
/** Guest time is part of user time. */
const NESTED_MODES: ReadonlySet<string> = new Set(['guest', 'guest_nice'])

/** Whether time in the mode is capacity that was not used. */
export const isIdleMode = (mode: string): boolean => IDLE_MODES.has(mode)
/** Whether time in the mode is already part of another mode, as guest time is part of user time. */
export const isNestedMode = (mode: string): boolean => NESTED_MODES.has(mode)
