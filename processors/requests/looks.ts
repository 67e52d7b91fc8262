/**
 * When minutes are looked at. A fresh minute is looked at once it has been over for a while, so that most of its spans and
 * entries are there; what comes later is found by looks at all minutes of the last hour, the last day and, day by day, of all
 * that is kept. Looks at entries alone cost next to nothing, and cover everything each time: corrections of the ledger, which
 * may concern months, need not wait for their turn.
 */
import type { Look } from './stale-statement.ts'

const MINUTE = 60
const HOUR = 3_600
const DAY = 86_400
const BATCH = HOUR

const everySeconds = { entries: 120, hour: 300, day: HOUR, oldDay: 1_200 } as const
type LookName = keyof typeof everySeconds

const floor = (seconds: number, unit: number): number => Math.floor(seconds / unit) * unit

/** What looks are chosen by. */
export interface LookLimits {
  /** Seconds after its end at which a minute is first looked at. */
  readonly delaySeconds: number
  /** Seconds for which the tables keep spans and requests: what is older is left as it is. */
  readonly keptSeconds: number
}

/** Chooses the next look. Nothing of it is kept: after a start all is looked at again, the newest first. */
export class LookSchedule {
  readonly #limits: LookLimits
  readonly #due = new Map<LookName, number>()
  /** Minutes before it have been looked at as fresh ones. */
  #fresh: number | null = null
  /** End of the old day that comes next; null: the newest. */
  #oldDay: number | null = null
  #chosen: (NamedLook & { readonly atSeconds: number }) | null = null

  constructor(limits: LookLimits) {
    this.#limits = limits
  }

  /** Fresh minutes that have not been looked at; null: there are none. */
  nextFresh(nowSeconds: number): Look | null {
    const { end, oldest } = this.#range(nowSeconds)
    this.#fresh ??= end - HOUR
    const from = Math.max(this.#fresh, oldest)
    return from < end ? { from, to: Math.min(end, from + BATCH), spans: true } : null
  }

  /** The same look until it was looked; null: nothing is due. */
  next(nowSeconds: number): Look | null {
    const { end, oldest } = this.#range(nowSeconds)
    const look = this.nextFresh(nowSeconds)
    if (look !== null) return look
    const of = (name: LookName, from: number, to = end): NamedLook => ({
      name,
      look: { from: Math.max(from, oldest), to, spans: name !== 'entries' },
    })
    const oldDay = Math.min(this.#oldDay ?? end - DAY, end - DAY)
    const looks = [
      of('entries', oldest),
      of('hour', end - HOUR),
      of('day', end - DAY),
      of('oldDay', oldDay - DAY, oldDay),
    ]
    const due = looks.find(({ name, look: { from, to } }) => from < to && this.#isDue(name, nowSeconds))
    this.#chosen = due === undefined ? null : { ...due, atSeconds: nowSeconds }
    return due?.look ?? null
  }

  /** A look that was given has been looked. */
  looked(look: Look): void {
    if (this.#chosen?.look !== look) {
      this.#fresh = look.to
      return
    }
    const { name, atSeconds } = this.#chosen
    this.#due.set(name, atSeconds + everySeconds[name])
    // After the oldest the newest comes again.
    if (name === 'oldDay') this.#oldDay = look.to - look.from < DAY ? null : look.from
  }

  #range(nowSeconds: number): { readonly end: number; readonly oldest: number } {
    const { delaySeconds, keptSeconds } = this.#limits
    return {
      end: floor(nowSeconds - delaySeconds, MINUTE),
      oldest: floor(nowSeconds - keptSeconds, MINUTE) + MINUTE,
    }
  }

  #isDue(name: LookName, nowSeconds: number): boolean {
    const due = this.#due.get(name) ?? Number.NEGATIVE_INFINITY
    // A clock that was set back must not keep looks away until it has come as far again.
    return nowSeconds >= due || due - nowSeconds > everySeconds[name]
  }
}

interface NamedLook {
  readonly name: LookName
  readonly look: Look
}
