/** Deferrable work: it waits for the best window before its deadline, and then runs until none is left. */
import type { ScalingInputs, ScalingMemory } from './inputs.ts'
import type { ScalingPolicy } from './policy.ts'

/** What deferrable work does now. Times in seconds since the epoch. */
export interface ShiftState {
  readonly isWaiting: boolean
  readonly waitingSince: number | null
  readonly runningSince: number | null
  /** Why it does not wait although it might; null: no such reason. */
  readonly without: string | null
}

const RUNS: ShiftState = { isWaiting: false, waitingSince: null, runningSince: null, without: null }

/** @param demand replicas that demand asks for; null: unknown */
export function shiftOf(
  { shift }: ScalingPolicy,
  { at, window }: ScalingInputs,
  { waitingSince, runningSince }: Pick<ScalingMemory, 'waitingSince' | 'runningSince'>,
  demand: number | null,
): ShiftState {
  if (shift === null) return RUNS
  // What is not known does not end: a statement that fails once must not start work, or stop it.
  if (demand === null) return { ...RUNS, isWaiting: waitingSince !== null, waitingSince, runningSince }
  if (demand === 0) return RUNS
  if (runningSince !== null) return { ...RUNS, runningSince }
  const begun = waitingSince ?? at
  const latest = begun + shift.deadlineSeconds - shift.durationSeconds
  if (at >= latest) return { ...RUNS, runningSince: at }
  if (window === null)
    return { ...RUNS, runningSince: at, without: 'shift: nothing is known of the time until the deadline' }
  if (window.start <= at) return { ...RUNS, runningSince: at }
  return { ...RUNS, isWaiting: true, waitingSince: begun }
}

/** The time within which deferrable work can begin, and its deadline; null: none waits. */
export function waitingUntil(
  { shift }: ScalingPolicy,
  at: number,
  { waitingSince, runningSince }: Pick<ScalingMemory, 'waitingSince' | 'runningSince'>,
): { readonly deadline: number; readonly durationSeconds: number } | null {
  if (shift === null || runningSince !== null) return null
  const deadline = (waitingSince ?? at) + shift.deadlineSeconds
  return at + shift.durationSeconds > deadline ? null : { deadline, durationSeconds: shift.durationSeconds }
}
