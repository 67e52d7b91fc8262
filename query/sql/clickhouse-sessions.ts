/**
 * Sessions of the ClickHouse interface (`session_id`): they keep the settings of SET, nothing else. A statement without
 * one forgets them at once.
 */
import { WattlineError } from '../../core/catalogue/errors/errors.ts'
import type { ClientSettings } from '../../core/warehouse/fence/client-settings.ts'

/** A session as a request names it. */
export interface SessionRequest {
  readonly id: string
  /** Ends the session after this long without a request. */
  readonly timeoutSeconds: number
  /** The session must exist. */
  readonly mustExist: boolean
}

interface Session {
  settings: ClientSettings
  expiresMs: number
}

/** Sessions of one owner; a new one replaces the one used longest ago. */
const OF_OWNER_MAX = 100
const OWNERS_MAX = 1_000

/** Longest and usual time that an unused session is kept. */
export const SESSION_SECONDS_MAX = 3_600
/** What the engine takes as default. */
export const SESSION_SECONDS = 60

/**
 * Of one process: a client that asks another process has another session there. Owners are what `ownerKey` says: tokens of
 * a tenant with different accounts do not share sessions.
 */
export class ClickHouseSessions {
  readonly #owners = new Map<string, Map<string, Session>>()
  readonly #now: () => number

  constructor(now: () => number = () => performance.now()) {
    this.#now = now
  }

  /** Settings of the session, which begins if it does not exist. @throws WattlineError `sql_refused` */
  open(owner: string, request: SessionRequest): ClientSettings {
    return this.#session(owner, request).settings
  }

  /** Adds settings to the session. */
  set(owner: string, request: SessionRequest, settings: ClientSettings): void {
    const session = this.#session(owner, { ...request, mustExist: false })
    session.settings = { ...session.settings, ...settings }
  }

  #session(owner: string, { id, timeoutSeconds, mustExist }: SessionRequest): Session {
    const sessions = this.#owners.get(owner) ?? new Map<string, Session>()
    keep(this.#owners, owner, sessions, OWNERS_MAX)
    const known = sessions.get(id)
    const isAlive = known !== undefined && known.expiresMs > this.#now()
    if (!isAlive && mustExist) {
      throw new WattlineError('session_missing', `There is no session ${id.slice(0, 100)}.`)
    }
    const session = isAlive ? known : { settings: {}, expiresMs: 0 }
    session.expiresMs = this.#now() + 1000 * Math.min(timeoutSeconds, SESSION_SECONDS_MAX)
    keep(sessions, id, session, OF_OWNER_MAX)
    return session
  }
}

/** Puts an entry last, and removes the first one beyond the limit. */
function keep<Value>(map: Map<string, Value>, key: string, value: Value, most: number): void {
  map.delete(key)
  map.set(key, value)
  const [oldest] = map.keys()
  if (map.size > most && oldest !== undefined) map.delete(oldest)
}
