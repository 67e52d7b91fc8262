/**
 * Time as the arrival of a host's records tells it: from the log, so that a replay sees the same. Who falls silent is judged
 * by it, whatever the clocks of hosts and exporters say.
 */
import type { HostState } from '../state/host-state.ts'
import { sendBack } from './ahead.ts'

/** A longer distance of two records is a silence of all of the host, or a step of the clock that stamps records. */
const STEP_MS = 900_000

/** A clock that leaps further ahead is not believed at once. */
const LEAP_MS = 3_600_000
/** So long it must go on before what it says is booked. */
const PROOF_MS = 900_000

/**
 * Moves on by what lies between two records. 0: when the record came is unknown. A clock that is set back a little, or
 * a second collector whose clock is behind, changes nothing; after a step it is unknown how much time has passed.
 */
export function recordArrived(state: HostState, arrivedMs: number): void {
  if (arrivedMs <= 0) return
  const passed = arrivedMs - state.arrivedMs
  if (passed > 0 && passed <= STEP_MS) state.clockMs += passed
  if (passed > LEAP_MS && state.arrivedMs > 0) state.leaptMs = state.clockMs
  if (passed < -STEP_MS) {
    // Back from a leap. A clock that is set back by itself is wrong from now on, and says nothing of what was read before.
    if (state.leaptMs !== null) sendBack(state, arrivedMs)
    state.leaptMs = null
  }
  if (passed > 0 || passed < -STEP_MS) state.arrivedMs = arrivedMs
}

/**
 * Whether the clock that stamps records has leapt ahead a moment ago: the host has been silent for long, or the clock is wrong and
 * will be set back. What was booked in minutes that are yet to come could not be taken back.
 */
export function isLeapFresh(state: HostState): boolean {
  if (state.leaptMs === null) return false
  if (state.clockMs - state.leaptMs < PROOF_MS) return true
  state.leaptMs = null
  return false
}
