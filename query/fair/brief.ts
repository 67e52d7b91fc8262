/** A statement is first tried for a moment; then it waits for its turn, within limits. */
import { WattlineError } from '../../core/catalogue/errors/errors.ts'
import type { Deadline } from './deadline.ts'
import type { TurnOptions } from './turns.ts'

/** Most questions of a page take less, and a heavy statement that is tried this long costs others little. */
const BRIEF_SECONDS = 1

/** What is left of the time, for a try. */
export const briefly =
  ({ remainingSeconds }: Pick<Deadline, 'remainingSeconds'>) =>
  (): number =>
    Math.min(BRIEF_SECONDS, remainingSeconds())

/** Waits at most half of the statement's time, after a short try (`work`) without a turn. */
export const turnOptions = <T>(seconds: number, work: () => Promise<T>): TurnOptions<T> => ({
  // What it waits goes off its time in the engine: half of that is left at least.
  waitMs: seconds * 500,
  // A limit that it would meet in its turn too is met again there.
  brief: { work, isOver: error => error instanceof WattlineError && error.code === 'sql_limit' },
})
