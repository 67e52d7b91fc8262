import { Session } from 'chdb'
import type { FencedQuery } from '../warehouse.ts'

/** Idle sessions to keep. */
const MOST_IDLE = 32

/**
 * Reused sessions for fenced queries, one query at a time. Closing a session waits for everything else that runs in the
 * engine, and until then it counts against the engine's memory.
 *
 * The next query resets everything that a query set, before anything else runs (fenced.ts). Bound values and settings
 * that a client has chosen stay, so a session is reused only for the same names.
 */
export class FencedSessions {
  readonly #path: string
  readonly #idle = new Map<Session, string>()

  constructor(path: string) {
    this.#path = path
  }

  take(query: SetByQuery): Session {
    const names = namesOf(query)
    for (const [session, known] of this.#idle) {
      if (known !== names) continue
      this.#idle.delete(session)
      return session
    }
    return new Session(this.#path)
  }

  /** Returns the session of a query that has ended by itself. */
  give(session: Session, query: SetByQuery): void {
    this.#idle.set(session, namesOf(query))
    const [oldest] = this.#idle.keys()
    if (this.#idle.size > MOST_IDLE && oldest !== undefined) {
      this.#idle.delete(oldest)
      oldest.close()
    }
  }

  close(): void {
    for (const session of this.#idle.keys()) session.close()
    this.#idle.clear()
  }
}

/** What stays in a session. */
type SetByQuery = Pick<FencedQuery, 'params' | 'chosen'>

const namesOf = ({ params, chosen }: SetByQuery): string =>
  [
    ...Object.keys(params).sort(),
    // Not the name of a parameter.
    ...Object.keys(chosen ?? {})
      .sort()
      .map(name => `=${name}`),
  ].join(' ')
