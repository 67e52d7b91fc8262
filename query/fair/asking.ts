/** Tracks which tenants have sent queries recently: a tenant that is alone may use the whole machine. */
export interface Asking {
  asks(tenant: string): void
  /** Whether any other tenant has sent a query recently. */
  othersThan(tenant: string): boolean
}

/** A tenant counts as active for this long after its last query: pages query every 5 s. */
const ASKS_MS = 10_000

/** `now`: monotonic milliseconds. */
export function createAsking(now: () => number): Asking {
  // The last two tenants are enough to know.
  let last = { tenant: '', atMs: Number.NEGATIVE_INFINITY }
  let before = last
  return {
    asks(tenant) {
      if (tenant !== last.tenant) before = last
      last = { tenant, atMs: now() }
    },
    othersThan(tenant) {
      const other = last.tenant === tenant ? before : last
      return now() - other.atMs < ASKS_MS
    },
  }
}
