import type { Open } from './turns.ts'

/**
 * Turns that last until the engine has let go of the statement. One that is given up may work on for as long as it likes where
 * the engine cannot interrupt it: that is its tenant's time, and nobody else's.
 */
export interface HeldOpen extends Open {
  /** To be handed to the engine: `FencedQuery.onTaken`. */
  readonly onTaken: (givenBack: Promise<void>) => void
  /** Resolves when the engine has let go of all that was taken. */
  givenBack(): Promise<void>
}

export function untilGivenBack(open: Open): HeldOpen {
  let last: Promise<void> = Promise.resolve()
  return {
    standing: () => open.standing(),
    onTaken: givenBack => {
      last = givenBack
    },
    givenBack: () => last,
    turn: (work, signal, waitMs) =>
      open.turn(
        async () => {
          try {
            return await work()
          } finally {
            if (signal.aborted) await last
          }
        },
        signal,
        waitMs,
      ),
  }
}
