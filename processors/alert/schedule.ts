/** When groups of rules are evaluated, and for which times. Event time in seconds since the epoch. */
import type { RuleGroup } from '../../core/alerting/rules.ts'
import type { Broker } from '../../core/broker/broker.ts'
import type { Events } from '../../core/catalogue/events/events.ts'
import type { CatchingUp } from '../loop/catching-up.ts'
import { catchingUpForRules } from './settled.ts'

/** Evaluations that are made up for after a stop; older ones are skipped. */
const MOST_MISSED = 30
/** An evaluation does not wait longer than this for the tables: then it uses what they have, and says so. */
const LONGEST_WAIT_S = 600

/** Full intervals, one after the other. */
export class EvaluationSchedule {
  readonly #broker: Pick<Broker, 'lag'>
  readonly #evaluatedAt: Map<string, number>
  readonly #events: Events
  readonly #settling = new Map<string, CatchingUp>()

  /** @param evaluatedAt last time of each group, kept up to date by the caller */
  constructor(broker: Pick<Broker, 'lag'>, evaluatedAt: Map<string, number>, events: Events) {
    this.#broker = broker
    this.#evaluatedAt = evaluatedAt
    this.#events = events
  }

  /** The next time that a group is to be evaluated for; null: not yet. */
  dueAt({ key, intervalSeconds, waits }: RuleGroup, now: number): number | null {
    const newest = Math.floor(now / intervalSeconds) * intervalSeconds
    // A new group begins with the time that it is first looked at, however long the tables take.
    const last = this.#evaluatedAt.get(key) ?? newest - intervalSeconds
    this.#evaluatedAt.set(key, last)
    // What does not come from tables is known of now alone.
    const missed = waits ? MOST_MISSED : 0
    const next = Math.max(last + intervalSeconds, newest - missed * intervalSeconds)
    return next > newest ? null : Math.floor(next / intervalSeconds) * intervalSeconds
  }

  /** Whether the tables have everything that an evaluation for that time needs. */
  async isSettled(
    { key, name, intervalSeconds, waits }: RuleGroup,
    at: number,
    now: number,
  ): Promise<boolean> {
    if (!waits) return true
    const settling = this.#settling.get(key) ?? catchingUpForRules(this.#broker)
    this.#settling.set(key, settling)
    if (!(await settling.isDone())) {
      if (now - at < LONGEST_WAIT_S) return false
      this.#events.emit('alertEvaluationStale', { group: name, at })
    }
    // What is there now has all earlier times, too.
    if (now - at < intervalSeconds) this.#settling.delete(key)
    return true
  }
}
