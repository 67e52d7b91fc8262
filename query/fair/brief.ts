/** A statement is first tried for a moment; then it waits for its turn, within limits. */
import { WattlineError } from '../../core/catalogue/errors/errors.ts'
import type { Deadline } from './deadline.ts'
import type { TurnOptions } from './turns.ts'

/** Most queries of a page take less, and trying a heavy statement for this long costs others little. */
const BRIEF_SECONDS = 1

/** The remaining time, shortened for a trial. */
export const briefly =
  ({ remainingSeconds }: Pick<Deadline, 'remainingSeconds'>) =>
  (): number =>
    Math.min(BRIEF_SECONDS, remainingSeconds())

/** Waits at most half of the statement's time, after a short trial (`work`) without a turn. */
export const turnOptions = <T>(seconds: number, work: () => Promise<T>): TurnOptions<T> => ({
  // The wait is deducted from its time in the engine, of which at least half remains.
  waitMs: seconds * 500,
  // A limit that it would reach in its turn too is reached again there.
  brief: { work, isOver: error => error instanceof WattlineError && error.code === 'sql_limit' },
})
