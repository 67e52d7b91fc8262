/**
 * Time as the arrival of a host's records tells it: from the log, so that a replay sees the same. Who falls silent is judged
 * by it, whatever the clocks of hosts and exporters say.
 */
import type { HostState } from '../state/host-state.ts'

/** A longer distance of two records is a silence of all of the host, or a step of the clock that stamps records. */
const STEP_MS = 900_000

/**
 * Moves on by what lies between two records. 0: when the record came is unknown. A clock that is set back a little, or
 * a second collector whose clock is behind, changes nothing; after a step there is no telling how much time has passed.
 */
export function recordArrived(state: HostState, arrivedMs: number): void {
  if (arrivedMs <= 0) return
  const passed = arrivedMs - state.arrivedMs
  if (passed > 0 && passed <= STEP_MS) state.clockMs += passed
  if (passed > 0 || passed < -STEP_MS) state.arrivedMs = arrivedMs
}
