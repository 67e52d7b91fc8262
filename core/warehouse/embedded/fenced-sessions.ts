import { Session } from 'chdb'
import type { FencedQuery } from '../warehouse.ts'

/** Idle sessions to keep. */
const MOST_IDLE = 32

/**
 * Reused sessions for fenced queries, one query at a time. Closing a session waits for everything else that runs in the
 * engine, and until then it counts against the engine's memory.
 *
 * The next query resets everything that a query set, before anything else runs (fenced.ts). Bound values stay, so a
 * session is reused only for the same names.
 */
export class FencedSessions {
  readonly #path: string
  readonly #idle = new Map<Session, string>()

  constructor(path: string) {
    this.#path = path
  }

  take(params: FencedQuery['params']): Session {
    const names = namesOf(params)
    for (const [session, known] of this.#idle) {
      if (known !== names) continue
      this.#idle.delete(session)
      return session
    }
    return new Session(this.#path)
  }

  /** Returns the session of a query that has ended by itself. */
  give(session: Session, params: FencedQuery['params']): void {
    this.#idle.set(session, namesOf(params))
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

const namesOf = (params: FencedQuery['params']): string => Object.keys(params).sort().join(' ')
