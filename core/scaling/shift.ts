/**
 * Deferrable work: it waits for the best window before its deadline, and then runs for its duration, or until none is left. What is
 * left after the duration has come since the run began, and waits for a window of its own: a queue that never empties would run on
 * through every hour. The duration is that of all replicas that the work asks for; with half of them, it runs twice as long.
 */
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
  readonly ranSeconds: number
  /** Why it does not wait although it might; null: no such reason. */
  readonly without: string | null
}

type Shifting = Pick<
  ScalingMemory,
  'waitingSince' | 'runningSince' | 'runningReplicas' | 'ranSeconds' | 'replicas' | 'history'
>

const NOTHING = {
  isWaiting: false,
  waitingSince: null,
  runningSince: null,
  runningReplicas: 0,
  ranSeconds: 0,
  without: null,
}

/** @param demand replicas that demand asks for; null: unknown */
export function shiftOf(
  { shift }: ScalingPolicy,
  { at, window }: ScalingInputs,
  memory: Shifting,
  demand: number | null,
): ShiftState {
  if (shift === null || demand === 0) return { ...NOTHING, demand }
  const { waitingSince, runningSince, runningReplicas } = memory
  const ran = ranSeconds(memory, at)
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
      ranSeconds: ran,
    }
  // The window was chosen for work that is done in it: the less is left, the fewer replicas would take longer and longer.
  const running = (
    since: number,
    width: number,
    ranBefore: number,
    without: string | null = null,
  ): ShiftState => {
    const replicas = Math.max(demand, width)
    return {
      ...NOTHING,
      demand: replicas,
      runningSince: since,
      runningReplicas: replicas,
      ranSeconds: ranBefore,
      without,
    }
  }
  if (runningSince !== null && ran < shift.durationSeconds) return running(runningSince, runningReplicas, ran)
  const begun = waitingSince ?? runningSince ?? at
  if (at >= begun + shift.deadlineSeconds - shift.durationSeconds) return running(at, 0, 0)
  if (window === null) return running(at, 0, 0, 'shift: nothing is known of the time until the deadline')
  if (window.start <= at) return running(at, 0, 0)
  return { ...NOTHING, isWaiting: true, demand: 0, waitingSince: begun }
}

/** How long the work has run, as if with all replicas that it asked for: a ceiling may have allowed fewer. */
function ranSeconds(
  { runningSince, runningReplicas, ranSeconds: before, replicas, history }: Shifting,
  at: number,
): number {
  const last = history.at(-1)
  if (runningSince === null || last === undefined) return 0
  const share = runningReplicas === 0 ? 1 : Math.min(1, (replicas ?? 0) / runningReplicas)
  return before + (at - last.at) * share
}

/** The time within which deferrable work can begin, and its deadline; null: none waits. */
export function waitingUntil(
  { shift }: ScalingPolicy,
  at: number,
  memory: Shifting,
): { readonly deadline: number; readonly durationSeconds: number } | null {
  const { waitingSince, runningSince } = memory
  if (shift === null || (runningSince !== null && ranSeconds(memory, at) < shift.durationSeconds)) return null
  const deadline = (waitingSince ?? runningSince ?? at) + shift.deadlineSeconds
  return at + shift.durationSeconds > deadline ? null : { deadline, durationSeconds: shift.durationSeconds }
}
