/**
 * The recent cost of each tenant in the engine, in seconds of its turns, decaying with a half-life. Tenants that have
 * used much give way to others. Weights are per tenant, so sending more queries gains nothing.
 */
export interface TenantLoad {
  add(tenant: string, seconds: number): void
  /** 0 for a tenant that has used little; 1 and 2 for one that has used much and gets lower priority. */
  rank(tenant: string): 0 | 1 | 2
}

const HALF_LIFE_MS = 10_000
/** Small queries never add up to this much work within the half-life. */
const BUSY_SECONDS = 1
const HEAVY_SECONDS = 5
/** Below this, a tenant is forgotten. */
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
    // The oldest are removed first: a map keeps the insertion order of its keys.
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
