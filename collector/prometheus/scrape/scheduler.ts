import type { Clock } from '../../intake/clock.ts'

/** One target of the schedule. */
interface Scheduled {
  readonly id: string
  readonly intervalMs: number
  /** Never rejects. */
  run(): Promise<void>
  /** Writes the end of its series; retried an interval later while it rejects. */
  leave(): Promise<void>
  /** A turn was skipped: the previous run had not ended, or all places were taken. */
  skipped(): void
}

interface ScheduleEntry {
  readonly item: Scheduled
  state: 'idle' | 'waiting' | 'running'
  cancel: () => void
  /** Time of its next turn, milliseconds since 1970. */
  turnMs: number
  isGone: boolean
}

/** How often the end of a removed target's series is attempted. */
const LEAVE_ATTEMPTS = 10

/**
 * Runs every target once per interval, at an offset that only its id determines: the same after a restart, and spread
 * evenly over the targets. At most `concurrency` run at a time, the others wait; a target never runs twice at a time,
 * and skipped turns are not made up for.
 */
export class Scheduler {
  readonly #clock: Clock
  readonly #concurrency: number
  readonly #entries = new Map<string, ScheduleEntry>()
  readonly #line: ScheduleEntry[] = []
  readonly #running = new Set<Promise<void>>()
  readonly #leaving = new Set<() => void>()
  #stopped = false

  constructor(clock: Clock, concurrency: number) {
    this.#clock = clock
    this.#concurrency = concurrency
  }

  /** Adds a target if it is new. */
  add(item: Scheduled): void {
    if (this.#entries.has(item.id) || this.#stopped) return
    const entry: ScheduleEntry = { item, state: 'idle', cancel: () => {}, turnMs: 0, isGone: false }
    this.#entries.set(item.id, entry)
    this.#plan(entry)
  }

  has(id: string): boolean {
    return this.#entries.has(id)
  }

  /** Removes a target; its series end when the current run, if any, has ended. */
  remove(id: string): void {
    const entry = this.#entries.get(id)
    if (entry === undefined) return
    this.#entries.delete(id)
    entry.cancel()
    entry.isGone = true
    if (entry.state === 'waiting') this.#line.splice(this.#line.indexOf(entry), 1)
    if (entry.state !== 'running') this.#leave(entry.item, LEAVE_ATTEMPTS)
  }

  /** Starts nothing more; resolves when all runs have ended. */
  async stop(): Promise<void> {
    this.#stopped = true
    for (const entry of this.#entries.values()) entry.cancel()
    for (const cancel of this.#leaving) cancel()
    this.#line.length = 0
    await Promise.all(this.#running)
  }

  #plan(entry: ScheduleEntry): void {
    const nowMs = Number(this.#clock.unixNano() / 1000n) / 1000
    const { intervalMs } = entry.item
    // Counted from the previous turn, so that a timer that fires early does not run it twice; from now when the clock
    // has jumped.
    const following = entry.turnMs + intervalMs
    const isUsable = following > nowMs && following - nowMs < 1.5 * intervalMs
    entry.turnMs = isUsable ? following : nowMs + untilTurn(entry.item, nowMs)
    entry.cancel = this.#clock.after(entry.turnMs - nowMs, () => {
      this.#plan(entry)
      if (entry.state === 'idle') this.#turn(entry)
      else entry.item.skipped()
    })
  }

  #turn(entry: ScheduleEntry): void {
    if (this.#running.size >= this.#concurrency) {
      entry.state = 'waiting'
      this.#line.push(entry)
      return
    }
    entry.state = 'running'
    this.#track(
      entry.item.run().then(() => {
        entry.state = 'idle'
        if (entry.isGone) this.#leave(entry.item, LEAVE_ATTEMPTS)
      }),
    )
  }

  #leave(item: Scheduled, attempts: number): void {
    if (this.#stopped) return
    this.#track(
      item.leave().catch(() => {
        if (attempts <= 1 || this.#stopped) return
        const cancel = this.#clock.after(item.intervalMs, () => {
          this.#leaving.delete(cancel)
          this.#leave(item, attempts - 1)
        })
        this.#leaving.add(cancel)
      }),
    )
  }

  #track(work: Promise<void>): void {
    const tracked: Promise<void> = work.finally(() => {
      this.#running.delete(tracked)
      const next = this.#stopped ? undefined : this.#line.shift()
      if (next !== undefined) this.#turn(next)
    })
    this.#running.add(tracked)
  }
}

/** Milliseconds until the next turn. */
export function untilTurn({ id, intervalMs }: Pick<Scheduled, 'id' | 'intervalMs'>, nowMs: number): number {
  const offset = (Number.parseInt(id.slice(0, 8), 16) / 2 ** 32) * intervalMs
  const into = (nowMs - offset) % intervalMs
  return intervalMs - (into < 0 ? into + intervalMs : into)
}
