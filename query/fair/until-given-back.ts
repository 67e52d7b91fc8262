import type { OpenStatement } from './turns.ts'

/**
 * Turns that last until the engine has released the statement. If the engine cannot interrupt a cancelled statement, it
 * continues for as long as it needs, which uses only the time of its own tenant.
 */
export interface HeldOpen extends OpenStatement {
  /** Pass it to the engine: `FencedQuery.onTaken`. */
  readonly onTaken: (givenBack: Promise<void>) => void
  /** Resolves when the engine has released everything. */
  givenBack(): Promise<void>
}

/** Wraps an open statement so that a turn also lasts until an aborted engine call has really ended. */
export function untilGivenBack(open: OpenStatement): HeldOpen {
  let last: Promise<void> = Promise.resolve()
  return {
    standing: () => open.standing(),
    onTaken: givenBack => {
      last = givenBack
    },
    givenBack: () => last,
    turn: (work, signal, { brief, ...options } = {}) => {
      const held =
        <T>(one: () => Promise<T>) =>
        async (): Promise<T> => {
          try {
            return await one()
          } finally {
            if (signal.aborted) await last
          }
        }
      const tried = brief === undefined ? {} : { brief: { ...brief, work: held(brief.work) } }
      return open.turn(held(work), signal, { ...options, ...tried })
    },
  }
}
