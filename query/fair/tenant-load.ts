/**
 * What each tenant has lately cost the engine, in seconds of its turns, fading with a half-life. Who has used much gives
 * way to who has not: weights go by tenant, so that asking more often gains nothing.
 */
export interface TenantLoad {
  add(tenant: string, seconds: number): void
  /** 0 for who has used little; 1 and 2 for who has used much, and is to be run with less urgency. */
  rank(tenant: string): 0 | 1 | 2
}

const HALF_LIFE_MS = 10_000
/** So much work of the engine within the half-life is more than small questions come to. */
const BUSY_SECONDS = 1
const HEAVY_SECONDS = 5
/** Below this nothing is remembered. */
const FORGOTTEN_SECONDS = 0.05
const MOST_KEPT = 1_000

/** `now`: monotonic milliseconds. At most 1,000 tenants are remembered. */
export function createTenantLoad(now: () => number): TenantLoad {
  const uses = new Map<string, { seconds: number; atMs: number }>()
  const current = (tenant: string): number => {
    const use = uses.get(tenant)
    return use === undefined ? 0 : use.seconds * 0.5 ** ((now() - use.atMs) / HALF_LIFE_MS)
  }
  const forget = (): void => {
    for (const tenant of uses.keys()) if (current(tenant) < FORGOTTEN_SECONDS) uses.delete(tenant)
    // The oldest go first: a map keeps the order in which its keys came.
    for (const tenant of uses.keys()) {
      if (uses.size <= MOST_KEPT) break
      uses.delete(tenant)
    }
  }
  return {
    add(tenant, seconds) {
      const sum = current(tenant) + seconds
      uses.delete(tenant)
      uses.set(tenant, { seconds: sum, atMs: now() })
      if (uses.size > MOST_KEPT) forget()
    },
    rank(tenant) {
      const seconds = current(tenant)
      if (seconds < BUSY_SECONDS) return 0
      return seconds < HEAVY_SECONDS ? 1 : 2
    },
  }
}
