import { WattlineError } from '../../core/runtime/errors.ts'

/** Bounds how many statements of one tenant run at a time. */
export interface Gate {
  /** Runs `work` in a slot of the tenant. @throws WattlineError `too_many_queries` when none is free. */
  enter<T>(tenant: string, work: () => Promise<T>): Promise<T>
  /** Statements running now, over all tenants. */
  readonly running: number
}

export function createGate(concurrent: number): Gate {
  const taken = new Map<string, number>()
  return {
    async enter(tenant, work) {
      const mine = taken.get(tenant) ?? 0
      if (mine >= concurrent) {
        throw new WattlineError('too_many_queries', `${concurrent} statements of this tenant are running.`, {
          retryAfterSeconds: 1,
        })
      }
      taken.set(tenant, mine + 1)
      try {
        return await work()
      } finally {
        const left = (taken.get(tenant) ?? 1) - 1
        if (left === 0) taken.delete(tenant)
        else taken.set(tenant, left)
      }
    },
    get running() {
      return [...taken.values()].reduce((sum, count) => sum + count, 0)
    },
  }
}
