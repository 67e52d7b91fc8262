/**
 * Decides who may use the engine now. A tenant has a limited number of open statements; a few of them have a turn in
 * the engine at a time, the others wait. Turns rotate over the waiting tenants, starting with the one that has the
 * fewest, so a tenant waits for its own statements and hardly ever for another's. Before it waits, a statement is tried
 * for a moment: small statements are thus answered even while heavy ones of their tenant occupy its turns.
 */
import { WattlineError } from '../../core/catalogue/errors/errors.ts'
import type { Asking } from './asking.ts'
import type { TenantLoad } from './tenant-load.ts'

interface TurnsOptions {
  /** Open statements of one tenant, including waiting ones; further ones are refused. */
  readonly openOfTenant: number
  /** Concurrent turns, over all tenants. */
  readonly turns: number
  /** Concurrent turns of one tenant while no other tenant is active, and while one is. */
  readonly turnsOfTenant: { readonly alone: number; readonly beside: number }
  readonly load: TenantLoad
  readonly asking: Asking
  /** Monotonic milliseconds. */
  readonly now: () => number
}

/** An admitted statement. */
export interface OpenStatement {
  /**
   * Runs `work` as soon as it is the tenant's turn. A statement can take several turns; between them it blocks no other
   * statement.
   * @throws WattlineError `too_many_queries` when the wait was too long; the signal's reason when that aborts
   */
  turn<T>(work: () => Promise<T>, signal: AbortSignal, options?: TurnOptions<T>): Promise<T>
  /** How much its tenant should give way now. */
  standing(): Standing
}

/** How a statement waits for its turn. */
export interface TurnOptions<T> {
  /** Longest wait; without it, only the signal ends the wait. */
  readonly waitMs?: number
  /**
   * The same work for a moment only, instead of waiting immediately. @throws an error for which `isOver` is true when
   * that was too short
   */
  readonly brief?: { readonly work: () => Promise<T>; readonly isOver: (error: unknown) => boolean }
}

/** A tenant's priority relative to others, for `urgencyOf`. */
export interface Standing {
  /** 0: full priority; see `TenantLoad`. */
  readonly rank: 0 | 1 | 2
  /** No other tenant is active. */
  readonly isAlone: boolean
}

/** Shares the engine between tenants. */
export interface Turns {
  /** Admits a further statement of the tenant until `work` has ended. @throws WattlineError `too_many_queries` */
  enter<T>(tenant: string, work: (open: OpenStatement) => Promise<T>): Promise<T>
  /** Number of statements over all tenants: open, with a turn, waiting for one. */
  readonly counts: { readonly open: number; readonly running: number; readonly waiting: number }
}

/** Over all tenants: each holds its text and parameters in memory. */
const MOST_OPEN = 1_024

interface Waiter {
  readonly start: () => void
}

interface TenantTurns {
  open: number
  running: number
  /** Whether a statement is being tried in addition to those that have a turn: one at a time. */
  isTrying: boolean
  readonly waiting: Waiter[]
  servedAt: number
}

/** Turns for one kind of statement. */
export const createTurns = (options: TurnsOptions): Turns => new FairTurns(options)

class FairTurns implements Turns {
  readonly #options: TurnsOptions
  readonly #tenants = new Map<string, TenantTurns>()
  #open = 0
  #running = 0
  #served = 0

  constructor(options: TurnsOptions) {
    this.#options = options
  }

  async enter<T>(name: string, work: (open: OpenStatement) => Promise<T>): Promise<T> {
    const tenant = this.#admit(name)
    try {
      return await work({
        turn: (inTurn, signal, options = {}) => this.#turn(name, tenant, inTurn, signal, options),
        standing: () => this.#standing(name, tenant),
      })
    } finally {
      this.#open -= 1
      tenant.open -= 1
      if (tenant.open === 0) this.#tenants.delete(name)
    }
  }

