/** Deferrable work: it waits for the best window before its deadline, and then runs until none is left. */
import type { ScalingInputs, ScalingMemory } from './inputs.ts'
import type { ScalingPolicy } from './policy.ts'

/** What deferrable work does now. Times in seconds since the epoch. */
export interface ShiftState {
  readonly isWaiting: boolean
  /** What demand asks for in view of that, in replicas; null: unknown. */
  readonly demand: number | null
  readonly waitingSince: number | null
  readonly runningSince: number | null
  readonly runningReplicas: number
  /** Why it does not wait although it might; null: no such reason. */
  readonly without: string | null
}

type Shifting = Pick<ScalingMemory, 'waitingSince' | 'runningSince' | 'runningReplicas'>

const NOTHING = {
  isWaiting: false,
  waitingSince: null,
  runningSince: null,
  runningReplicas: 0,
  without: null,
}

/** @param demand replicas that demand asks for; null: unknown */
export function shiftOf(
  { shift }: ScalingPolicy,
  { at, window }: ScalingInputs,
  { waitingSince, runningSince, runningReplicas }: Shifting,
  demand: number | null,
): ShiftState {
  if (shift === null || demand === 0) return { ...NOTHING, demand }
  const isWaiting = waitingSince !== null
  // What is not known does not end: a statement that fails once must not start work, or stop it.
  if (demand === null)
    return {
      ...NOTHING,
      isWaiting,
      demand: isWaiting ? 0 : null,
      waitingSince,
      runningSince,
      runningReplicas,
    }
  // The window was chosen for work that is done in it: the less is left, the fewer replicas would take longer and longer.
  const running = (since: number, width: number, without: string | null = null): ShiftState => {
    const replicas = Math.max(demand, width)
    return { ...NOTHING, demand: replicas, runningSince: since, runningReplicas: replicas, without }
  }
  if (runningSince !== null) return running(runningSince, runningReplicas)
  const begun = waitingSince ?? at
  if (at >= begun + shift.deadlineSeconds - shift.durationSeconds) return running(at, 0)
  if (window === null) return running(at, 0, 'shift: nothing is known of the time until the deadline')
  if (window.start <= at) return running(at, 0)
  return { ...NOTHING, isWaiting: true, demand: 0, waitingSince: begun }
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