  get counts() {
    const waiting = [...this.#tenants.values()].reduce((sum, tenant) => sum + tenant.waiting.length, 0)
    return { open: this.#open, running: this.#running, waiting }
  }

  #admit(name: string): TenantTurns {
    const { openOfTenant } = this.#options
    const tenant = this.#tenants.get(name) ?? {
      open: 0,
      running: 0,
      isTrying: false,
      waiting: [],
      servedAt: 0,
    }
    if (tenant.open >= openOfTenant) {
      throw refusal(`${openOfTenant} statements of this tenant are running or waiting.`)
    }
    if (this.#open >= MOST_OPEN)
      throw refusal(`${MOST_OPEN} statements of all tenants are running or waiting.`)
    this.#tenants.set(name, tenant)
    tenant.open += 1
    this.#open += 1
    return tenant
  }

  async #turn<T>(
    name: string,
    tenant: TenantTurns,
    work: () => Promise<T>,
    signal: AbortSignal,
    { waitMs, brief }: TurnOptions<T>,
  ): Promise<T> {
    const { load, asking, now } = this.#options
    signal.throwIfAborted()
    asking.asks(name)
    const arrivedMs = now()
    if (brief !== undefined && !this.#isFree(name, tenant)) {
      const tried = await this.#tried(name, tenant, brief)
      if (tried !== null) return tried.value
      signal.throwIfAborted()
    }
    const leftMs = waitMs === undefined ? undefined : Math.max(0, waitMs - (now() - arrivedMs))
    if (this.#isFree(name, tenant)) this.#begin(tenant)
    else await waitIn(tenant, { signal, waitMs: leftMs })
    const startedMs = now()
    try {
      return await work()
    } finally {
      load.add(name, (now() - startedMs) / 1000)
      this.#running -= 1
      tenant.running -= 1
      this.#grant()
    }
  }

  #isFree(name: string, tenant: TenantTurns): boolean {
    return tenant.waiting.length === 0 && this.#mayRun(name, tenant)
  }

  /** Null when it could not be tried, or takes more than a moment. */
  async #tried<T>(
    name: string,
    tenant: TenantTurns,
    { work, isOver }: NonNullable<TurnOptions<T>['brief']>,
  ): Promise<{ readonly value: T } | null> {
    const { turns, load, now } = this.#options
    // A tenant that has recently used much of the engine would only use more of it this way.
    if (tenant.isTrying || this.#running >= turns || load.rank(name) === 2) return null
    tenant.isTrying = true
    this.#running += 1
    const startedMs = now()
    try {
      return { value: await work() }
    } catch (error) {
      if (isOver(error)) return null
      throw error
    } finally {
      load.add(name, (now() - startedMs) / 1000)
      tenant.isTrying = false
      this.#running -= 1
      this.#grant()
    }
  }

  #mayRun(name: string, tenant: TenantTurns): boolean {
    const { turns, turnsOfTenant, asking } = this.#options
    if (this.#running >= turns) return false
    // A tenant that has a turn may not take one of the last quarter: these are for tenants without one.
    if (tenant.running > 0 && this.#running >= turns - Math.floor(turns / 4)) return false
    return tenant.running < (asking.othersThan(name) ? turnsOfTenant.beside : turnsOfTenant.alone)
  }

  #begin(tenant: TenantTurns): void {
    this.#running += 1
    this.#served += 1
    tenant.running += 1
    tenant.servedAt = this.#served
  }

  #grant(): void {
    for (let tenant = this.#next(); tenant !== undefined; tenant = this.#next()) {
      this.#begin(tenant)
      tenant.waiting.shift()?.start()
    }
  }

  /**
   * The next tenant: among those that wait and may run, the one with the fewest turns; then the one served longest ago.
   */
  #next(): TenantTurns | undefined {
    let best: TenantTurns | undefined
    for (const [name, tenant] of this.#tenants) {
      if (tenant.waiting.length === 0 || !this.#mayRun(name, tenant)) continue
      const isBetter =
        best === undefined ||
        tenant.running < best.running ||
        (tenant.running === best.running && tenant.servedAt < best.servedAt)
      if (isBetter) best = tenant
    }
    return best
  }

  #standing(name: string, tenant: TenantTurns): Standing {
    const { load, asking } = this.#options
    const rank = load.rank(name)
    return { rank: rank === 0 && tenant.running > 1 ? 1 : rank, isAlone: !asking.othersThan(name) }
  }
}

interface WaitLimits {
  readonly signal: AbortSignal
  readonly waitMs: number | undefined
}

/** Resolves when the tenant gets a turn, which has then begun. */
function waitIn(tenant: TenantTurns, { signal, waitMs }: WaitLimits): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  const waiter: Waiter = { start: resolve }
  const leave = (reason: unknown): void => {
    const place = tenant.waiting.indexOf(waiter)
    // It got its turn a moment ago, which will be returned.
    if (place < 0) return
    tenant.waiting.splice(place, 1)
    reject(reason)
  }
  const onAbort = (): void => leave(signal.reason)
  const timer = waitMs === undefined ? undefined : setTimeout(() => leave(tooLong(waitMs)), waitMs)
  tenant.waiting.push(waiter)
  signal.addEventListener('abort', onAbort, { once: true })
  return promise.finally(() => {
    clearTimeout(timer)
    signal.removeEventListener('abort', onAbort)
  })
}

const RETRY_SECONDS = 1
const refusal = (what: string): WattlineError =>
  new WattlineError('too_many_queries', what, { retryAfterSeconds: RETRY_SECONDS })
const tooLong = (ms: number): WattlineError =>
  refusal(`The statement waited ${Math.round(ms / 1000)} s for other statements of this tenant.`)
